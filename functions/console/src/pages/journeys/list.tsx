/** All journeys and sequences. */

import { api, ask } from "../../api.ts";
import { Missing, Waiting } from "../../parts/failure.tsx";
import { PagesFoot, usePages } from "../../parts/pages.tsx";
import { Table } from "../../parts/table.tsx";
import { Tag } from "../../parts/tag.tsx";
import { When } from "../../parts/time.tsx";
import type { PageProps } from "../../routes.ts";
import { useMay } from "../../session.ts";

const KINDS = [["journey", "Journeys"], ["sequence", "Sequences"]] as const;

export default function Journeys({ query }: PageProps) {
  const kind = query.get("kind") === "sequence" ? "sequence" : "journey";
  const mayWrite = useMay("operator", "campaigns");
  const pages = usePages(
    `journeys ${kind}`,
    (cursor, signal) =>
      ask(api.GET("/campaigns", { params: { query: { kind, cursor, page_size: 50 } }, signal })),
  );
  if (pages.refused) return <Missing of={pages.refused} />;
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>Journeys</h1>
          <p class="soft">Plans that people walk through, each at their own pace.</p>
        </div>
        {mayWrite && (
          <div class="beside">
            <a class="button" href="#/journeys/new?kind=sequence">New sequence</a>
            <a class="button main-action" href="#/journeys/new">New journey</a>
          </div>
        )}
      </div>
      <nav class="filter-links" aria-label="Kind">
        {KINDS.map(([each, words]) => (
          <a
            key={each}
            href={`#/journeys?kind=${each}`}
            aria-current={kind === each ? "true" : undefined}
          >
            {words}
          </a>
        ))}
      </nav>
      {!pages.rows ? <Waiting /> : (
        <Table
          caption={kind === "journey" ? "Journeys" : "Sequences"}
          rows={pages.rows}
          id={(row) => row.id}
          columns={[
            { name: "Name", cell: (row) => <a href={`#/journeys/${row.id}`}>{row.name}</a> },
            { name: "Status", cell: (row) => <Tag name={row.status} /> },
            { name: "Start", cell: (row) => <When at={row.started_at ?? row.scheduled_at} /> },
            { name: "Sent", number: true, cell: (row) => row.stats.sent.toLocaleString() },
            { name: "Failed", number: true, cell: (row) => row.stats.failed.toLocaleString() },
          ]}
          empty={
            <>
              <p>
                {kind === "journey"
                  ? "There are no journeys yet. In one, what somebody gets next hangs on what they do."
                  : "There are no sequences yet. In one, messages follow somebody's entry at set times."}
              </p>
              {mayWrite && (
                <a class="button" href={`#/journeys/new?kind=${kind}`}>
                  Draw the first
                </a>
              )}
            </>
          }
          foot={<PagesFoot pages={pages} what={`${kind}s`} one={kind} />}
        />
      )}
    </div>
  );
}
