/** Doing something over the API: once for each press, and said where it went wrong. */

import { useCallback, useRef, useState } from "preact/hooks";
import { Refused, Unreachable } from "./api.ts";

export interface Action<A extends unknown[]> {
  /** Do it; while it is being done, further presses do nothing. */
  run(...input: A): Promise<void>;
  busy: boolean;
  /** Why it was not done, in the API's words. */
  failed: Refused | Unreachable | undefined;
  /** Forget that. */
  forget(): void;
}

/**
 * Return an action that `act` does. Its key goes with the request as Idempotency-Key: it is made when
 * the button appears and anew once the API has said what came of it, so that a request of which
 * nobody knows the outcome is repeated and not done twice.
 */
export function useAction<A extends unknown[]>(
  act: (key: string, ...input: A) => Promise<unknown>,
): Action<A> {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<Refused | Unreachable | undefined>();
  const key = useRef(crypto.randomUUID());
  const under = useRef(false);
  const latest = useRef(act);
  latest.current = act;

  const run = useCallback(async (...input: A) => {
    if (under.current) return;
    under.current = true;
    setBusy(true);
    setFailed(undefined);
    try {
      await latest.current(key.current, ...input);
      key.current = crypto.randomUUID();
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
      if (error instanceof Refused && error.status < 500) key.current = crypto.randomUUID();
      setFailed(error);
    } finally {
      under.current = false;
      setBusy(false);
    }
  }, []);

  return { run, busy, failed, forget: useCallback(() => setFailed(undefined), []) };
}
