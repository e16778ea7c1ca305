/** The file of a new import: chosen by a button or dropped, and what its beginning shows. */

import { useEffect, useState } from "preact/hooks";
import { type Look, lookAt, LOOKED_AT } from "../../logic/files/file_columns.ts";
import { size } from "../../logic/files/import_words.ts";
import { ENCODINGS } from "../../logic/files/text_file.ts";
import { Field, SelectField } from "../../parts/field.tsx";

/** Read a file's first 64 KB, and return what they show. */
export async function lookOf(file: File, encoding: string): Promise<Look> {
  const bytes = new Uint8Array(await file.slice(0, LOOKED_AT).arrayBuffer());
  return lookAt(bytes, { name: file.name, whole: file.size <= LOOKED_AT, encoding });
}

/** Return what a file's beginning shows; undefined while it is being read. */
export function useLook(file: File | undefined, encoding: string): Look | undefined {
  const [look, setLook] = useState<Look | undefined>();
  useEffect(() => {
    let left = false;
    setLook(undefined);
    if (file) lookOf(file, encoding).then((found) => left || setLook(found));
    return () => {
      left = true;
    };
  }, [file, encoding]);
  return look;
}

interface ChooserProps {
  file: File | undefined;
  choose(file: File): void;
  error?: string;
}

/** A normal file button; dropping a file on it is a second way. */
export function FileChooser({ file, choose, error }: ChooserProps) {
  const [over, setOver] = useState(false);
  function dropped(event: DragEvent): void {
    event.preventDefault();
    setOver(false);
    const [found] = event.dataTransfer?.files ?? [];
    if (found) choose(found);
  }
  return (
    <div
      class={over ? "drop over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={dropped}
    >
      <Field
        label="File of people"
        hint="CSV, Excel (.xlsx) or JSON lines, with a phone number or an e-mail address in each row. It can also be dropped here."
        error={error}
        control={(tied) => (
          <input
            {...tied}
            type="file"
            accept=".csv,.tsv,.txt,.xlsx,.jsonl,.ndjson,.json"
            onChange={({ currentTarget }) => {
              const [found] = currentTarget.files ?? [];
              if (found) choose(found);
            }}
          />
        )}
      />
      {file && (
        <p aria-live="polite">
          <strong>{file.name}</strong> <span class="soft">{size(file.size)}</span>
        </p>
      )}
    </div>
  );
}

const DELIMITERS: Readonly<Record<string, string>> = {
  ",": "commas",
  ";": "semicolons",
  "\t": "tabs",
  "|": "bars",
};

interface EncodingProps {
  look: Look;
  value: string;
  change(value: string): void;
  error?: string;
}

/** How the file is read, and the way to say that it is meant otherwise. */
export function Encoding({ look, value, change, error }: EncodingProps) {
  if (look.format === "xlsx") {
    return (
      <div class="notice">
        <p>
          This is a workbook, which cannot be shown before it is sent: Clarion reads its first
          sheet, and matches the columns by the names in its first row.
        </p>
      </div>
    );
  }
  const between = DELIMITERS[look.delimiter] ?? `“${look.delimiter}”`;
  const read = look.format === "csv"
    ? `Read here as ${look.encoding}, with ${between} between the cells.`
    : `Read here as ${look.encoding}, with JSON in each line.`;
  return (
    <SelectField
      label="Encoding"
      value={value}
      change={change}
      error={error}
      hint={look.format === "unread"
        ? "This browser cannot read that encoding; Clarion can, and matches columns by name."
        : look.guessed
        ? `${read} That is a guess: look whether names with accents are right below.`
        : read}
      options={[
        ["", "As the file's bytes tell"],
        ...ENCODINGS.map((each) => [each, each] as const),
      ]}
    />
  );
}
