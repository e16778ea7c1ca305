/** What it says, and how that reads for somebody. */

import { useMemo, useState } from "preact/hooks";
import { api, ask } from "../../api.ts";
import { useLive } from "../../live.ts";
import { type Form, says } from "../../logic/campaigns/draft.ts";
import { Choices, SelectField, TextField } from "../../parts/field.tsx";
import { Lacking, type Whose } from "../../words/lacking.tsx";
import { type Person, useFields } from "../../words/people.ts";
import { PersonField, Preview, useTrial, type Wanted } from "../../words/preview.tsx";
import { SourceField } from "../../words/source.tsx";
import { about, type Draft, sentence } from "./draft.ts";
import { MissingFields } from "../../words/missing.tsx";
import { FilledParameters, ProviderWords } from "./provider.tsx";

export function WordsPart({ draft }: { draft: Draft }) {
  const { form } = draft;
  const [person, setPerson] = useState<Person | undefined>();
  const template = useTemplate(form);
  const wanted = useMemo(() => wantedOf(form, template), [form, template]);
  const tried = useTrial(wanted, person);
  if (!says(form.channel, "text")) {
    return <p class="soft">In a call the bot speaks: there is nothing to write here.</p>;
  }
  const options: (readonly [string, string, string?])[] = [
    ["own", "Own words"],
    ["template", "A template", "its newest version is taken"],
  ];
  if (says(form.channel, "provider_template")) {
    options.push(["provider", "The provider's template", "a text that the provider has approved"]);
  }
  return (
    <>
      <Choices
        legend="Words"
        value={form.words}
        change={(words) => draft.change({ words: words as Form["words"] })}
        options={options}
      />
      <div class="columns writing">
        <div class="stack">
          {form.words === "own" && <OwnWords draft={draft} refused={tried.refused} />}
          {form.words === "template" && <TemplateChoice draft={draft} />}
          {form.words === "provider" && <ProviderWords draft={draft} />}
          {form.words !== "template" && (
            <MissingFields
              form={form}
              change={(p) => draft.change(p)}
            />
          )}
        </div>
        <section class="stack preview" aria-label="Preview">
          <h3>Preview</h3>
          <PersonField person={person} change={setPerson} />
          {form.words === "provider" ? <FilledParameters draft={draft} person={person} /> : (
            <>
              <Preview
                tried={tried}
                mail={form.channel === "email"}
                sms={form.channel === "sms"}
              />
              <Lacking check={checkOf(form)} whose={whoseOf(form)} />
            </>
          )}
        </section>
      </div>
    </>
  );
}

type Refusal = ReturnType<typeof useTrial>["refused"];

function OwnWords({ draft, refused }: { draft: Draft; refused: Refusal }) {
  const { form } = draft;
  const fields = useFields();
  const mail = form.channel === "email";
  // The preview knows of a mistake before the draft has been saved.
  const marks = (field: string, saved: string) => {
    const told = refused?.about(field) ?? [];
    return told.length ? told : about(draft, saved);
  };
  return (
    <>
      {mail && (
        <TextField
          label="Subject"
          value={form.subject}
          change={(subject) => draft.change({ subject })}
          error={marks("subject", "subject")[0]?.message}
        />
      )}
      <SourceField
        label={mail ? "Plain text" : "Text"}
        value={form.text}
        change={(text) => draft.change({ text })}
        marks={marks("text", "base_template")}
        fields={fields}
        rows={mail ? 5 : 6}
      />
      {mail && (
        <SourceField
          label="HTML"
          value={form.html}
          change={(html) => draft.change({ html })}
          marks={marks("html", "html")}
          fields={fields}
          rows={8}
          hint="Without it the plain text is the mail"
        />
      )}
    </>
  );
}

function TemplateChoice({ draft }: { draft: Draft }) {
  const { form } = draft;
  const { value } = useLive(`templates ${form.channel}`, (signal) =>
    ask(api.GET("/templates", {
      params: { query: { channel: form.channel, limit: 1000 } },
      signal,
    })));
  if (!value) return null;
  if (!value.data.length) {
    return (
      <p>
        There are no templates for this channel yet. <a href="#/templates/new">Write one</a>.
      </p>
    );
  }
  return (
    <>
      <SelectField
        label="Template"
        value={form.template_id}
        change={(template_id) => draft.change({ template_id })}
        error={sentence(draft, "template_id")}
        options={[["", "Choose one"], ...value.data.map((each) => [each.id, each.name] as const)]}
      />
      {form.template_id && (
        <p>
          <a href={`#/templates/${form.template_id}`}>Open the template</a>
        </p>
      )}
    </>
  );
}

type Template = { text: string; subject: string; html: string };

function useTemplate(form: Form): (Template & Pick<Wanted, "missing" | "defaults">) | undefined {
  const id = form.words === "template" ? form.template_id : "";
  return useLive(`template ${id}`, async (signal) => {
    if (!id) return undefined;
    const params = { path: { template_id: id } };
    return await ask(api.GET("/templates/{template_id}", { params, signal }));
  }).value;
}

function wantedOf(form: Form, template: ReturnType<typeof useTemplate>): Wanted | undefined {
  if (form.words === "provider") return undefined;
  const { channel } = form;
  if (form.words === "template") {
    if (!template) return undefined;
    const { text, subject, html, missing, defaults } = template;
    return { channel, text, subject, html, missing, defaults };
  }
  const mail = channel === "email";
  const html = mail ? form.html : "";
  if (!form.text.trim() && !html.trim()) return undefined;
  return {
    channel,
    // A mail may be HTML alone, where the preview wants a text.
    text: form.text || " ",
    subject: mail ? form.subject : "",
    html,
    missing: form.missing,
    defaults: Object.fromEntries(form.defaults.filter(([field]) => field)),
  };
}

function checkOf(form: Form) {
  if (form.words === "template") {
    return form.template_id ? { template_id: form.template_id } as CheckOf : undefined;
  }
  if (!form.text.trim()) return undefined;
  const defaults = Object.fromEntries(form.defaults.filter(([field]) => field));
  return { text: form.text, missing: form.missing, defaults } as CheckOf;
}

type CheckOf = NonNullable<Parameters<typeof Lacking>[0]["check"]>;

function whoseOf({ audience: { kind, id } }: Form): Whose | undefined {
  if (kind === "everyone") return { everyone: true };
  if (!id) return undefined;
  return kind === "segment" ? { segment_id: id } : { list_id: id };
}
