/** Reading from the API: once, or again and again while somebody looks. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Refused, Unreachable } from "./api.ts";

/** How often something is asked for again, in ms. */
export const BUSY = 2_000;
export const CALM = 15_000;
/** Of what costs many reads, and changes little. */
export const EACH_MINUTE = 60_000;
export const NEVER = Number.POSITIVE_INFINITY;

export interface Live<T> {
  /** The last good answer; it stays when a later one fails. */
  value: T | undefined;
  /** Why there is none; a silent server is told by the bar above the page. */
  refused: Refused | undefined;
  /** Ask again at once. */
  again(): void;
  /** Show this until the next answer comes. */
  put(value: T): void;
}

/**
 * Return what `read` answers, asked again as often as `pace` says of the last answer.
 *
 * One request at a time; none from a hidden page, which asks at once when it is seen again.
 * When `key` changes, it is about something else, and begins anew.
 */
export function useLive<T>(
  key: string,
  read: (signal: AbortSignal) => Promise<T>,
  pace: (last: T | undefined) => number = () => NEVER,
): Live<T> {
  const [state, setState] = useState<{ key: string; value?: T; refused?: Refused }>({ key });
  const latest = useRef({ read, pace });
  latest.current = { read, pace };
  const wake = useRef<() => void>(() => {});

  useEffect(() => {
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let asking = false;
    let wanted = false;
    let failures = 0;

    async function turn(): Promise<void> {
      clearTimeout(timer);
      if (asking) {
        wanted = true;
        return;
      }
      if (document.hidden) return;
      asking = true;
      const wait = await once();
      asking = false;
      if (ended.signal.aborted) return;
      if (wanted) {
        wanted = false;
        turn();
      } else if (wait < NEVER) timer = setTimeout(turn, wait);
    }

    async function once(): Promise<number> {
      try {
        const value = await latest.current.read(ended.signal);
        failures = 0;
        if (!ended.signal.aborted) setState({ key, value });
        return latest.current.pace(value);
      } catch (error) {
        if (ended.signal.aborted) return NEVER;
        const calm = Math.min(latest.current.pace(undefined), CALM);
        if (error instanceof Refused && error.status < 500) {
          setState((last) => ({
            key,
            value: last.key === key ? last.value : undefined,
            refused: error,
          }));
          return latest.current.pace(undefined);
        }
        if (error instanceof Refused || error instanceof Unreachable) {
          return Math.min(calm * 2 ** ++failures, CALM); // slower and slower
        }
        throw error;
      }
    }

    wake.current = turn;
    document.addEventListener("visibilitychange", turn);
    turn();
    return () => {
      ended.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", turn);
    };
  }, [key]);

  const again = useCallback(() => wake.current(), []);
  const put = useCallback((value: T) => setState({ key, value }), [key]);
  const mine = state.key === key ? state : { value: undefined, refused: undefined };
  return { value: mine.value, refused: mine.refused, again, put };
}
