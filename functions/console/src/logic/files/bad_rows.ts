/** The rows of a file that were left out, as a file to mend and send again. */

import { csvOf, type Row, safe } from "./csv.ts";
import { fieldOf } from "./file_columns.ts";

export interface BadRow {
  line: number;
  column: string | null;
  reason: string;
}

/** Columns that tell about a row; an import leaves them out. */
const LINE = "import_line";
const PROBLEM = "import_problem";

/** Return the bad rows as they stood in the file, each with its line and what is wrong with it. */
export function mendable(
  file: { columns: readonly string[]; rows: readonly Row[] },
  bad: readonly BadRow[],
): string {
  const why = new Map(bad.map((each) => [each.line, each.reason]));
  const numbers = file.columns.map((column) => fieldOf(column) === "phone");
  const rows = file.rows.filter(({ line }) => why.has(line)).map(({ line, cells }) => [
    ...file.columns.map((_, index) => cellOf(cells[index] ?? "", numbers[index])),
    String(line),
    safe(why.get(line)!),
  ]);
  return csvOf([[...file.columns.map(safe), LINE, PROBLEM], ...rows]);
}

/** Numbers begin with a plus, and stay as they are. */
function cellOf(text: string, isNumber: boolean): string {
  return isNumber && /^\+[\d\s().-]*$/.test(text) ? text : safe(text);
}

/** Return what is known of bad rows where their file is not here. */
export function listed(bad: readonly BadRow[]): string {
  const rows = bad.map(({ line, column, reason }) => [
    String(line),
    safe(column ?? ""),
    safe(reason),
  ]);
  return csvOf([["line", "column", "problem"], ...rows]);
}
