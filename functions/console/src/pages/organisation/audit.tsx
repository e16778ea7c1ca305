/** The audit trail: who did what, when and why; on paper too. */

import { useState } from "preact/hooks";
import { api, ask, type Schemas } from "../../api.ts";
import { between } from "../../logic/day.ts";
import { actionsWith, done, subjectOf, summary, whoDid } from "../../logic/organisation/audit.ts";
import { Failure, Waiting } from "../../parts/failure.tsx";
import { SelectField, TextField } from "../../parts/field.tsx";
import { type Pages, PagesFoot, usePages } from "../../parts/pages.tsx";
import { type ColumnOf, Table } from "../../parts/table.tsx";
import { When } from "../../parts/time.tsx";
import { go, type PageProps, withQuery } from "../../routes.ts";
import { Entry } from "./audit/entry.tsx";

type Row = Schemas["Entry"];

const PAGE = 100;

export default function Audit({ query }: PageProps) {
  const wanted = Object.fromEntries(query);
  const [open, setOpen] = useState<Row | undefined>();
  const asked = {
    action: wanted.action || undefined,
    by: wanted.by || undefined,
    ...between(wanted.from, wanted.to),
  };
  const key = JSON.stringify(asked);
  const pages = usePages(
    `audit ${key}`,
    (cursor, signal) =>
      ask(api.GET("/audit", { params: { query: { ...asked, cursor, limit: PAGE } }, signal })),
  );
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>Audit</h1>
          <p class="soft">
            All that was done in this organisation, by people and by Clarion itself. Nothing of it
            can be changed.
          </p>
        </div>
        <button type="button" onClick={() => print()}>Print</button>
      </div>
      <Filters key={wanted.by ?? ""} wanted={wanted} />
      <Failure of={pages.refused} />
      {!pages.rows ? !pages.refused && <Waiting /> : (
        <Table
          caption="What was done"
          rows={pages.rows}
          id={(row) => row.id}
          columns={columnsOf(setOpen)}
          empty={<None pages={pages} filtered={key !== "{}"} />}
          foot={<PagesFoot pages={pages} what="entries" one="entry" />}
        />
      )}
      {open && <Entry entry={open} close={() => setOpen(undefined)} />}
    </div>
  );
}

/** The last looked at may hold none, and there may be more behind it. */
function None({ pages, filtered }: { pages: Pages<Row>; filtered: boolean }) {
  if (!pages.more) {
    return <p>{filtered ? "Nothing like this was done." : "Nothing has been done here yet."}</p>;
  }
  return (
    <>
      <p>There is none among the entries that were looked through so far.</p>
      <button type="button" onClick={pages.more}>Look further</button>
    </>
  );
}

function columnsOf(open: (row: Row) => void): readonly ColumnOf<Row>[] {
  return [
    {
      name: "What",
      cell: (row) => (
        <button type="button" class="plain" onClick={() => open(row)}>{done(row.action)}</button>
      ),
    },
    { name: "To", cell: (row) => <Subject of={row} /> },
    { name: "When", cell: (row) => <When at={row.at} seconds /> },
    { name: "By", cell: (row) => whoDid(row.by) },
    { name: "Reason", cell: (row) => row.reason },
    { name: "Changed", cell: (row) => summary(row.about) },
  ];
}

function Subject({ of }: { of: Row }) {
  const { what, to } = subjectOf(of);
  return to ? <a href={`#${to}`}>{what}</a> : <span>{what}</span>;
}

function Filters({ wanted }: { wanted: Record<string, string> }) {
  const [by, setBy] = useState(wanted.by ?? "");
  const filter = (part: Record<string, string>) => go(withQuery("/audit", { ...wanted, ...part }));
  return (
    <form
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        filter({ by: by.trim() });
      }}
    >
      <SelectField
        label="What"
        value={wanted.action ?? ""}
        change={(action) => filter({ action, by: by.trim() })}
        options={actionsWith(wanted.action ?? "")}
      />
      <TextField
        label="By (the whole name)"
        type="search"
        value={by}
        change={setBy}
      />
      <TextField
        label="From"
        type="date"
        value={wanted.from ?? ""}
        change={(from) => filter({ from, by: by.trim() })}
      />
      <TextField
        label="To"
        type="date"
        value={wanted.to ?? ""}
        change={(to) => filter({ to, by: by.trim() })}
      />
      <button type="submit">Find</button>
    </form>
  );
}
