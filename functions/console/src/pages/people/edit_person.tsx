/** Changing a person: only what was changed is sent, and nobody else's change is written over. */

import { useState } from "preact/hooks";
import { useAction } from "../../action.ts";
import { api, ask, askTagged, Refused, type Schemas } from "../../api.ts";
import { useLive } from "../../live.ts";
import { attributeLines, attributesOf, changes } from "../../logic/people/person.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Failure } from "../../parts/failure.tsx";
import { tell } from "../../parts/notes.tsx";
import { NAMES, PersonFields, type PersonForm } from "./person_fields.tsx";

type Contact = Schemas["ContactItem"];

interface EditProps {
  person: Contact;
  tag: string;
  close(): void;
  saved(): void;
}

function formOf(person: Contact): PersonForm {
  const stored = person as unknown as Record<string, unknown>;
  return {
    texts: Object.fromEntries(NAMES.map((name) => [name, String(stored[name] ?? "")])),
    attributes: attributeLines(person.attributes),
    active: person.active,
  };
}

/** What differs between the form and what is stored. Attributes that are gone are taken away. */
function changed(person: Contact, form: PersonForm) {
  const attributes = attributesOf(form.attributes) ?? {};
  const gone = Object.keys(person.attributes).filter((name) => !(name in attributes));
  const other = Object.entries(attributes).filter(([name, value]) =>
    person.attributes[name] !== value
  );
  const differs = gone.length || other.length;
  return {
    ...changes(person as unknown as Record<string, unknown>, form.texts),
    ...(form.active === person.active ? {} : { active: form.active }),
    ...(differs
      ? {
        attributes: {
          ...Object.fromEntries(gone.map((name) => [name, null])),
          ...Object.fromEntries(other),
        },
      }
      : {}),
  };
}

export function EditPerson({ person, tag, close, saved }: EditProps) {
  const [form, setForm] = useState(() => formOf(person));
  const path = { contact_id: person.id };
  const save = useAction(async (_key, upon: string) => {
    await ask(
      api.PATCH("/contacts/{contact_id}", {
        params: { path, header: { "If-Match": upon } },
        body: changed(person, form) as Schemas["ContactBody"],
      }),
    );
    tell("Saved.");
    close();
    saved();
  });
  const refused = save.failed instanceof Refused ? save.failed : undefined;
  const noLines = attributesOf(form.attributes)
    ? []
    : [{ field: "attributes", message: "Each line is name = value." }];
  return (
    <Dialog title="Edit the person" close={close} kind="drawer">
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!noLines.length) save.run(tag);
        }}
      >
        {refused?.status === 412
          ? (
            <Theirs
              person={person}
              mine={changed(person, form)}
              save={save.run}
              take={() => {
                close();
                saved();
              }}
            />
          )
          : <Failure of={save.failed} />}
        <PersonFields
          form={form}
          change={setForm}
          broken={[...refused?.broken ?? [], ...noLines]}
        />
        <div>
          <button type="submit" class="main-action" aria-disabled={save.busy}>Save</button>
        </div>
      </form>
    </Dialog>
  );
}

interface TheirsProps {
  person: Contact;
  mine: Record<string, unknown>;
  save(tag: string): void;
  take(): void;
}

/** Somebody else was faster: what they changed beside what was changed here. */
function Theirs({ person, mine, save, take }: TheirsProps) {
  const path = { contact_id: person.id };
  const { value } = useLive(
    `newest ${person.id}`,
    (signal) => askTagged(api.GET("/contacts/{contact_id}", { params: { path }, signal })),
  );
  if (!value) return null;
  const [theirs, tag] = value;
  const before = person as unknown as Record<string, unknown>;
  const now = theirs as unknown as Record<string, unknown>;
  const names = [...NAMES, "active", "attributes"].filter((name) =>
    JSON.stringify(before[name]) !== JSON.stringify(now[name])
  );
  return (
    <div class="notice warn stack" role="alert">
      <p>Somebody else has changed this person since you opened it.</p>
      <ul>
        {names.map((name) => (
          <li key={name}>
            {name.replaceAll("_", " ")}: theirs {inText(now[name])}
            {name in mine && `, yours ${inText(mine[name])}`}
          </li>
        ))}
      </ul>
      <div class="beside">
        <button type="button" onClick={take}>Take theirs</button>
        <button type="button" class="danger" onClick={() => save(tag)}>Save mine over it</button>
      </div>
    </div>
  );
}

function inText(value: unknown): string {
  if (value === null || value === undefined || value === "") return "nothing";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
