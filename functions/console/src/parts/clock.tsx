/** The time now, for what counts down. */

import { useEffect, useState } from "preact/hooks";
import { span } from "./time.tsx";

/** Return the time now, in ms; the component is shown anew every so many of them. */
export function useNow(every = 1_000): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

/** How long it is until a moment. `due` is said once it has come. */
export function Until({ at, due }: { at: string; due: string }) {
  const left = (Date.parse(at) - useNow()) / 1_000;
  return <span>{left > 0 ? `in ${span(left)}` : due}</span>;
}
