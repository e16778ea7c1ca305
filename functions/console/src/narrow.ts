/** Whether the page is as narrow as a phone. */

import { useEffect, useState } from "preact/hooks";

/** As the style sheet has it. */
const PHONE = matchMedia("(max-width: 760px)");

/** Return whether there is a phone's width, as it is now. */
export function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(PHONE.matches);
  useEffect(() => {
    const told = () => setNarrow(PHONE.matches);
    PHONE.addEventListener("change", told);
    return () => PHONE.removeEventListener("change", told);
  }, []);
  return narrow;
}
