/** The rows of an import that were left out: each with its line, its column and its problem. */

import { useEffect, useState } from "preact/hooks";
import { useAction } from "../../action.ts";
import { api, ask, type Schemas } from "../../api.ts";
import { download } from "../../download.ts";
import { listed, mendable } from "../../logic/files/bad_rows.ts";
import { rowsOf } from "../../logic/files/file_columns.ts";
import { type Import, isAtWork } from "../../logic/files/import_words.ts";
import { readText } from "../../logic/files/text_file.ts";
import { Button } from "../../parts/button.tsx";
import { Failure, Waiting } from "../../parts/failure.tsx";
import { PagesFoot, usePages } from "../../parts/pages.tsx";
import { Table } from "../../parts/table.tsx";
import { kept } from "./kept.ts";

type Bad = Schemas["BadRow"];

const PAGE = 25;
const MOST = 1000;
/** Files up to so many bytes are read for the values of their bad rows while they are looked at. */
const SMALL = 5_000_000;

export function BadRows({ of }: { of: Import }) {
  const count = of.invalid + of.duplicates;
  const pages = usePages(
    `bad rows ${of.id}`,
    (cursor, signal) => readPage(of.id, PAGE, cursor, signal),
  );
  const shown = pages.rows?.length ?? 0;
  useEffect(() => {
    if (pages.rows && shown < Math.min(PAGE, count)) pages.again();
  }, [count]);
  const file = kept(of.id);
  const isHere = file && of.format !== "xlsx";
  const values = useValues(of, file);
  const save = useAction(async () => {
    const bad = await readAll(of.id);
    const rows = isHere && await rowsIn(of, file);
    const text = rows ? mendable(rows, bad) : listed(bad);
    download(text, `${of.name.replace(/\.\w+$/, "")} - left out.csv`, "text/csv");
  });
  return (
    <section class="stack">
      <div class="beside apart">
        <h2>
          {count.toLocaleString()} {count === 1 ? "row was" : "rows were"} left out
        </h2>
        {!isAtWork(of) && <Button action={save}>Download them as CSV</Button>}
      </div>
      <p class="soft">
        {isHere
          ? "The file that you download has these rows as they stood in yours, with the problem in a column of its own, which an import leaves out: mend them and import it."
          : "The file is no longer here, so what you download tells lines, columns and problems: mend the rows in your file and import it again. Rows that are stored already change nothing."}
      </p>
      <Failure of={save.failed} />
      {!pages.rows ? <Waiting /> : (
        <Table
          caption="Rows that were left out"
          rows={pages.rows}
          id={(row) => String(row.line)}
          columns={[
            { name: "Line", number: true, cell: (row) => row.line.toLocaleString() },
            {
              name: "Column",
              cell: (row) => row.column ?? <span class="soft">the whole row</span>,
            },
            ...(values
              ? [{ name: "Value", cell: (row: Bad) => <Value text={values(row)} /> }]
              : []),
            { name: "Problem", cell: problem },
          ]}
          foot={<PagesFoot pages={pages} what="rows" />}
        />
      )}
    </section>
  );
}

function Value({ text }: { text: string | undefined }) {
  return text ? <code class="clipped">{text}</code> : <span class="soft">–</span>;
}

/** Return what stands in a bad row's column, where the file is here and small. */
function useValues(of: Import, file: File | undefined): ((row: Bad) => string | undefined) | null {
  const [found, setFound] = useState<Awaited<ReturnType<typeof rowsIn>>>();
  useEffect(() => {
    if (file && file.size <= SMALL) rowsIn(of, file).then(setFound);
  }, [file, of.encoding]);
  if (!found) return null;
  const cells = new Map(found.rows.map((row) => [row.line, row.cells]));
  return ({ line, column }) => cells.get(line)?.[column ? found.columns.indexOf(column) : 0];
}

/** The column stands beside it already. */
function problem({ column, reason }: Bad): string {
  return column && reason.startsWith(`${column}: `) ? reason.slice(column.length + 2) : reason;
}

function readPage(id: string, limit: number, cursor: string | undefined, signal?: AbortSignal) {
  const params = { path: { import_id: id }, query: { limit, cursor } };
  return ask(api.GET("/contacts/imports/{import_id}/errors", { params, signal }));
}

async function readAll(id: string): Promise<Bad[]> {
  const bad: Bad[] = [];
  let cursor: string | undefined;
  do {
    const page = await readPage(id, MOST, cursor);
    bad.push(...page.data);
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  return bad;
}

/** Return the rows of the file; undefined where this browser cannot read it. */
async function rowsIn(of: Import, file: File) {
  const read = readText(new Uint8Array(await file.arrayBuffer()), of.encoding);
  if (!read || of.format === "xlsx" || !of.format) return;
  return rowsOf(read.text, of.format);
}
