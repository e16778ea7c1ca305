/** A template's words beside how they read; saved when somebody says so. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useAction } from "../../action.ts";
import { api, ask, askTagged, Refused } from "../../api.ts";
import { compared, type Mark } from "../../logic/words/source.ts";
import {
  bodyOf,
  inLines,
  isMail,
  type Template,
  templateOf,
  wordsOf,
} from "../../logic/words/template.ts";
import { Confirm } from "../../parts/dialog.tsx";
import { Failure } from "../../parts/failure.tsx";
import { SelectField, TextField } from "../../parts/field.tsx";
import { tell } from "../../parts/notes.tsx";
import { When } from "../../parts/time.tsx";
import { go } from "../../routes.ts";
import { MissingFields } from "../../words/missing.tsx";
import { type Person, useFields } from "../../words/people.ts";
import { PersonField, Preview, useTrial } from "../../words/preview.tsx";
import { SourceField } from "../../words/source.tsx";
import { CHANNELS } from "../drafts/channel.tsx";
import { Checked } from "./checked.tsx";
import type { Stored } from "./template.tsx";
import { Lines } from "./versions.tsx";

interface Kept {
  shown: Stored;
  tag: string;
}

interface EditorProps {
  title: string;
  first: Template;
  stored?: Kept;
  /** Called with what is stored now. */
  put?(shown: Stored, tag: string): void;
  below?: ComponentChildren;
}

export function TemplateEditor({ title, first, stored, put, below }: EditorProps) {
  const [form, setForm] = useState(first);
  const [person, setPerson] = useState<Person | undefined>();
  const [other, setOther] = useState<Kept | undefined>();
  const change = (part: Partial<Template>) => setForm((last) => ({ ...last, ...part }));
  const wanted = form.text.trim() || form.html.trim() ? wordsOf(form) : undefined;
  const tried = useTrial(wanted && { ...wanted, text: wanted.text || " " }, person);
  const before = stored && templateOf(stored.shown, stored.shown.name);
  const differs = JSON.stringify(bodyOf(form)) !== JSON.stringify(before && bodyOf(before));
  useLeaving(differs && (!!stored || !!form.text));

  const save = useAction(async (key, tag?: string) => {
    const body = bodyOf(form);
    if (!stored) {
      const made = await ask(api.POST("/templates", { body, headers: { "Idempotency-Key": key } }));
      tell(`The template ${made.name} is saved.`);
      return go(`/templates/${made.id}`);
    }
    const path = { template_id: stored.shown.id };
    const header = { "If-Match": tag ?? stored.tag };
    try {
      const asked = api.PUT("/templates/{template_id}", { params: { path, header }, body });
      const [shown, its] = await askTagged(asked);
      tell(`The template ${shown.name} is saved.`);
      put?.(shown, its);
      setOther(undefined);
    } catch (error) {
      if (!(error instanceof Refused && error.status === 412)) throw error;
      const [shown, its] = await askTagged(
        api.GET("/templates/{template_id}", { params: { path } }),
      );
      setOther({ shown, tag: its });
    }
  });

  function takeTheirs(): void {
    const { shown, tag } = other!;
    put?.(shown, tag);
    setForm(templateOf(shown, shown.name));
    setOther(undefined);
  }

  const refused = save.failed instanceof Refused ? save.failed : undefined;
  // The preview knows of a mistake before anybody saves.
  const marks = (field: string): Mark[] => {
    const told = tried.refused?.about(field) ?? [];
    return told.length ? told : refused?.about(field) ?? [];
  };
  const taken = refused?.code === "NAME_TAKEN" ? refused.message : undefined;
  const atFields = taken || (refused?.broken.length &&
    refused.broken.every(({ field }) => FIELDS.includes(field.split(".")[0])));
  return (
    <div class="page">
      <form
        class="page"
        onSubmit={(event) => {
          event.preventDefault();
          save.run();
        }}
      >
        <div class="page-head">
          <div>
            <h1>{title}</h1>
            {stored && (
              <p class="soft">
                Version {stored.shown.version}, changed <When at={stored.shown.updated_at} /> by
                {" "}
                {stored.shown.updated_by}
              </p>
            )}
          </div>
          <div class="beside">
            {differs && stored && <span class="soft small">Not saved yet</span>}
            {stored && (
              <a class="button" href={`#/campaigns/new?template=${stored.shown.id}`}>
                New campaign with it
              </a>
            )}
            {stored && <Removal stored={stored} />}
            <button
              type="submit"
              class="main-action"
              disabled={!differs}
              aria-disabled={save.busy}
            >
              {stored ? "Save as a new version" : "Save the template"}
            </button>
          </div>
        </div>
        {other && (
          <Overtaken
            other={other}
            mine={form}
            keepMine={() => save.run(other.tag)}
            takeTheirs={takeTheirs}
          />
        )}
        {!atFields && <Failure of={save.failed} />}
        <div class="columns writing">
          <div class="sheet stack">
            <Words form={form} change={change} marks={marks} name={refused?.of("name") ?? taken} />
          </div>
          <section class="stack preview" aria-label="Preview">
            <h2>Preview</h2>
            <PersonField person={person} change={setPerson} />
            <Preview tried={tried} mail={isMail(form)} sms={form.channel !== "email"} />
            <Checked words={wanted} />
          </section>
        </div>
      </form>
      {below}
    </div>
  );
}

/** The fields at which refusals are shown. */
const FIELDS = ["name", "text", "subject", "html"];

interface WordsProps {
  form: Template;
  change(part: Partial<Template>): void;
  marks(field: string): Mark[];
  /** What is wrong with the name. */
  name?: string;
}

function Words({ form, change, marks, name }: WordsProps) {
  const fields = useFields();
  const mail = isMail(form);
  return (
    <>
      <div class="columns">
        <TextField
          label="Name"
          value={form.name}
          change={(text) => change({ name: text })}
          error={name}
          autocomplete="off"
        />
        <SelectField
          label="Channel"
          value={form.channel}
          change={(channel) => change({ channel })}
          options={[
            ["", "Any"],
            ...Object.entries(CHANNELS).map(([each, [words]]) => [each, words] as const),
          ]}
        />
      </div>
      {mail && (
        <TextField
          label="Subject"
          value={form.subject}
          change={(subject) => change({ subject })}
          error={marks("subject")[0]?.message}
        />
      )}
      <SourceField
        label={mail ? "Plain text" : "Text"}
        value={form.text}
        change={(text) => change({ text })}
        marks={marks("text")}
        fields={fields}
        rows={8}
      />
      {mail && (
        <SourceField
          label="HTML"
          value={form.html}
          change={(html) => change({ html })}
          marks={marks("html")}
          fields={fields}
          rows={10}
        />
      )}
      <MissingFields form={form} change={change} />
    </>
  );
}

interface OvertakenProps {
  other: Kept;
  mine: Template;
  keepMine(): void;
  takeTheirs(): void;
}

/** Somebody else has saved another version meanwhile. */
function Overtaken({ other: { shown }, mine, keepMine, takeTheirs }: OvertakenProps) {
  const theirs = templateOf(shown, shown.name);
  return (
    <div class="notice warn stack" role="alert">
      <h2>Somebody else changed it</h2>
      <p>
        {shown.updated_by} saved version {shown.version} at{" "}
        <When at={shown.updated_at} />. From theirs (−) to yours (+):
      </p>
      {theirs.name !== mine.name && <p>They call it {theirs.name}, you {mine.name}.</p>}
      <Lines lines={compared(inLines(theirs), inLines(mine))} />
      <div class="beside">
        <button type="button" onClick={keepMine}>Save mine as the next version</button>
        <button type="button" onClick={takeTheirs}>Take theirs</button>
      </div>
    </div>
  );
}

function Removal({ stored: { shown, tag } }: { stored: Kept }) {
  const [asked, setAsked] = useState(false);
  const remove = useAction(async () => {
    const params = { path: { template_id: shown.id }, header: { "If-Match": tag } };
    await ask(api.DELETE("/templates/{template_id}", { params }));
    tell(`The template ${shown.name} is deleted.`);
    go("/templates");
  });
  return (
    <>
      <button type="button" class="plain" onClick={() => setAsked(true)}>Delete</button>
      {asked && (
        <Confirm
          title={`Delete ${shown.name}?`}
          does="Delete the template"
          danger
          action={remove}
          close={() => setAsked(false)}
        >
          <p>Campaigns that have taken its words keep them. Its name becomes free.</p>
        </Confirm>
      )}
    </>
  );
}

/** Have the browser ask before it leaves what is not saved. */
function useLeaving(unsaved: boolean): void {
  useEffect(() => {
    if (!unsaved) return;
    const ask = (event: Event) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [unsaved]);
}
