/** Columns of a file of people, and the fields that they fill by their names, as the API does it. */

import { linesOf, type Row, tableOf } from "./csv.ts";
import { isPacked, readText } from "./text_file.ts";

/** So many bytes of a file are read before it is sent. */
export const LOOKED_AT = 65_536;
const SHOWN = 10;
const COLUMNS = 100;

/** The fields that a column may fill, and the words for them. */
export const FIELDS: readonly (readonly [field: string, words: string])[] = [
  ["phone", "Phone number"],
  ["email", "E-mail address"],
  ["first_name", "First name"],
  ["last_name", "Last name"],
  ["location", "Location"],
  ["preferred_product", "Preferred product"],
  ["external_id", "External id"],
  ["zone", "Time zone"],
  ["active", "Active (true or false)"],
];

export const ATTRIBUTE = "attributes.";

/** What programs call the fields, in lower case, with one underscore between words. */
const SPELLINGS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(FIELDS.map(([field]) => [field, field])),
  firstname: "first_name",
  lastname: "last_name",
  prefered_product: "preferred_product",
  number: "phone",
  mobile: "phone",
  phone_number: "phone",
  e_mail: "email",
  timezone: "zone",
  time_zone: "zone",
  contact_id: "",
  region: "",
  zones: "",
  created_at: "",
  updated_at: "",
  import_line: "",
  import_problem: "",
};

/** Names of columns, in lower case, that hold addresses: by them a file's delimiter is told. */
const ADDRESSES: ReadonlySet<string> = new Set(
  Object.keys(SPELLINGS).filter((name) => ["phone", "email"].includes(SPELLINGS[name])),
);

export type Format = "csv" | "jsonl" | "xlsx" | "unread";

/** What the beginning of a file shows. */
export interface Look {
  format: Format;
  /** "" where no text was read. */
  encoding: string;
  guessed: boolean;
  delimiter: string;
  columns: readonly string[];
  /** The first ten rows. */
  rows: readonly Row[];
}

/** Return what the first bytes of a file show; `whole`: they are all of it. */
export function lookAt(
  bytes: Uint8Array,
  { name, whole, encoding }: { name: string; whole: boolean; encoding: string },
): Look {
  const nothing = { encoding: "", guessed: false, delimiter: "", columns: [], rows: [] };
  if (isPacked(bytes)) return { format: "xlsx", ...nothing };
  const read = readText(bytes, encoding, whole);
  if (!read) return { format: "unread", ...nothing };
  const about = { encoding: read.encoding, guessed: read.guessed };
  const text = whole ? read.text : wholeLines(read.text);
  if (isJson(name)) return { format: "jsonl", delimiter: "", ...about, ...jsonTable(text) };
  const { columns, delimiter, rows } = tableOf(text, ADDRESSES);
  return { format: "csv", ...about, columns, delimiter, rows: first(rows) };
}

/** Return all rows of a text that the API has read, with the columns that they stand in. */
export function rowsOf(
  text: string,
  format: "csv" | "jsonl",
): { columns: readonly string[]; rows: readonly Row[] } {
  if (format === "csv") {
    const { columns, rows } = tableOf(text, ADDRESSES);
    return { columns, rows: [...rows] };
  }
  return jsonTable(text, Number.POSITIVE_INFINITY);
}

/** Tell whether a file's name says that each of its lines is JSON. */
export function isJson(name: string): boolean {
  return /\.(jsonl|ndjson|json)$/i.test(name);
}

function wholeLines(text: string): string {
  const end = Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r"));
  return end < 0 ? text : text.slice(0, end + 1);
}

function first(rows: Iterable<Row>): Row[] {
  const shown: Row[] = [];
  for (const row of rows) {
    shown.push(row);
    if (shown.length === SHOWN) break;
  }
  return shown;
}

function jsonTable(text: string, most = SHOWN): { columns: string[]; rows: Row[] } {
  const found: { line: number; members?: Map<string, string>; source: string }[] = [];
  for (const [index, source] of linesOf(text.replace(/^\ufeff/, "")).entries()) {
    if (!source.trim()) continue;
    found.push({ line: index + 1, members: membersOf(source), source: source.trim() });
    if (found.length >= most) break;
  }
  const columns = [...new Set(found.flatMap(({ members }) => [...members?.keys() ?? []]))];
  const rows = found.map(({ line, members, source }): Row =>
    members
      ? { line, cells: columns.map((column) => members.get(column) ?? "") }
      : { line, cells: [source], broken: true }
  );
  return { columns, rows };
}

/** Return the members of a JSON object and their texts; those of `attributes` stand beside them. */
function membersOf(source: string): Map<string, string> | undefined {
  let row: unknown;
  try {
    row = JSON.parse(source);
  } catch {
    return;
  }
  if (typeof row !== "object" || row === null || Array.isArray(row)) return;
  const members = new Map<string, string>();
  for (const [name, value] of Object.entries(row)) {
    if (name === "attributes" && typeof value === "object" && value !== null) {
      for (const [inner, each] of Object.entries(value)) members.set(ATTRIBUTE + inner, text(each));
    } else members.set(name, text(value));
  }
  return members;
}

function text(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Return the field that a column fills by its name; "" for none. */
export function fieldOf(column: string): string {
  if (!column) return "";
  const spelt = column.trim().replace(/[\s-]+/g, "_").toLowerCase();
  return Object.hasOwn(SPELLINGS, spelt) ? SPELLINGS[spelt] : ATTRIBUTE + attributeName(column);
}

function attributeName(column: string): string {
  const own = column.startsWith(ATTRIBUTE) ? column.slice(ATTRIBUTE.length) : column;
  return own.replace(/[^\p{L}\p{N}_.-]+/gu, " ").split(/\s+/).filter(Boolean).join(" ");
}

/** What somebody has chosen for columns, by their names. */
export type Chosen = Readonly<Record<string, string>>;

/** Return the field that a column fills: as chosen, else by its name. */
export function filled(column: string, chosen: Chosen): string {
  return Object.hasOwn(chosen, column) ? chosen[column] : fieldOf(column);
}

/** Return what the API must be told: the columns that fill something else than their names say. */
export function mappingOf(columns: readonly string[], chosen: Chosen): Record<string, string> {
  const changed = columns.filter((column) => column && filled(column, chosen) !== fieldOf(column));
  return Object.fromEntries(changed.map((column) => [column, filled(column, chosen).trim()]));
}

/** Return what the API will find wrong with the columns, before the file is sent. */
export function doubts(look: Look, chosen: Chosen): string[] {
  if (look.format === "xlsx" || look.format === "unread") return [];
  const named = look.columns.filter(Boolean);
  const told: string[] = [];
  if (!named.length) return ["The first line names no columns."];
  if (look.columns.length > COLUMNS) told.push(`There are more than ${COLUMNS} columns.`);
  for (const twice of repeated(named)) {
    told.push(`Two columns are named “${twice}”; give one of them another name in the file.`);
  }
  const fields = [...new Set(named)].map((column) => filled(column, chosen)).filter(Boolean);
  if (look.format === "csv") {
    for (const twice of repeated(fields)) {
      told.push(`Two columns fill ${wordsOf(twice)}; leave one of them out.`);
    }
  }
  if (!fields.some((field) => field === "phone" || field === "email")) {
    told.push("No column holds phone numbers or e-mail addresses; choose which one does.");
  }
  return told;
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

/** Return a field in words. */
export function wordsOf(field: string): string {
  const own = FIELDS.find(([name]) => name === field);
  if (own) return own[1].replace(/ \(.*/, "").toLowerCase();
  return field ? `the attribute “${field.slice(ATTRIBUTE.length)}”` : "nothing";
}
