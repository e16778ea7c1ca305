/** A value once nobody changes it any more. */

import { useEffect, useState } from "preact/hooks";

/** Return the value that has stood for 300 ms: what is typed is not asked about letter by letter. */
export function useSettled<T>(value: T, wait = 300): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), wait);
    return () => clearTimeout(timer);
  }, [value, wait]);
  return settled;
}
