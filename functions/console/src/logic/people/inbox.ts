/** What people write back, and receipts that belong to nothing, in words. */

import type { Schemas } from "../../api.ts";

type Taken = Schemas["ShownText"]["taken_for"];

/** What a text was taken for, and what was done about it. */
const TAKEN: Record<Taken, readonly [short: string, done: string]> = {
  opt_out: ["Opt-out", "they are not contacted any more"],
  opt_in: ["Opt-in", "they may be contacted again"],
  reply: ["Reply", "nothing else was done"],
};

/** What a list of texts is filtered by, as a form offers it. */
export const TAKEN_FOR: readonly (readonly [value: string, words: string])[] = [
  ["", "Everything"],
  ["reply", "Replies"],
  ["opt_out", "Opt-outs"],
  ["opt_in", "Opt-ins"],
];

/** Return what a text was taken for. */
export function takenFor(taken: Taken): string {
  return TAKEN[taken][0];
}

/** Return what was done because of a text. */
export function doneAbout(taken: Taken): string {
  return TAKEN[taken][1];
}

/** Return what a filter of an address means; undefined where it means nothing. */
export function takenIn(query: URLSearchParams): Taken | undefined {
  const given = query.get("taken_for") ?? "";
  return Object.hasOwn(TAKEN, given) ? given as Taken : undefined;
}

/** Return what somebody wrote; who may not read it is told so. */
export function written(body: string | null, mayRead: boolean): string {
  if (body) return body;
  return mayRead ? "(no words)" : "(operators alone read what people write)";
}

/** Return what came of applying stray receipts once more. */
export function replayed(applied: number, kept: number): string {
  const found = applied === 1 ? "1 receipt has" : `${applied.toLocaleString()} receipts have`;
  if (!applied) return "None of them has found its message: all are kept.";
  if (!kept) return `${found} found the message that it belongs to; none is left.`;
  return `${found} found the message that it belongs to; ${kept.toLocaleString()} are kept.`;
}
