/** Whom a campaign is for, with the way to them. */

import { api, ask } from "../../../api.ts";
import { useLive } from "../../../live.ts";
import type { Campaign } from "../campaign.tsx";

export function AudienceName({ campaign }: { campaign: Pick<Campaign, "audience"> }) {
  const { kind, id } = campaign.audience;
  switch (kind) {
    case "list":
      return <ListName id={id} />;
    case "segment":
      return <SegmentName id={id} />;
    case "everyone":
      return <span>everyone</span>;
    case "retry":
      return <a href={`#/campaigns/${id}`}>whom the campaign before did not reach</a>;
    case "single":
      return <span>one person</span>;
    case "entrants":
      return <span>whoever enters</span>;
    default:
      return <span>people named one by one</span>;
  }
}

function ListName({ id }: { id: string }) {
  const found = useLive(
    `list ${id}`,
    (signal) => ask(api.GET("/lists/{list_id}", { params: { path: { list_id: id } }, signal })),
  );
  return <a href={`#/lists/${id}`}>{found.value?.name ?? "a list"}</a>;
}

function SegmentName({ id }: { id: string }) {
  const found = useLive(
    `segment ${id}`,
    (signal) =>
      ask(api.GET("/segments/{segment_id}", { params: { path: { segment_id: id } }, signal })),
  );
  return <a href={`#/segments/${id}`}>{found.value?.name ?? "a segment"}</a>;
}
