/** A template for those who only read: its words, and how they read for somebody. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { isMail, templateOf, wordsOf } from "../../logic/words/template.ts";
import { When } from "../../parts/time.tsx";
import type { Person } from "../../words/people.ts";
import { PersonField, Preview, useTrial } from "../../words/preview.tsx";
import { channelWords, type Stored } from "./template.tsx";

export function Reading({ template, below }: { template: Stored; below: ComponentChildren }) {
  const [person, setPerson] = useState<Person | undefined>();
  const form = templateOf(template, template.name);
  const tried = useTrial(wordsOf(form), person);
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>{template.name}</h1>
          <p class="soft">
            Version {template.version}, for {channelWords(template.channel)}, changed{" "}
            <When at={template.updated_at} />
          </p>
        </div>
      </div>
      <div class="columns writing">
        <section class="sheet stack" aria-label="Words">
          {template.subject && <p class="mail-subject">{template.subject}</p>}
          <pre>{template.text}</pre>
          {template.html && <pre>{template.html}</pre>}
        </section>
        <section class="stack preview" aria-label="Preview">
          <h2>Preview</h2>
          <PersonField person={person} change={setPerson} />
          <Preview tried={tried} mail={isMail(form)} sms={form.channel !== "email"} />
        </section>
      </div>
      {below}
    </div>
  );
}
