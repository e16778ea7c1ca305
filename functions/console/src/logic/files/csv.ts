/** Rows of a CSV text, divided as the API divides them, and text that becomes CSV again. */

/** A row is at most that long; what goes on for longer has an open quote. */
const ROW_LENGTH = 10_000;
const DELIMITERS = [",", ";", "\t", "|"] as const;
const SAID = /^"?sep=([^\w\s"]|\t| )"?[\r\n]*$/i;
const UNSEEN =
  /^[\ufeff\u200b\u200e\u200f\u202a\u202c\u2060\u00a0\s]+|[\ufeff\u200b\u200e\u200f\u202a\u202c\u2060\u00a0\s]+$/g;

export interface Row {
  /** Where it begins in the file, from 1. */
  line: number;
  cells: readonly string[];
  /** The lines are no row; `cells` holds them as they are. */
  broken?: true;
}

/** A table, as far as its text goes. */
export interface Table {
  columns: readonly string[];
  delimiter: string;
  rows: Iterable<Row>;
}

/** Return the lines of a text, each with its end. */
export function linesOf(text: string): string[] {
  return text.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? [];
}

/** Return a table: the first row names its columns; `wanted` are names that tell the delimiter. */
export function tableOf(text: string, wanted: ReadonlySet<string>): Table {
  const lines = linesOf(text.replace(/^\ufeff/, ""));
  const said = lines[0]?.match(SAID)?.[1];
  const start = said ? 1 : 0;
  const delimiter = said ?? bestOf(lines, wanted);
  const head = rowAt(lines, start, delimiter);
  return {
    columns: head ? named(head.cells) : [],
    delimiter,
    rows: rowsFrom(lines, head ? head.behind : start, delimiter),
  };
}

function bestOf(lines: readonly string[], wanted: ReadonlySet<string>): string {
  let best: string = DELIMITERS[0];
  let most = -1;
  for (const each of DELIMITERS) {
    const names = named(rowAt(lines, 0, each)?.cells ?? []);
    const isWanted = names.some((name) => wanted.has(name.toLowerCase()));
    const isClean = !names.some((name) => name.includes('"'));
    const worth = (isWanted ? 1e6 : 0) + (isClean ? 1e5 : 0) + names.length;
    if (worth > most) [best, most] = [each, worth];
  }
  return best;
}

function named(cells: readonly string[]): string[] {
  return cells.map((cell) => cell.replace(UNSEEN, ""));
}

function* rowsFrom(lines: readonly string[], start: number, delimiter: string): Generator<Row> {
  for (let at = start; at < lines.length;) {
    const row = rowAt(lines, at, delimiter);
    const line = at + 1;
    at = row ? row.behind : at + 1;
    if (!row) yield { line, cells: [lines[line - 1].replace(/[\r\n]+$/, "")], broken: true };
    else if (row.cells.some((cell) => cell.trim())) yield { line, cells: row.cells };
  }
}

/** Return the row that begins in a line; undefined where a quote is opened and never closed. */
function rowAt(
  lines: readonly string[],
  start: number,
  delimiter: string,
): { cells: string[]; behind: number } | undefined {
  const cells: string[] = [];
  let cell = "";
  let state: "begin" | "plain" | "quoted" | "closed" = "begin";
  let length = 0;
  for (let at = start; at < lines.length; at++) {
    length += lines[at].length;
    if (length > ROW_LENGTH) return;
    for (const each of lines[at]) {
      if (state === "quoted") {
        if (each === '"') state = "closed";
        else cell += each;
      } else if (state === "closed" && each === '"') {
        cell += each;
        state = "quoted";
      } else if (each === delimiter) {
        cells.push(cell);
        [cell, state] = ["", "begin"];
      } else if (each === '"' && state === "begin") state = "quoted";
      else if (each !== "\r" && each !== "\n") {
        cell += each;
        state = "plain";
      }
    }
    if (state !== "quoted") return { cells: [...cells, cell], behind: at + 1 };
  }
}

/** What spreadsheets take for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r]/;

/** Return a text that no spreadsheet takes for a formula, as the API's exports do. */
export function safe(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

/** Return rows as a CSV file that spreadsheets read as UTF-8. */
export function csvOf(rows: readonly (readonly string[])[]): string {
  const quoted = (text: string) =>
    /[",;\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return "\ufeff" + rows.map((row) => row.map(quoted).join(",") + "\r\n").join("");
}
