/** What a text says to somebody, while it is being written. */

import { useEffect, useId, useRef, useState } from "preact/hooks";
import { api, ask, Refused, ROOT, type Schemas, Unreachable } from "../api.ts";
import { Field } from "../parts/field.tsx";
import { useMay } from "../session.ts";
import { type Person, useFound } from "./people.ts";

export type Wanted = Omit<Schemas["TemplatePreview"], "contact_id" | "values">;
type Trial = Schemas["ShownTrial"];

export interface Tried {
  trial?: Trial;
  refused?: Refused;
  /** What was asked, for the same mail as a page. */
  request?: string;
}

const WAIT_MS = 300;

/** Return what a text says to somebody, asked for when the typing has paused. */
export function useTrial(wanted: Wanted | undefined, person: Person | undefined): Tried {
  const [tried, setTried] = useState<Tried>({});
  const who = person ? { contact_id: person.id } : { values: {} };
  const request = wanted ? JSON.stringify({ ...wanted, ...who }) : undefined;
  useEffect(() => {
    if (!request) return setTried({});
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const body = JSON.parse(request) as Schemas["TemplatePreview"];
        const trial = await ask(api.POST("/templates/preview", { body, signal: stop.signal }));
        if (!stop.signal.aborted) setTried({ trial, request });
      } catch (error) {
        if (stop.signal.aborted || error instanceof Unreachable) return;
        if (!(error instanceof Refused)) throw error;
        setTried((last) => ({ ...last, refused: error }));
      }
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [request]);
  return tried;
}

interface PersonProps {
  person: Person | undefined;
  change(person: Person | undefined): void;
}

/** For whom a text is filled in: the newest people, or somebody who is looked for. */
export function PersonField({ person, change }: PersonProps) {
  const mayRead = useMay("viewer", "contacts");
  const [text, setText] = useState("");
  const { people, refused } = useFound(text);
  useEffect(() => {
    if (!person && people?.length && !text) change(people[0]);
  }, [people]);
  if (!mayRead) return <p class="soft">It is shown for somebody of whom nothing is known.</p>;
  const others = (people ?? []).filter((each) => each.id !== person?.id);
  const options = person ? [person, ...others] : others;
  return (
    <div class="preview-person">
      <Field
        label="As"
        control={(tied) => (
          <select
            {...tied}
            value={person?.id ?? ""}
            onChange={(event) =>
              change(options.find((each) => each.id === event.currentTarget.value))}
          >
            <option value="">Somebody unknown</option>
            {options.map((each) => <option key={each.id} value={each.id}>{each.name}</option>)}
          </select>
        )}
      />
      <Field
        label="Find"
        error={refused ?? (text && people && !people.length ? "Nobody is found." : undefined)}
        control={(tied) => (
          <input
            {...tied}
            type="search"
            placeholder="Number, e-mail, id of yours, place"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        )}
      />
    </div>
  );
}

interface PreviewProps {
  tried: Tried;
  /** Whether it is a mail. */
  mail?: boolean;
  /** Whether its length as SMS matters. */
  sms?: boolean;
}

export function Preview({ tried, mail, sms }: PreviewProps) {
  const { trial } = tried;
  if (!trial) {
    return (
      <p class="soft">
        {tried.refused
          ? "It is shown once the mistake is mended."
          : "Write something, and it is shown here as somebody gets it."}
      </p>
    );
  }
  const lacks = trial.missing.join(", ");
  return (
    <div class="stack" aria-live="off">
      {trial.rendered_message === null
        ? <div class="notice warn">Nothing is sent to them: they lack {lacks}.</div>
        : (
          <>
            {lacks && <p class="warn">They lack {lacks}.</p>}
            {mail && <p class="mail-subject">{trial.subject || <em class="soft">No subject</em>}
            </p>}
            {mail && trial.html ? <MailFrame tried={tried} /> : null}
            {mail && trial.html && trial.rendered_message.trim()
              ? (
                <details>
                  <summary>Plain text</summary>
                  <pre class="message">{trial.rendered_message}</pre>
                </details>
              )
              : !(mail && trial.html) && <pre class="message">{trial.rendered_message}</pre>}
          </>
        )}
      {sms && trial.rendered_message !== null && <Length of={trial.sms} />}
      {trial.warnings?.map((each) => (
        <div key={each.message} class="notice warn">{each.message}</div>
      ))}
    </div>
  );
}

/** What a text comes to as SMS. */
function Length({ of }: { of: Schemas["Length"] }) {
  const words = of.segments === 1 ? "1 SMS" : `${of.segments} SMS`;
  return (
    <p class="soft small">
      {of.characters} characters in {of.encoding}: {words}
      {of.encoding !== "GSM-7" && (
        <>. A sign that GSM-7 lacks makes each SMS 70 characters long, instead of 160</>
      )}
    </p>
  );
}

/** A mail as a page of its own, which may run and load nothing of ours. */
function MailFrame({ tried }: { tried: Tried }) {
  const [narrow, setNarrow] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const name = useId().replaceAll(":", "");
  useEffect(() => form.current!.submit(), [tried.request]);
  return (
    <div class="stack tight">
      <form
        ref={form}
        method="post"
        target={`mail-${name}`}
        action={`${ROOT}/templates/preview/page`}
        hidden
      >
        <input type="hidden" name="request" value={tried.request} />
      </form>
      <div class="beside" role="group" aria-label="Width of the mail">
        <button type="button" aria-pressed={!narrow} onClick={() => setNarrow(false)}>Wide</button>
        <button type="button" aria-pressed={narrow} onClick={() => setNarrow(true)}>Narrow</button>
      </div>
      <iframe
        class={narrow ? "mail narrow" : "mail"}
        name={`mail-${name}`}
        title="The mail as it is shown"
        sandbox=""
      />
    </div>
  );
}
