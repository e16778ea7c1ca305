/** A new campaign: one page, four parts, saved as a draft while it is written. */

import { useEffect, useState } from "preact/hooks";
import { api, ask, askTagged, Refused } from "../../api.ts";
import { useLive } from "../../live.ts";
import { blank, bodyOf, type Form, formOf, type Shown } from "../../logic/campaigns/draft.ts";
import type { Stored } from "../../logic/campaigns/saving.ts";
import { Missing, Waiting } from "../../parts/failure.tsx";
import { TextField } from "../../parts/field.tsx";
import { Tag } from "../../parts/tag.tsx";
import { When } from "../../parts/time.tsx";
import { go, type PageProps } from "../../routes.ts";
import { useMay } from "../../session.ts";
import { removeDrafts } from "../campaigns/removal.ts";
import { AudiencePart, CountLine, useCount } from "./audience.tsx";
import { ChannelChoice, SenderFields, useChannels } from "./channel.tsx";
import { Conflict } from "./conflict.tsx";
import { type Draft, sentence, useDraft, ZONE } from "./draft.ts";
import { FallbacksPart } from "./fallbacks.tsx";
import { MannersPart } from "./manners.tsx";
import { nameOfPeople } from "./people.tsx";
import { ReviewPart } from "./review.tsx";
import { TimePart } from "./time.tsx";
import { startOf, useWhen } from "./when.ts";
import { WordsPart } from "./words.tsx";

/** Tell whether the address is that of a campaign which is not there yet. */
function isNew(): boolean {
  return location.hash.split("?")[0] === "#/campaigns/new";
}

export default function EditDraft({ params, query }: PageProps) {
  const mayWrite = useMay("operator", "campaigns");
  if (!mayWrite) return <Looking id={params.id} />;
  return params.id ? <Existing id={params.id} /> : <Fresh query={query} />;
}

/** A viewer's page: what may be seen is elsewhere. */
function Looking({ id }: { id: string | undefined }) {
  return (
    <div class="page narrow">
      <h1>{id ? "Edit campaign" : "New campaign"}</h1>
      <p>
        Your role reads campaigns and does not write them.{" "}
        <a href={id ? `#/campaigns/${id}` : "#/campaigns"}>
          {id ? "See the campaign" : "See the campaigns"}
        </a>
      </p>
    </div>
  );
}

/** A campaign that is not there yet; asked for once more, it begins anew. */
function Fresh({ query }: { query: URLSearchParams }) {
  const [turn, setTurn] = useState(0);
  const channels = useChannels();
  useEffect(() => {
    const anew = () => isNew() && setTurn((last) => last + 1);
    addEventListener("hashchange", anew);
    return () => removeEventListener("hashchange", anew);
  }, []);
  if (!channels.length) {
    return (
      <div class="page narrow">
        <h1>New campaign</h1>
        <p>No channel is set up here, so nothing can be sent: see the guide to providers.</p>
      </div>
    );
  }
  const first = { ...blank(channels[0], ZONE), ...chosenBy(query) };
  return <Editor key={turn} title="New campaign" first={first} />;
}

/** Return what a link has chosen: a list's page leads here, a segment's or a template's. */
function chosenBy(query: URLSearchParams): Partial<Form> {
  const template_id = query.get("template");
  if (template_id) return { words: "template", template_id };
  for (const kind of ["list", "segment"] as const) {
    const id = query.get(kind);
    if (id) return { audience: { kind, id } };
  }
  return {};
}

function Existing({ id }: { id: string }) {
  const { value, refused } = useLive(id, async (signal) => {
    const params = { path: { campaign_id: id } };
    const [shown, tag] = await askTagged(api.GET("/campaigns/{campaign_id}", { params, signal }));
    return { shown, tag, form: await withPeople(shown, signal) };
  });
  if (refused) return <Missing of={refused} />;
  if (!value) return <Waiting />;
  const { shown, form } = value;
  if (!isEditable(shown)) return <NotEditable of={shown} />;
  return <Editor title="Edit campaign" first={form} stored={value} />;
}

/** Return the form of a stored draft; a list of people who were chosen for it is shown as them. */
async function withPeople(shown: Shown, signal: AbortSignal): Promise<Form> {
  const form = formOf(shown, ZONE);
  if (form.audience.kind !== "list") return form;
  const params = { path: { list_id: form.audience.id } };
  const name = await ask(api.GET("/lists/{list_id}", { params, signal })).then(
    (list) => list.name,
    (error) => {
      if (error instanceof Refused) return "";
      throw error;
    },
  );
  const kind = name === nameOfPeople(shown.id) ? "people" : "list";
  return { ...form, audience: { ...form.audience, kind } };
}

/** A run of a series may be changed until it starts, as a draft may. */
function isEditable({ kind, status, repeat }: Shown): boolean {
  return kind === "broadcast" && (status === "draft" || (status === "scheduled" && !!repeat));
}

function NotEditable({ of }: { of: Shown }) {
  const isPlan = of.kind === "journey" || of.kind === "sequence";
  return (
    <div class="page narrow">
      <h1>Edit campaign</h1>
      <p>
        {isPlan
          ? `${of.name} is a ${of.kind}: it says what its plan says.`
          : `${of.name} is ${of.status}: only a draft can be changed. A copy of it can.`}{" "}
        <a href={isPlan ? `#/journeys/${of.id}` : `#/campaigns/${of.id}`}>Go to it</a>
      </p>
    </div>
  );
}

interface EditorProps {
  title: string;
  first: Form;
  stored?: Stored<Shown>;
}

function Editor({ title, first, stored }: EditorProps) {
  const draft = useDraft(first, stored);
  const shown = draft.stored?.shown;
  const [when, setWhen] = useWhen(shown?.id, ZONE);
  const [turn, setTurn] = useState(0);
  const [refused, setRefused] = useState<Refused | undefined>();
  const settings = useLive("settings", (signal) => ask(api.GET("/settings", { signal }))).value;
  const counted = useCount(shown?.id, startOf(when), `${draft.stored?.tag} ${turn}`);
  const senders = (settings?.senders ?? {}) as Record<string, string>;
  const organisation = settings?.default_zone || undefined;
  useAddress(shown?.id);
  return (
    <div class="page drafting">
      <div class="page-head">
        <div>
          <h1>{title}</h1>
          <Saved draft={draft} />
        </div>
        {shown?.status === "draft" && <Removal draft={draft} />}
      </div>
      <Conflict draft={draft} />
      <Refusals draft={draft} />
      <section class="sheet stack" aria-labelledby="part-channel">
        <h2 id="part-channel">1. Channel and sender</h2>
        <TextField
          label="Name"
          value={draft.form.name}
          change={(name) => draft.change({ name })}
          error={sentence(draft, "name")}
          placeholder="Untitled campaign"
        />
        <ChannelChoice said={draft.form} change={(part) => draft.change(part)} senders={senders} />
        <SenderFields
          said={draft.form}
          change={(part) => draft.change(part)}
          error={(field) => sentence(draft, field) ?? refused?.of(field)}
          senders={senders}
        />
      </section>
      <section class="sheet stack" aria-labelledby="part-audience">
        <h2 id="part-audience">2. Audience</h2>
        <AudiencePart draft={draft} recount={() => setTurn((last) => last + 1)} />
        {bodyOf(draft.form).audience && <CountLine counted={counted} />}
      </section>
      <section class="sheet stack" aria-labelledby="part-words">
        <h2 id="part-words">3. Words</h2>
        <WordsPart draft={draft} />
      </section>
      <section class="sheet stack" aria-labelledby="part-time">
        <h2 id="part-time">4. Time and manners</h2>
        {shown?.status !== "scheduled" && (
          <TimePart when={when} change={setWhen} refused={refused} organisation={organisation} />
        )}
        <MannersPart draft={draft} organisation={organisation} />
        <FallbacksPart draft={draft} senders={senders} />
      </section>
      <section class="sheet stack" aria-labelledby="part-review">
        <h2 id="part-review">Review</h2>
        {shown?.status === "scheduled"
          ? (
            <p>
              It is scheduled for{" "}
              <When at={shown.scheduled_at} />: what is saved here holds for this run and later
              ones. <a href={`#/campaigns/${shown.id}`}>See the campaign</a>
            </p>
          )
          : <ReviewPart draft={draft} when={when} counted={counted} refusedBy={setRefused} />}
      </section>
    </div>
  );
}

/** Once a draft is stored, its address is its own: who reloads the page comes back to it. */
function useAddress(id: string | undefined): void {
  useEffect(() => {
    const there = id && `#/campaigns/${id}/edit`;
    // Not by the page's own way, which would open another page and lose the caret.
    if (there && isNew()) history.replaceState(null, "", there);
  }, [id]);
}

const SAYS: Readonly<Record<Draft["state"], string>> = {
  blank: "Nothing is saved yet",
  unsaved: "Not saved yet",
  saving: "Saving…",
  saved: "Saved",
  refused: "Saved, but for what is marked",
  offline: "Not saved: Clarion does not answer. It is tried again",
  conflict: "Not saved: choose a version",
};

function Saved({ draft }: { draft: Draft }) {
  const { state, stored } = draft;
  const none = state === "refused" && (!stored || wholly(draft).length > 0);
  return (
    <div class="beside">
      <Tag name={stored?.shown.status ?? "draft"} />
      <span class={state === "refused" || state === "offline" ? "warn small" : "soft small"}>
        {none ? "Not saved" : SAYS[state]}
      </span>
    </div>
  );
}

/** What was refused as a whole: the sentences about fields stand at these. */
function wholly(draft: Draft): Refused[] {
  return (draft.refused as Refused[]).filter((each) => !each.broken.length);
}

function Refusals({ draft }: { draft: Draft }) {
  const whole = wholly(draft);
  if (!whole.length) return null;
  return (
    <div class="notice bad" role="alert">
      {whole.map((each) => <p key={each.message}>{each.message}</p>)}
    </div>
  );
}

/** Deletes it once nobody has said undo, and with it the list of the people chosen for it. */
function Removal({ draft }: { draft: Draft }) {
  const remove = () => {
    draft.stop();
    const { audience } = draft.form;
    removeDrafts([draft.stored!.shown], () => {
      if (audience.kind !== "people" || !audience.id) return;
      // In use elsewhere meanwhile: then it stays.
      api.DELETE("/lists/{list_id}", { params: { path: { list_id: audience.id } } }).catch(
        () => {},
      );
    });
    go("/campaigns");
  };
  return <button type="button" class="plain" onClick={remove}>Delete this draft</button>;
}
