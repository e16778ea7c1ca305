/** Pages of a long list: read one after the other, and kept. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Refused, Unreachable } from "../api.ts";

export interface PageOf<T> {
  data: readonly T[];
  next_cursor: string | null;
}

export interface Pages<T> {
  rows: readonly T[] | undefined;
  /** Why they cannot be shown. */
  refused: Refused | undefined;
  /** Read the next page; undefined: there is none. */
  more: (() => void) | undefined;
  /** Begin anew. */
  again(): void;
}

/** Return a list's pages as they are read. When `key` changes it is another list. */
export function usePages<T>(
  key: string,
  read: (cursor: string | undefined, signal: AbortSignal) => Promise<PageOf<T>>,
): Pages<T> {
  const [state, setState] = useState<
    { key: string; rows?: readonly T[]; cursor?: string | null; refused?: Refused }
  >({ key });
  const [turn, setTurn] = useState(0);
  const latest = useRef(read);
  latest.current = read;
  const stop = useRef(new AbortController());
  const under = useRef(false);

  const load = useCallback(async (cursor: string | undefined, before: readonly T[]) => {
    const { signal } = stop.current;
    under.current = true;
    try {
      const page = await latest.current(cursor, signal);
      if (!signal.aborted) {
        setState({ key, rows: [...before, ...page.data], cursor: page.next_cursor });
      }
    } catch (error) {
      if (signal.aborted || error instanceof Unreachable) return;
      if (!(error instanceof Refused)) throw error;
      setState({ key, rows: before.length ? before : undefined, refused: error });
    } finally {
      if (stop.current.signal === signal) under.current = false;
    }
  }, [key]);

  useEffect(() => {
    stop.current = new AbortController();
    load(undefined, []);
    return () => stop.current.abort();
  }, [key, turn]);

  const mine = state.key === key ? state : undefined;
  const cursor = mine?.cursor;
  return {
    rows: mine?.rows,
    refused: mine?.refused,
    more: cursor ? () => void (under.current || load(cursor, mine!.rows!)) : undefined,
    again: useCallback(() => setTurn((last) => last + 1), []),
  };
}

/** The foot of a table whose rows come in pages. */
export function PagesFoot({ pages, what, one }: {
  pages: Pages<unknown>;
  what: string;
  /** What a single one is called. */
  one?: string;
}) {
  const count = pages.rows?.length;
  return (
    <>
      <span>
        {count?.toLocaleString()} {count === 1 && one ? one : what}
        {pages.more ? " so far" : ""}
      </span>
      {pages.more && <button type="button" onClick={pages.more}>Show more</button>}
    </>
  );
}
