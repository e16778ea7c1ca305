/** Columns that every table of messages has. */

import type { Schemas } from "../api.ts";
import type { ColumnOf } from "./table.tsx";
import { Tag } from "./tag.tsx";

type Column = ColumnOf<Schemas["ShownMessage"]>;

/** Whom a message is to, how it stands, and for which reason. */
export const OUTCOME: readonly Column[] = [
  {
    name: "Person",
    cell: (row) =>
      row.contact_id
        ? <a href={`#/people/${row.contact_id}`}>{row.to || row.contact_id}</a>
        : row.to,
  },
  { name: "Status", cell: (row) => <Tag name={row.status} /> },
  { name: "Reason", cell: (row) => row.reason_words || row.reason },
];

/** The way to why it is so; `why` is told the message's id. */
export function whyColumn(why: (id: string) => void): Column {
  return {
    name: "Why",
    act: true,
    cell: (row) => (
      <button type="button" class="plain" onClick={() => why(row.id)}>
        Why?<span class="hidden">{row.to}</span>
      </button>
    ),
  };
}
