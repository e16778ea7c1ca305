/** A value that several parts of the page show, and that tells them when it changes. */

import { useEffect, useState } from "preact/hooks";

export interface Signal<T> {
  get(): T;
  set(value: T): void;
  /** Call whenever it changes; returns how to stop. */
  watch(told: () => void): () => void;
}

export function signal<T>(first: T): Signal<T> {
  let value = first;
  const watchers = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const told of watchers) told();
    },
    watch(told) {
      watchers.add(told);
      return () => watchers.delete(told);
    },
  };
}

/** Return a signal's value, and show the component anew when it changes. */
export function useSignal<T>(shown: Signal<T>): T {
  const [, again] = useState({});
  const value = shown.get();
  useEffect(() => {
    // It may have changed since it was shown, before anybody watched.
    if (!Object.is(shown.get(), value)) again({});
    return shown.watch(() => again({}));
  }, [shown]);
  return value;
}
