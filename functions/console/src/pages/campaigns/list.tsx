/** All campaigns. */

import { api, ask } from "../../api.ts";
import { Bar } from "../../parts/drawings.tsx";
import { Missing, Waiting } from "../../parts/failure.tsx";
import { PagesFoot, usePages } from "../../parts/pages.tsx";
import { Table } from "../../parts/table.tsx";
import { Tag } from "../../parts/tag.tsx";
import { When } from "../../parts/time.tsx";

export default function Campaigns() {
  const pages = usePages(
    "campaigns",
    (cursor, signal) =>
      ask(api.GET("/campaigns", { params: { query: { cursor, page_size: 50 } }, signal })),
  );
  if (pages.refused) return <Missing of={pages.refused} />;
  return (
    <div class="page">
      <div class="page-head">
        <h1>Campaigns</h1>
      </div>
      {!pages.rows ? <Waiting /> : (
        <Table
          caption="Campaigns"
          rows={pages.rows}
          id={(row) => row.id}
          columns={[
            { name: "Name", cell: (row) => <a href={`#/campaigns/${row.id}`}>{row.name}</a> },
            { name: "Status", cell: (row) => <Tag name={row.status} /> },
            { name: "Channel", cell: (row) => row.channel },
            { name: "Start", cell: (row) => <When at={row.started_at ?? row.scheduled_at} /> },
            {
              name: "Progress",
              cell: (row) => (
                <Bar
                  thin
                  total={row.stats?.total ?? 0}
                  parts={[{ name: "sent", value: row.stats?.sent ?? 0, fill: "good" }]}
                />
              ),
            },
          ]}
          empty={<p>There are no campaigns yet.</p>}
          foot={<PagesFoot pages={pages} what="campaigns" />}
        />
      )}
    </div>
  );
}
