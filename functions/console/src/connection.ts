/** Whether Clarion answers, and since when it does not. */

import { signal } from "./signal.ts";

/** The moment since which nothing was answered; undefined while all is well. */
export const silentSince = signal<Date | undefined>(undefined);

let lastAnswer = new Date();

/** Note that an answer came. */
export function answered(): void {
  lastAnswer = new Date();
  silentSince.set(undefined);
}

/** Note that none came: what is shown is as old as the last one. */
export function unanswered(): void {
  if (!silentSince.get()) silentSince.set(lastAnswer);
}
