/** The runs of a broadcast that repeats itself, and how it goes on. */

import { api, ask } from "../../../api.ts";
import { useLive } from "../../../live.ts";
import { Failure, Waiting } from "../../../parts/failure.tsx";
import { Table } from "../../../parts/table.tsx";
import { Tag } from "../../../parts/tag.tsx";
import { When } from "../../../parts/time.tsx";
import type { Campaign } from "../campaign.tsx";

/** What counts as taken by a provider. */
const SENT = ["sent", "delivered", "answered", "read", "completed"] as const;

export function Series({ campaign }: { campaign: Campaign }) {
  const repeat = campaign.repeat!;
  const told = useLive(
    `series ${campaign.id} ${campaign.status} ${repeat.following}`,
    (signal) =>
      ask(
        api.GET("/campaigns/{campaign_id}/series", {
          params: { path: { campaign_id: campaign.id } },
          signal,
        }),
      ),
  );
  const rows = told.value?.runs;
  return (
    <section class="stack" aria-label="Series">
      <div class="stack tight">
        <h2>Run {repeat.number} of what repeats itself</h2>
        <p>
          {repeat.words}, by the clocks of {repeat.zone.replaceAll("_", " ")}.{" "}
          {repeat.following && <a href={`#/campaigns/${repeat.following}`}>The next run</a>}
        </p>
      </div>
      <Failure of={told.refused} />
      {!rows ? !told.refused && <Waiting /> : (
        <Table
          caption="Runs of this series"
          rows={rows}
          id={(row) => row.campaign_id}
          columns={[
            {
              name: "Run",
              cell: (row) =>
                row.campaign_id === campaign.id
                  ? <span aria-current="true">Run {row.number}, this one</span>
                  : <a href={`#/campaigns/${row.campaign_id}`}>Run {row.number}</a>,
            },
            { name: "Status", cell: (row) => <Tag name={row.status} /> },
            { name: "Start", cell: (row) => <When at={row.scheduled_at} /> },
            {
              name: "Messages",
              number: true,
              cell: ({ messages }) => sum(Object.values(messages)),
            },
            {
              name: "Sent",
              number: true,
              cell: ({ messages }) => sum(SENT.map((status) => messages[status] ?? 0)),
            },
            { name: "Failed", number: true, cell: ({ messages }) => sum([messages.failed ?? 0]) },
          ]}
          foot={<span>the newest {rows.length.toLocaleString()} runs</span>}
        />
      )}
    </section>
  );
}

function sum(counts: readonly number[]): string {
  return counts.reduce((all, each) => all + each, 0).toLocaleString();
}
