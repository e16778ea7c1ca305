/** Tables: dense where there is room, cards on a phone, and walked by keys. */

import { Component, type ComponentChildren } from "preact";
import { useRef } from "preact/hooks";

export interface ColumnOf<T> {
  name: string;
  /** What stands in a row's cell. */
  cell: (row: T) => ComponentChildren;
  number?: boolean;
  /** What can be done with the row; on paper nothing can. */
  act?: boolean;
}

function classOf({ number, act }: ColumnOf<never>): string | undefined {
  return number ? "number" : act ? "act" : undefined;
}

interface TableProps<T> {
  /** What the table is of, for those who do not see it. */
  caption: string;
  columns: readonly ColumnOf<T>[];
  rows: readonly T[];
  id: (row: T) => string;
  /** What stands below it: how many there are, the way on. */
  foot?: ComponentChildren;
  /** What is said where there are no rows. */
  empty?: ComponentChildren;
}

/**
 * The first cell of a row holds its link or button. `j` and `k` go from row to row, Enter opens.
 */
export function Table<T>({ caption, columns, rows, id, foot, empty }: TableProps<T>) {
  const body = useRef<HTMLTableSectionElement>(null);
  if (!rows.length && empty) return <div class="sheet empty">{empty}</div>;
  return (
    <div class="sheet flush">
      <div class="table-wrap">
        <table class="cards-on-phone">
          <caption class="hidden">{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column.name} scope="col" class={classOf(column)}>
                  {column.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody ref={body} data-walked>
            {rows.map((row) => (
              <Row key={id(row)} row={row} columns={columns as readonly ColumnOf<unknown>[]} />
            ))}
          </tbody>
        </table>
      </div>
      {foot && <div class="table-foot">{foot}</div>}
    </div>
  );
}

interface RowProps {
  row: unknown;
  columns: readonly ColumnOf<unknown>[];
}

/** A row is drawn again when it or the columns are others: a long list gives the same ones. */
class Row extends Component<RowProps> {
  override shouldComponentUpdate({ row, columns }: RowProps): boolean {
    return row !== this.props.row || columns !== this.props.columns;
  }

  override render({ row, columns }: RowProps) {
    return (
      <tr>
        {columns.map((column) => (
          <td
            key={column.name}
            data-label={column.name}
            class={classOf(column)}
          >
            {column.cell(row)}
          </td>
        ))}
      </tr>
    );
  }
}

/** Move the focus to the next or the last row's link or button, in the page's tables and lists. */
export function walk(by: 1 | -1): void {
  const stops = new Map<HTMLElement, HTMLElement>();
  for (const row of document.querySelectorAll<HTMLElement>("[data-walked] :is(tr, .entry)")) {
    const first = row.querySelector<HTMLElement>("a, button");
    if (first) stops.set(first, row); // of an entry in a row, the entry
  }
  const now = [...stops.values()].findLastIndex((row) => row.contains(document.activeElement));
  const next = now < 0 ? 0 : Math.min(stops.size - 1, Math.max(0, now + by));
  [...stops.keys()][next]?.focus();
}
