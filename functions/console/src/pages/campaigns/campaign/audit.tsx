/** Who did what to a campaign, the newest first. */

import { useEffect } from "preact/hooks";
import { api, ask, type Schemas } from "../../../api.ts";
import { Failure, Waiting } from "../../../parts/failure.tsx";
import { PagesFoot, usePages } from "../../../parts/pages.tsx";
import { Table } from "../../../parts/table.tsx";
import { When } from "../../../parts/time.tsx";
import type { Shown } from "../campaign.tsx";

export function Audit({ campaign, progress }: Shown) {
  const pages = usePages(
    `audit ${campaign.id}`,
    (cursor, signal) =>
      ask(
        api.GET("/campaigns/{campaign_id}/audit", {
          params: { path: { campaign_id: campaign.id }, query: { cursor } },
          signal,
        }),
      ),
  );
  const changed = `${progress.status} ${progress.updated_at} ${campaign.updated_at}`;
  useEffect(() => {
    if (pages.rows) pages.again();
  }, [changed]);
  return (
    <section class="stack" aria-label="Audit">
      <h2>What was done</h2>
      <Failure of={pages.refused} />
      {!pages.rows ? !pages.refused && <Waiting /> : (
        <Table
          caption="What was done to this campaign"
          rows={pages.rows}
          id={(row) => row.id}
          columns={[
            { name: "What", cell: (row) => row.action.replaceAll("_", " ") },
            { name: "When", cell: (row) => <When at={row.at} seconds /> },
            { name: "By", cell: (row) => row.by === "clarion" ? "Clarion" : row.by },
            {
              name: "Reason",
              cell: (row) => row.reason === campaign.reason ? campaign.reason_words : row.reason,
            },
            { name: "Changed", cell: changedIn },
          ]}
          empty={<p>Nothing was done yet.</p>}
          foot={<PagesFoot pages={pages} what="entries" one="entry" />}
        />
      )}
    </section>
  );
}

/** Return what an entry says besides who and when. */
function changedIn({ about }: Schemas["Entry"]): string {
  const { campaign: _campaign, status, ...others } = about;
  const told = Object.entries(others).map(([name, value]) => `${name}: ${words(value)}`);
  return [status && `now ${status}`, ...told].filter(Boolean).join("; ");
}

function words(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
