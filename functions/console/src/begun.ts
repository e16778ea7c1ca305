/** What a page begins at once where its address asks for it: `/people?new=1` adds a person. */

import { useEffect } from "preact/hooks";
import { withQuery } from "./routes.ts";

/** Begin when the address says `new`, and take the word away: it can be said again. */
export function useBegun(path: string, query: URLSearchParams, begin: () => void): void {
  const asked = query.has("new");
  useEffect(() => {
    if (!asked) return;
    begin();
    const { new: _new, ...rest } = Object.fromEntries(query);
    location.replace(`#${withQuery(path, rest)}`);
  }, [asked]);
}
