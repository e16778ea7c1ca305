/** Whom it is for, and how many of them it reaches. */

import { useEffect, useState } from "preact/hooks";
import { api, ask, Refused, type Schemas, Unreachable } from "../../api.ts";
import { useLive } from "../../live.ts";
import type { AudienceKind } from "../../logic/campaigns/draft.ts";
import { Choices, SelectField, TextField } from "../../parts/field.tsx";
import { useMay } from "../../session.ts";
import { type Draft, sentence } from "./draft.ts";
import { People } from "./people.tsx";

export function AudiencePart({ draft, recount }: { draft: Draft; recount(): void }) {
  const { audience } = draft.form;
  const [left, setLeft] = useState<Record<string, string>>({});
  const mayChoose = useMay("operator", "lists") && useMay("viewer", "contacts");
  const options: (readonly [AudienceKind, string, string])[] = [
    ["list", "A list", "those on it when it starts"],
    ["segment", "A segment", "those for whom its conditions hold when it starts"],
    ["everyone", "Everyone", "every active contact"],
  ];
  if (mayChoose) options.push(["people", "People", "chosen one by one"]);

  function choose(kind: AudienceKind): void {
    setLeft({ ...left, [audience.kind]: audience.id });
    draft.change({ audience: { kind, id: left[kind] ?? "" } });
  }

  const set = (id: string) => draft.change({ audience: { kind: audience.kind, id } });
  return (
    <>
      <Choices
        legend="Audience"
        value={audience.kind}
        change={(kind) => choose(kind as AudienceKind)}
        options={options}
      />
      {audience.kind === "list" && (
        <Named what="list" id={audience.id} change={set} error={sentence(draft, "audience")} />
      )}
      {audience.kind === "segment" && (
        <Named what="segment" id={audience.id} change={set} error={sentence(draft, "audience")} />
      )}
      {audience.kind === "people" && <People draft={draft} changed={recount} />}
    </>
  );
}

interface NamedProps {
  what: "list" | "segment";
  id: string;
  change(id: string): void;
  error?: string;
}

interface Item {
  id: string;
  name: string;
  size?: number;
}

/** One of the lists or segments; those beyond the first are found by the beginning of a name. */
function Named({ what, id, change, error }: NamedProps) {
  const [prefix, setPrefix] = useState("");
  const { value, refused } = useLive(
    `${what} ${prefix}`,
    (signal) => itemsOf(what, prefix, signal),
  );
  const chosen = useLive(`${what} ${id}`, (signal) => itemOf(what, id, signal)).value;
  const [kept, setKept] = useState(value);
  useEffect(() => value && setKept(value), [value]);
  if (refused) return <p class="soft">{refused.message}</p>;
  if (!kept) return null;
  if (!kept.data.length && !prefix) {
    return what === "list"
      ? (
        <p>
          There are no lists yet. <a href="#/imports/new">Import people</a> to make one.
        </p>
      )
      : (
        <p>
          There are no segments yet. <a href="#/segments/new">Write one</a>.
        </p>
      );
  }
  const found: readonly Item[] = kept.data;
  const options = chosen && !found.some((each) => each.id === chosen.id)
    ? [chosen, ...found]
    : found;
  return (
    <div class="columns">
      {(kept.next_cursor || prefix) && (
        <TextField
          label={`Find a ${what}`}
          type="search"
          value={prefix}
          change={setPrefix}
          hint="By the beginning of its name"
        />
      )}
      <SelectField
        label={what === "list" ? "List" : "Segment"}
        value={id}
        change={change}
        error={error}
        options={[["", "Choose one"], ...options.map((each) => [each.id, inWords(each)] as const)]}
      />
    </div>
  );
}

function inWords({ name, size }: Item): string {
  return size === undefined ? name : `${name} (${size.toLocaleString()})`;
}

async function itemsOf(what: "list" | "segment", prefix: string, signal: AbortSignal) {
  const params = { query: { name_prefix: prefix || undefined, limit: 100 } };
  return what === "list"
    ? await ask(api.GET("/lists", { params, signal }))
    : await ask(api.GET("/segments", { params, signal }));
}

async function itemOf(what: "list" | "segment", id: string, signal: AbortSignal) {
  if (!id) return undefined;
  return what === "list"
    ? await ask(api.GET("/lists/{list_id}", { params: { path: { list_id: id } }, signal }))
    : await ask(
      api.GET("/segments/{segment_id}", { params: { path: { segment_id: id } }, signal }),
    );
}

export type Count = Schemas["ShownAudienceCount"];

/** Count whom a campaign reaches if it starts at an instant, or now. */
export function count(id: string, at: string | undefined, signal?: AbortSignal): Promise<Count> {
  const params = { path: { campaign_id: id }, query: { at } };
  return ask(api.GET("/campaigns/{campaign_id}/audience", { params, signal }));
}

export interface Counted {
  count?: Count;
  asking: boolean;
  refused?: Refused;
}

/** Return whom what is stored reaches; `of` changes when it has to be counted again. */
export function useCount(id: string | undefined, at: string | undefined, of: string): Counted {
  const [counted, setCounted] = useState<Counted>({ asking: false });
  useEffect(() => {
    if (!id) return;
    const stop = new AbortController();
    setCounted((last) => ({ ...last, asking: true }));
    count(id, at, stop.signal).then(
      (found) => setCounted({ count: found, asking: false }),
      (error) => {
        if (stop.signal.aborted) return;
        if (error instanceof Unreachable) setCounted((last) => ({ ...last, asking: false }));
        else if (error instanceof Refused) setCounted({ refused: error, asking: false });
        else throw error;
      },
    );
    return () => stop.abort();
  }, [id, at, of]);
  return counted;
}

/** How many get something, in words: exactly, about, or at least. */
export function reachedWords(count: Count): string {
  const number = (count.reached + count.by_fallback).toLocaleString();
  const people = count.reached + count.by_fallback === 1 ? "person" : "people";
  if (count.exact) return `${number} ${people}`;
  return count.total === null ? `at least ${number} ${people}` : `about ${number} ${people}`;
}

export function CountLine({ counted }: { counted: Counted }) {
  const { count, asking, refused } = counted;
  if (refused) return <p class="soft">{refused.message}</p>;
  if (!count) return asking ? <p class="soft">Counting…</p> : null;
  return (
    <p class={asking ? "soft" : undefined}>
      Reaches <strong>{reachedWords(count)}</strong>
      {count.total !== null && ` of ${count.total.toLocaleString()}`}
      {count.not_reached > 0 && `; ${count.not_reached.toLocaleString()} get nothing`}
      {asking && " (counting again)"}
    </p>
  );
}
