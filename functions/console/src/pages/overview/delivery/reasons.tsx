/** Why messages did not arrive, and whose they are. */

import type { Of, Report } from "../../../logic/campaigns/delivery.ts";
import { Table } from "../../../parts/table.tsx";
import { Tag } from "../../../parts/tag.tsx";
import { linkOf } from "../delivery.tsx";

export function Reasons({ report, of }: { report: Report; of: Of }) {
  return (
    <section class="stack">
      <h2>By reason</h2>
      <Table
        caption="Messages by reason"
        rows={report.total.reasons}
        id={(row) => `${row.status} ${row.reason}`}
        columns={[
          {
            name: "Reason",
            cell: (row) => report.reason_words[row.reason] || row.reason || "no reason is told",
          },
          { name: "Outcome", cell: (row) => <Tag name={row.status} /> },
          {
            name: "Messages",
            number: true,
            cell: (row) => (
              <a href={linkOf(report, [row.status, of, row.reason])}>
                {row.count.toLocaleString()}
              </a>
            ),
          },
        ]}
        empty={<p>All that was to be sent was sent, and nothing has failed.</p>}
      />
    </section>
  );
}
