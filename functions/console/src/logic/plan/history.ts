/** What was done to something, to be taken back and done again. */

export interface History<T> {
  past: readonly T[];
  now: T;
  future: readonly T[];
}

/** So many changes can be taken back. */
const KEPT = 200;

export function begin<T>(now: T): History<T> {
  return { past: [], now, future: [] };
}

/** Change it; what was taken back before cannot be done again then. */
export function commit<T>({ past, now }: History<T>, next: T): History<T> {
  return { past: [...past, now].slice(-KEPT), now: next, future: [] };
}

export function undo<T>(history: History<T>): History<T> {
  const { past, now, future } = history;
  if (!past.length) return history;
  return { past: past.slice(0, -1), now: past[past.length - 1], future: [now, ...future] };
}

export function redo<T>(history: History<T>): History<T> {
  const { past, now, future } = history;
  if (!future.length) return history;
  return { past: [...past, now], now: future[0], future: future.slice(1) };
}
