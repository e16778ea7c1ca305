/** The columns of a file and the fields that they fill, and its first rows. */

import {
  ATTRIBUTE,
  type Chosen,
  doubts,
  FIELDS,
  filled,
  type Look,
} from "../../logic/files/file_columns.ts";
import { Table } from "../../parts/table.tsx";

interface ColumnsProps {
  look: Look;
  chosen: Chosen;
  choose(column: string, field: string): void;
  error?: string;
}

export function Columns({ look, chosen, choose, error }: ColumnsProps) {
  const columns = [...new Set(look.columns.filter(Boolean))];
  const told = doubts(look, chosen);
  return (
    <section class="stack">
      <h2>What its columns hold</h2>
      {error && <p class="notice bad" role="alert">{error}</p>}
      {told.length > 0 && (
        <ul class="notice warn plain-list">
          {told.map((each) => <li key={each}>{each}</li>)}
        </ul>
      )}
      {columns.length > 0 && (
        <Table
          caption="Columns of the file"
          rows={columns}
          id={(column) => column}
          columns={[
            { name: "Column", cell: (column) => column },
            { name: "First values", cell: (column) => <Values look={look} column={column} /> },
            {
              name: "Fills",
              cell: (column) => (
                <Target
                  column={column}
                  field={filled(column, chosen)}
                  change={(field) => choose(column, field)}
                />
              ),
            },
          ]}
        />
      )}
      {look.rows.length > 0 && <FirstRows look={look} />}
    </section>
  );
}

function Values({ look, column }: { look: Look; column: string }) {
  const at = look.columns.indexOf(column);
  const whole = look.rows.filter((row) => !row.broken).map((row) => row.cells[at]?.trim());
  const shown = [...new Set(whole.filter(Boolean))].slice(0, 3);
  return <span class="soft clipped">{shown.join(" · ") || "empty"}</span>;
}

const NEW = "attribute";

function Target({ column, field, change }: {
  column: string;
  field: string;
  change(field: string): void;
}) {
  const isAttribute = field.startsWith(ATTRIBUTE);
  return (
    <div class="target">
      <select
        aria-label={`${column} fills`}
        value={isAttribute ? NEW : field}
        onChange={({ currentTarget: { value } }) =>
          change(value === NEW ? ATTRIBUTE + column : value)}
      >
        {FIELDS.map(([each, words]) => <option key={each} value={each}>{words}</option>)}
        <option value={NEW}>An attribute</option>
        <option value="">Nothing: it is left out</option>
      </select>
      {isAttribute && (
        <input
          aria-label={`Name of the attribute for ${column}`}
          value={field.slice(ATTRIBUTE.length)}
          maxLength={64}
          onInput={({ currentTarget }) => change(ATTRIBUTE + currentTarget.value)}
        />
      )}
    </div>
  );
}

/** The first ten rows as they stand in the file. */
function FirstRows({ look }: { look: Look }) {
  return (
    <details open>
      <summary>The first {look.rows.length === 1 ? "row" : `${look.rows.length} rows`}</summary>
      <div class="sheet flush">
        <div class="table-wrap" role="region" aria-label="The first rows" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col" class="number">Line</th>
                {look.columns.map((column, index) => <th key={index} scope="col">{column}</th>)}
              </tr>
            </thead>
            <tbody>
              {look.rows.map((row) => (
                <tr key={row.line}>
                  <td class="number soft">{row.line}</td>
                  {row.broken
                    ? (
                      <td colSpan={look.columns.length}>
                        <span class="bad">cannot be read as a row:</span>{" "}
                        {row.cells[0].slice(0, 80)}
                      </td>
                    )
                    : look.columns.map((_, index) => <td key={index}>{row.cells[index]}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </details>
  );
}
