/** What the console says of an import. */

import type { Schemas } from "../../api.ts";

export type Import = Schemas["ImportItem"];

const WORDS: Partial<Record<Import["status"], string>> = {
  uploading: "being sent",
  queued: "waiting for its turn",
  undoing: "being undone",
};

/** Return a status in words, where they differ from its name. */
export function statusWords(status: Import["status"]): string | undefined {
  return WORDS[status];
}

/** Tell whether something is being done with it. */
export function isAtWork({ status }: Pick<Import, "status">): boolean {
  return ["uploading", "queued", "running", "undoing"].includes(status);
}

/** Tell whether it can be undone at a time. */
export function canUndo({ status, undo_until }: Import, now: Date): boolean {
  const ended = ["completed", "failed", "cancelled"].includes(status);
  return ended && undo_until !== null && new Date(undo_until) > now;
}

/** Tell whether it changed anything that undoing would take back. */
export function hasDone({ created, updated, list_id }: Import): boolean {
  return created > 0 || updated > 0 || list_id !== null;
}

/** Return a number of bytes in words. */
export function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  const [unit, name] = bytes < 1_000_000 ? [1_000, "kB"] : [1_000_000, "MB"];
  return `${(bytes / unit).toLocaleString(undefined, { maximumFractionDigits: 1 })} ${name}`;
}
