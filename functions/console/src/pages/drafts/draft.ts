/** A draft on its page: what is written of it, and how far that is saved. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { api, askTagged, type BrokenRule, Refused, type Schemas, Unreachable } from "../../api.ts";
import {
  bodyOf,
  type Form,
  formOf,
  isWritten,
  newBody,
  type Shown,
} from "../../logic/campaigns/draft.ts";
import { type Outcome, Saving, type Shelf, type Stored } from "../../logic/campaigns/saving.ts";
import { HERE } from "../../parts/time.tsx";

export type Draft = Saving<Form, Shown>;

const shelf: Shelf<Shown> = {
  create: (key, body) =>
    outcome(
      api.POST("/campaigns", {
        body: body as Schemas["NewCampaign"],
        headers: { "Idempotency-Key": key },
      }),
    ),
  change: ({ id }, tag, body) =>
    outcome(
      api.PATCH("/campaigns/{campaign_id}", {
        params: { path: { campaign_id: id }, header: { "If-Match": tag } },
        body: body as Schemas["DraftChanges"],
      }),
    ),
  read: ({ id }) =>
    outcome(api.GET("/campaigns/{campaign_id}", { params: { path: { campaign_id: id } } })),
};

async function outcome(asked: Parameters<typeof askTagged<Shown>>[0]): Promise<Outcome<Shown>> {
  try {
    const [shown, tag] = await askTagged(asked);
    return { is: "stored", shown, tag };
  } catch (error) {
    if (error instanceof Unreachable) return { is: "unknown" };
    if (!(error instanceof Refused)) throw error;
    if (error.status === 412) return { is: "stale" };
    if (error.status >= 500 || error.status === 429) return { is: "unknown" };
    return { is: "refused", why: error, fields: error.broken.map((rule) => rule.field) };
  }
}

/** Return a draft that is saved while it is written; `stored`: it is there already. */
export function useDraft(first: Form, stored?: Stored<Shown>): Draft {
  const [, again] = useState({});
  const draft = useMemo(() => {
    let made: Draft | undefined = undefined;
    made = new Saving<Form, Shown>(first, {
      ...{ shelf, bodyOf, isWritten, newBody, key: crypto.randomUUID() },
      formOf: (shown) => peopleAsBefore(made?.form ?? first, formOf(shown, first.not_after.zone)),
      told: () => again({}),
      later(act, ms) {
        const timer = setTimeout(act, ms);
        return () => clearTimeout(timer);
      },
    }, stored);
    return made;
  }, []);
  useEffect(() => {
    const hidden = () => document.hidden && void draft.flush();
    const left = (event: Event) => isUnsaved(draft) && event.preventDefault();
    document.addEventListener("visibilitychange", hidden);
    addEventListener("beforeunload", left);
    return () => {
      document.removeEventListener("visibilitychange", hidden);
      removeEventListener("beforeunload", left);
      // Another page of the console is opened: what was typed last goes on its way.
      void draft.flush();
    };
  }, [draft]);
  return draft;
}

/** People who were chosen for this campaign are a list of its own; it stays shown as that. */
function peopleAsBefore(before: Form, form: Form): Form {
  const same = before.audience.kind === "people" && before.audience.id === form.audience.id;
  return same ? { ...form, audience: before.audience } : form;
}

export function isUnsaved({ state }: Draft): boolean {
  return state !== "saved" && state !== "blank";
}

/** The sentences about a field, of what was refused last. */
export function about(draft: Draft, field: string): BrokenRule[] {
  return (draft.refused as Refused[]).flatMap((each) => each.about(field));
}

/** The first of them. */
export function sentence(draft: Draft, field: string): string | undefined {
  return about(draft, field)[0]?.message;
}

/** The zone in which times are given at first. */
export const ZONE = HERE;
