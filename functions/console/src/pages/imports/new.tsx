/** A new import: a file, what its columns hold, what is done with people who are known. */

import { useEffect, useRef, useState } from "preact/hooks";
import { useAction } from "../../action.ts";
import { api, ask, Refused, type Schemas } from "../../api.ts";
import { useLive } from "../../live.ts";
import { type Chosen, mappingOf } from "../../logic/files/file_columns.ts";
import { size } from "../../logic/files/import_words.ts";
import { Failure } from "../../parts/failure.tsx";
import { Choices, TextField } from "../../parts/field.tsx";
import { tell } from "../../parts/notes.tsx";
import { go, type PageProps } from "../../routes.ts";
import { session, useMay } from "../../session.ts";
import { upload } from "../../upload.ts";
import { Columns } from "./columns.tsx";
import { Encoding, FileChooser, lookOf, useLook } from "./file.tsx";
import { keep } from "./kept.ts";
import { ListField, useListNamed } from "./list_name.tsx";

const COUNTRY = /^[A-Za-z]{2}$/;
const NAMES = new Intl.DisplayNames("en", { type: "region", fallback: "none" });

export default function NewImport({ query }: PageProps) {
  const may = useMay("operator", "contacts");
  const [file, setFile] = useState<File | undefined>();
  const [chosen, setChosen] = useState<Chosen>({});
  const [encoding, setEncoding] = useState("");
  const [existing, setExisting] = useState("update");
  const [country, setCountry] = useState("");
  const [listName, setListName] = useListName(query.get("list"));
  const list = useListNamed(listName);
  const look = useLook(file, encoding);
  const { sending, share, stop } = useSending(async () => {
    // Read anew: what is shown may still be of another encoding.
    const look = await lookOf(file!, encoding).catch(() => {
      const message = "It can no longer be read: it was changed or moved. Choose it again.";
      throw new Refused(0, "", message, [{ field: "file", message }], {});
    });
    const form = new FormData();
    const fields = {
      mapping: look.columns.length ? JSON.stringify(mappingOf(look.columns, chosen)) : "",
      list_name: list.name,
      append: list.existing ? "true" : "",
      on_existing: existing,
      encoding: look.format === "xlsx" ? "" : encoding,
      default_country: country.trim(),
    };
    for (const [name, value] of Object.entries(fields)) if (value) form.set(name, value);
    form.set("file", file!, file!.name);
    return { form, file: file! };
  });
  const error = (field: string) =>
    sending.failed instanceof Refused ? sending.failed.of(field) : undefined;

  function choose(next: File): void {
    setFile(next);
    setChosen({});
    setEncoding("");
    sending.forget();
  }

  if (!may) return <MayNot />;
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>New import</h1>
          <p class="soft">
            People are known by their phone number, else by their e-mail address. What a file does
            can be undone for 30 days.
          </p>
        </div>
      </div>
      <section class="sheet stack">
        <FileChooser file={file} choose={choose} error={tooLarge(file) ?? error("file")} />
        {look && (
          <Encoding look={look} value={encoding} change={setEncoding} error={error("encoding")} />
        )}
      </section>
      {look && (look.format === "csv" || look.format === "jsonl") && (
        <Columns
          look={look}
          chosen={chosen}
          choose={(column, field) => setChosen((now) => ({ ...now, [column]: field }))}
          error={error("mapping")}
        />
      )}
      {file && (
        <section class="sheet stack">
          <h2>What is done with them</h2>
          <Choices
            legend="People who are known already"
            value={existing}
            change={setExisting}
            options={[
              ["update", "Get what the file says", "An empty cell changes nothing."],
              ["keep", "Stay as they are", "Only people who are new are stored."],
            ]}
          />
          <div class="columns">
            <ListField
              value={listName}
              change={setListName}
              found={list}
              error={error("list_name") ?? error("append")}
            />
            <TextField
              label="Country of numbers without a plus"
              value={country}
              change={setCountry}
              placeholder="as the settings say"
              autocomplete="off"
              error={error("default_country")}
              hint={countryWords(country)}
            />
          </div>
        </section>
      )}
      <Failure of={sending.failed} />
      {sending.busy && (
        <div class="stack tight">
          <progress value={share} max={1} aria-label="Sent" />
          <p class="soft">
            {share < 1
              ? `${Math.floor(100 * share)} % of ${size(file?.size ?? 0)} sent`
              : "All of it is sent; Clarion looks at it"}
          </p>
        </div>
      )}
      <div class="beside">
        <button
          type="button"
          class="main-action"
          disabled={!file || !!tooLarge(file)}
          aria-disabled={sending.busy}
          onClick={() => sending.run()}
        >
          {file ? `Import ${file.name}` : "Choose a file first"}
        </button>
        {sending.busy && <button type="button" onClick={stop}>Stop sending</button>}
        <a href="#/imports">All imports</a>
      </div>
    </div>
  );
}

function MayNot() {
  return (
    <div class="page narrow">
      <h1>New import</h1>
      <p>
        Importing people needs the role of an operator. <a href="#/imports">All imports</a>
      </p>
    </div>
  );
}

/** The name of the list that the address names, until somebody writes another. */
function useListName(id: string | null): [string, (name: string) => void] {
  const [given, setGiven] = useState<string | undefined>();
  const { value: list } = useLive(
    `list ${id}`,
    (signal) =>
      id
        ? ask(api.GET("/lists/{list_id}", { params: { path: { list_id: id } }, signal }))
        : Promise.resolve(undefined),
  );
  return [given ?? list?.name ?? "", setGiven];
}

function tooLarge(file: File | undefined): string | undefined {
  const most = session.get()?.limits?.max_upload_bytes;
  if (!file || !most || file.size <= most) return;
  return `The file has ${size(file.size)}; at most ${size(most)} can be sent at once. Divide it.`;
}

function countryWords(country: string): string {
  const code = country.trim().toUpperCase();
  if (!code) return "Two letters, such as DE or KE. Numbers with a plus need none.";
  const name = COUNTRY.test(code) ? NAMES.of(code) : undefined;
  return name ? `Numbers without a plus are dialled in ${name}.` : "Two letters, such as DE or KE.";
}

/** Send a form once for each press; whoever has gone elsewhere meanwhile reads a note. */
function useSending(made: () => Promise<{ form: FormData; file: File }>) {
  const [share, setShare] = useState(0);
  const stop = useRef(new AbortController());
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  const sending = useAction(async (key) => {
    const { form, file } = await made();
    stop.current = new AbortController();
    setShare(0);
    const sent = await upload<Schemas["ImportItem"]>("/contacts/imports", form, {
      key,
      signal: stop.current.signal,
      progress: (now) => here.current && setShare(now),
    });
    keep(sent.id, file);
    if (here.current) go(`/imports/${sent.id}`);
    else tell(`${file.name} was sent. Its rows are under Imports.`);
  });
  return { sending, share, stop: () => stop.current.abort() };
}
