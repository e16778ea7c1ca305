/** Starting a plan, and letting nobody more in. */

import { useState } from "preact/hooks";
import { useAction } from "../../../action.ts";
import { api, ask, type Schemas } from "../../../api.ts";
import { Confirm } from "../../../parts/dialog.tsx";
import { tell } from "../../../parts/notes.tsx";

interface StepsProps {
  campaign: Schemas["WarnedCampaign"];
  again(): void;
}

export function Steps({ campaign, again }: StepsProps) {
  const [asked, setAsked] = useState<"start" | "close" | undefined>();
  const path = { campaign_id: campaign.id };
  const done = (words: string) => {
    setAsked(undefined);
    tell(words);
    again();
  };
  const start = useAction(async (key) => {
    const params = { path, header: { "Idempotency-Key": key } };
    await ask(api.POST("/campaigns/{campaign_id}/start", { params }));
    done(`${campaign.name} runs.`);
  });
  const shut = useAction(async (key) => {
    const params = { path, header: { "Idempotency-Key": key } };
    await ask(api.POST("/campaigns/{campaign_id}/close", { params }));
    done("Nobody enters any more; those inside go on to their end.");
  });
  return (
    <>
      {campaign.status === "draft" && (
        <button
          type="button"
          class="main-action"
          onClick={() => setAsked("start")}
        >
          Start
        </button>
      )}
      {campaign.status === "running" && campaign.entry_open && (
        <button
          type="button"
          onClick={() => setAsked("close")}
        >
          Close the entry
        </button>
      )}
      {asked === "start" && (
        <Confirm
          title={`Start ${campaign.name}?`}
          does="Start"
          action={start}
          close={() => setAsked(undefined)}
        >
          <p>{WHO[campaign.entry?.by ?? "api"]}</p>
        </Confirm>
      )}
      {asked === "close" && (
        <Confirm
          title="Close the entry?"
          does="Close the entry"
          action={shut}
          close={() => setAsked(undefined)}
        >
          <p>
            Nobody enters from then on. Those inside come to their end, and the campaign ends with
            the last of them. It cannot be opened again.
          </p>
        </Confirm>
      )}
    </>
  );
}

const WHO: Record<Schemas["EntryBy"], string> = {
  api: "From then on those enter whom you name, here or over the API.",
  list: "The members of its list enter at once.",
  segment: "Those of its segment enter at once.",
  event: "From then on whoever its event is told of enters.",
};
