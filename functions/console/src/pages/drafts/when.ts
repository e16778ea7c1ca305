/** When it starts: said when it is scheduled, and no part of the draft that is stored. */

import { useEffect, useState } from "preact/hooks";
import { instant, type Moment } from "../../logic/moment.ts";
import { type Repeat, repetition, weekly } from "../../logic/campaigns/repeat.ts";

export interface When {
  how: "now" | "at";
  at: Moment;
  repeats: boolean;
  repeat: Repeat;
}

/** Return when a draft is to start, kept in this window for as long as it is open. */
export function useWhen(draft: string | undefined, zone: string) {
  const [when, setWhen] = useState<When>(() =>
    kept(draft) ??
      { how: "now", at: { local: "", zone }, repeats: false, repeat: weekly(zone) }
  );
  useEffect(() => {
    if (draft) sessionStorage.setItem(nameOf(draft), JSON.stringify(when));
  }, [draft, when]);
  return [when, (part: Partial<When>) => setWhen((last) => ({ ...last, ...part }))] as const;
}

function kept(draft: string | undefined): When | undefined {
  const text = draft && sessionStorage.getItem(nameOf(draft));
  return text ? JSON.parse(text) : undefined;
}

function nameOf(draft: string): string {
  return `clarion.when.${draft}`;
}

/** The instant from which on it starts; undefined: now. */
export function startOf(when: When): string | undefined {
  return when.how === "at" ? instant(when.at) : undefined;
}

/** What POST /campaigns/{id}/schedule takes; undefined: it is sent now, once. */
export function scheduleOf(when: When) {
  const scheduled_at = startOf(when) ?? null;
  if (when.repeats) return { scheduled_at, repeat: repetition(when.repeat, when.at.zone) };
  return scheduled_at ? { scheduled_at } : undefined;
}
