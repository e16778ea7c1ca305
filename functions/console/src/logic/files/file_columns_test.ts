import assert from "node:assert/strict";
import { csvOf, safe } from "./csv.ts";
import { mendable } from "./bad_rows.ts";
import { doubts, fieldOf, lookAt, mappingOf, rowsOf } from "./file_columns.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const look = (text: string | Uint8Array, name = "people.csv", whole = true, encoding = "") =>
  lookAt(typeof text === "string" ? bytes(text) : text, { name, whole, encoding });

Deno.test("columns and rows are told apart by the delimiter that the file has", () => {
  for (const [delimiter, between] of [[",", ","], [";", ";"], ["\t", "\t"], ["|", "|"]]) {
    const found = look(`phone${between}city\r\n+12125552000${between}Bonn\r\n`);
    assert.equal(found.delimiter, delimiter);
    assert.deepEqual(found.columns, ["phone", "city"]);
    assert.deepEqual(found.rows, [{ line: 2, cells: ["+12125552000", "Bonn"] }]);
  }
});

Deno.test("a file may say its delimiter in a line of its own", () => {
  const found = look("sep=;\nphone;name\n+1;a,b\n");
  assert.deepEqual(found.columns, ["phone", "name"]);
  assert.deepEqual(found.rows, [{ line: 3, cells: ["+1", "a,b"] }]);
});

Deno.test("quotes hold delimiters, ends of lines and quotes", () => {
  const found = look('phone,note\n+1,"a, ""b""\nc"\n\n+2,d\n');
  assert.deepEqual(found.rows, [
    { line: 2, cells: ["+1", 'a, "b"\nc'] },
    { line: 5, cells: ["+2", "d"] },
  ]);
});

Deno.test("a quote that is never closed spoils its own line only", () => {
  const found = look('phone,name\n+1,"Ann\n+2,Ben\n');
  assert.deepEqual(found.rows, [
    { line: 2, cells: ['+1,"Ann'], broken: true },
    { line: 3, cells: ["+2", "Ben"] },
  ]);
});

Deno.test("letters are read as UTF-8, UTF-16 or windows-1252", () => {
  const utf16 = new Uint8Array([
    0xff,
    0xfe,
    ...[..."phone,name\n1,é\n"].flatMap((c) => [
      c.charCodeAt(0),
      0,
    ]),
  ]);
  assert.equal(look("\ufeffphone,name\n1,é\n").rows[0].cells[1], "é");
  assert.deepEqual([look(utf16).encoding, look(utf16).columns[0]], ["utf-16-le", "phone"]);
  assert.deepEqual([look(utf16.slice(2)).encoding, look(utf16).rows[0].cells[1]], [
    "utf-16-le",
    "é",
  ]);
  const western = new Uint8Array([...bytes("phone,name\n1,"), 0xe9]);
  const read = look(western);
  assert.deepEqual([read.encoding, read.guessed, read.rows[0].cells[1]], [
    "windows-1252",
    true,
    "é",
  ]);
  assert.equal(look(western, "a.csv", true, "windows-1251").rows[0].cells[1], "й");
  assert.equal(look(western, "a.csv", true, "cp850").format, "unread");
});

Deno.test("a row and a letter that are cut off are not shown", () => {
  const whole = bytes("phone,name\n+1,Ann\n+2,é");
  const found = look(whole.slice(0, -1), "a.csv", false);
  assert.deepEqual([found.encoding, found.rows.length], ["utf-8", 1]);
});

Deno.test("no more than ten rows are shown", () => {
  assert.equal(look(`phone\n${"+1\n".repeat(30)}`).rows.length, 10);
});

Deno.test("lines of JSON have the columns that any of them names", () => {
  const found = look(
    '{"phone": "+1", "attributes": {"plan": "gold"}}\nno\n\n{"phone": 2, "seen": true, "x": null}\n',
    "people.jsonl",
  );
  assert.deepEqual(found.columns, ["phone", "attributes.plan", "seen", "x"]);
  assert.deepEqual(found.rows.map((row) => row.line), [1, 2, 4]);
  assert.deepEqual([found.rows[1].broken, found.rows[2].cells], [true, ["2", "", "true", ""]]);
});

Deno.test("a workbook cannot be shown", () => {
  assert.equal(look(new Uint8Array([0x50, 0x4b, 3, 4, 20])).format, "xlsx");
});

Deno.test("columns fill the fields that they are named after", () => {
  const names: [string, string][] = [
    ["Phone Number", "phone"],
    ["E-Mail", "email"],
    ["FirstName", "first_name"],
    ["time zone", "zone"],
    ["created_at", ""],
    ["import_problem", ""],
    ["", ""],
    ["Loyalty (level)", "attributes.Loyalty level"],
    ["attributes.plan", "attributes.plan"],
    ["constructor", "attributes.constructor"],
  ];
  for (const [column, field] of names) assert.equal(fieldOf(column), field, column);
});

Deno.test("the API is told only what the names do not say", () => {
  const chosen = { city: "location", tel: "phone", plan: "attributes.plan", note: "" };
  assert.deepEqual(mappingOf(["tel", "city", "plan", "note", "email"], chosen), {
    tel: "phone",
    city: "location",
    note: "",
  });
});

Deno.test("what will be refused is said before the file is sent", () => {
  assert.match(doubts(look("name,city\nAnn,Bonn\n"), {})[0], /No column holds phone numbers/);
  assert.deepEqual(doubts(look("name,city\nAnn,Bonn\n"), { name: "email" }), []);
  assert.match(doubts(look("phone,mobile\n1,2\n"), {})[0], /Two columns fill phone number/);
  assert.deepEqual(doubts(look("phone,mobile\n1,2\n"), { mobile: "" }), []);
  assert.match(doubts(look("phone,a,a\n1,2,3\n"), {})[0], /Two columns are named “a”/);
  assert.match(doubts(look("\n"), {})[0], /names no columns/);
});

Deno.test("bad rows come back as they stood, with what is wrong with them", () => {
  const file = rowsOf('phone;name;note\n+1;"=1+1";a\n+2;Ben;"b\nc"\n"x;y\n', "csv");
  const text = mendable(file, [
    { line: 2, column: "phone", reason: "phone: is too short" },
    { line: 5, column: null, reason: "a quote is opened and never closed" },
  ]);
  assert.equal(
    text,
    "\ufeffphone,name,note,import_line,import_problem\r\n" +
      "+1,'=1+1,a,2,phone: is too short\r\n" +
      '"""x;y",,,5,a quote is opened and never closed\r\n',
  );
  assert.equal(csvOf([[safe("-1"), safe("@a"), safe("a=b")]]), "\ufeff'-1,'@a,a=b\r\n");
});
