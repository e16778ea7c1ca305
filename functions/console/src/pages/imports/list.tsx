/** All imports. */

import { useEffect } from "preact/hooks";
import { api, ask } from "../../api.ts";
import { BUSY } from "../../live.ts";
import { isAtWork, statusWords } from "../../logic/files/import_words.ts";
import { Missing, Waiting } from "../../parts/failure.tsx";
import { PagesFoot, usePages } from "../../parts/pages.tsx";
import { Table } from "../../parts/table.tsx";
import { Tag } from "../../parts/tag.tsx";
import { When } from "../../parts/time.tsx";
import { useMay } from "../../session.ts";

const PAGE = 50;

export default function Imports() {
  const may = useMay("operator", "contacts");
  const pages = usePages(
    "imports",
    (cursor, signal) =>
      ask(api.GET("/contacts/imports", { params: { query: { cursor, limit: PAGE } }, signal })),
  );
  // Whoever reads on is not thrown back to the first page.
  const isMoving = !!pages.rows?.some(isAtWork) && pages.rows.length <= PAGE;
  useEffect(() => {
    if (!isMoving) return;
    const timer = setTimeout(pages.again, BUSY);
    return () => clearTimeout(timer);
  }, [pages.rows]);
  if (pages.refused) return <Missing of={pages.refused} />;
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>Imports</h1>
          <p class="soft">Files of people that were sent in, and what became of their rows.</p>
        </div>
        {may && <a class="button main-action" href="#/imports/new">Import a file</a>}
      </div>
      {!pages.rows ? <Waiting /> : (
        <Table
          caption="Imports"
          rows={pages.rows}
          id={(row) => row.id}
          columns={[
            {
              name: "File",
              cell: (row) => (
                <a href={`#/imports/${row.id}`}>{row.name || "A file without a name"}</a>
              ),
            },
            {
              name: "Status",
              cell: (row) => <Tag name={row.status} words={statusWords(row.status)} />,
            },
            { name: "New", number: true, cell: (row) => row.created.toLocaleString() },
            { name: "Changed", number: true, cell: (row) => row.updated.toLocaleString() },
            {
              name: "Left out",
              number: true,
              cell: (row) => (row.invalid + row.duplicates).toLocaleString(),
            },
            { name: "Sent in", cell: (row) => <When at={row.created_at} /> },
            { name: "By", cell: (row) => row.created_by },
          ]}
          empty={
            <>
              <p>Nobody has imported a file yet.</p>
              {may && (
                <p>
                  A CSV file, an Excel workbook or JSON lines will do:{" "}
                  <a href="#/imports/new">import the first one</a>.
                </p>
              )}
            </>
          }
          foot={<PagesFoot pages={pages} what="imports" />}
        />
      )}
    </div>
  );
}
