/** Putting people on a list: those who are found by number or address, or all who are pasted. */

import { useState } from "preact/hooks";
import { useAction } from "../../action.ts";
import { api, ask, type Schemas } from "../../api.ts";
import { useLive } from "../../live.ts";
import { fileOf, pasted } from "../../logic/people/pasted.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Failure } from "../../parts/failure.tsx";
import { AreaField, TextField } from "../../parts/field.tsx";
import { nameOf } from "../../parts/person.tsx";
import { go } from "../../routes.ts";
import { useMay } from "../../session.ts";
import { useSettled } from "../../settled.ts";
import { upload } from "../../upload.ts";
import { keep } from "../imports/kept.ts";
import type { List } from "./list.tsx";

type Contact = Schemas["ContactItem"];

interface AddProps {
  list: List;
  close(): void;
  changed(): void;
}

export function AddPeople({ list, close, changed }: AddProps) {
  const mayImport = useMay("operator", "contacts");
  return (
    <Dialog title={`Add people to ${list.name}`} close={close} kind="drawer">
      <div class="stack wide">
        <Search list={list} changed={changed} />
        {mayImport && <Paste list={list} />}
        {mayImport && (
          <p>
            Many people are in a file?{" "}
            <a href={`#/imports/new?list=${list.id}`} onClick={close}>Import it into this list</a>
          </p>
        )}
      </div>
    </Dialog>
  );
}

function Search({ list, changed }: Omit<AddProps, "close">) {
  const [text, setText] = useState("");
  const [done, setDone] = useState<ReadonlySet<string>>(new Set());
  const settled = useSettled(text.trim());
  const found = useLive(`people ${settled}`, (signal) => lookUp(settled, signal));
  const add = useAction(async (key, id: string) => {
    const params = { path: { list_id: list.id } };
    const options = { params, body: { contact_ids: [id] }, headers: { "Idempotency-Key": key } };
    await ask(api.POST("/lists/{list_id}/contacts", options));
    setDone((now) => new Set([...now, id]));
    changed();
  });
  return (
    <section class="stack">
      <h3>One by one</h3>
      <TextField
        label="Number, e-mail address or external id"
        type="search"
        value={text}
        change={setText}
        autocomplete="off"
        hint="A number in any spelling, with its plus and country."
        error={found.refused?.broken[0]?.message}
      />
      <Failure of={add.failed} />
      {settled && found.value && (
        found.value.length === 0
          ? <p class="soft" role="status">Nobody is known by that.</p>
          : (
            <ul class="choices">
              {found.value.map((each) => (
                <li key={each.id}>
                  <span>
                    {nameOf(each)}{" "}
                    <span class="soft">{[each.phone, each.email].filter(Boolean).join(", ")}</span>
                  </span>
                  {done.has(each.id)
                    ? <span class="good" role="status">is on the list</span>
                    : (
                      <button
                        type="button"
                        aria-label={`Add ${nameOf(each)}`}
                        aria-disabled={add.busy}
                        onClick={() => add.run(each.id)}
                      >
                        Add
                      </button>
                    )}
                </li>
              ))}
            </ul>
          )
      )}
    </section>
  );
}

async function lookUp(text: string, signal: AbortSignal): Promise<Contact[]> {
  if (text.length < 3) return [];
  const query = text.includes("@")
    ? { email: text }
    : /^[+(]?[\d ().-]+$/.test(text)
    ? { phone: text }
    : { external_id: text };
  return (await ask(api.GET("/contacts", { params: { query }, signal }))).data;
}

/** Those who are pasted are imported: who is unknown is stored, and all of it can be undone. */
function Paste({ list }: { list: List }) {
  const [text, setText] = useState("");
  const found = pasted(text);
  const count = found.numbers.length + found.mails.length;
  const send = useAction(async (key) => {
    const file = new File([fileOf(found)], "pasted.csv", { type: "text/csv" });
    const form = new FormData();
    form.set("list_id", list.id);
    form.set("on_existing", "keep");
    form.set("file", file, file.name);
    const made = await upload<Schemas["ImportItem"]>("/contacts/imports", form, {
      key,
      signal: new AbortController().signal,
      progress: () => {},
    });
    keep(made.id, file);
    go(`/imports/${made.id}`);
  });
  return (
    <section class="stack">
      <h3>Many at once</h3>
      <AreaField
        label="Numbers and e-mail addresses"
        value={text}
        change={setText}
        rows={6}
        mono
        hint="One on each line. Whoever is not known yet is stored; all of it can be undone."
      />
      <Failure of={send.failed} />
      <div class="beside">
        <button
          type="button"
          class="main-action"
          disabled={!count}
          aria-disabled={send.busy}
          onClick={() => send.run()}
        >
          {count
            ? `Add ${count.toLocaleString()} ${count === 1 ? "person" : "people"}`
            : "Add them"}
        </button>
      </div>
    </section>
  );
}
