/** The lists that somebody is on, and the segments that hold them. */

import { api, ask } from "../../api.ts";
import { type PageOf, usePages } from "../../parts/pages.tsx";
import { useMay } from "../../session.ts";

interface Named {
  id: string;
  name: string;
}

export function BelongsTo({ id }: { id: string }) {
  const mayLists = useMay("viewer", "lists");
  const maySegments = useMay("viewer", "segments");
  const path = { contact_id: id };
  if (!mayLists && !maySegments) return null;
  return (
    <section class="sheet stack" aria-label="Lists and segments">
      <h2>Lists and segments</h2>
      {mayLists && (
        <Names
          what="lists"
          id={id}
          none="On no list."
          read={(cursor, signal) =>
            ask(
              api.GET("/contacts/{contact_id}/lists", {
                params: { path, query: { cursor } },
                signal,
              }),
            )}
        />
      )}
      {maySegments && (
        <Names
          what="segments"
          id={id}
          none="In no segment."
          read={(cursor, signal) =>
            ask(
              api.GET("/contacts/{contact_id}/segments", {
                params: { path, query: { cursor } },
                signal,
              }),
            )}
        />
      )}
    </section>
  );
}

interface NamesProps {
  what: "lists" | "segments";
  id: string;
  none: string;
  read: (cursor: string | undefined, signal: AbortSignal) => Promise<PageOf<Named>>;
}

/** Links to what holds somebody; a page may hold none of them and not be the last. */
function Names({ what, id, none, read }: NamesProps) {
  const pages = usePages<Named>(`${what} of ${id}`, read);
  if (!pages.rows) return null;
  return (
    <div>
      <h3>{what === "lists" ? "Lists" : "Segments"}</h3>
      {pages.rows.length > 0
        ? (
          <ul>
            {pages.rows.map((row) => (
              <li key={row.id}>
                <a href={`#/${what}/${row.id}`}>{row.name}</a>
              </li>
            ))}
          </ul>
        )
        : <p class="soft">{pages.more ? `None of the first ${what} holds them.` : none}</p>}
      {pages.more && (
        <div>
          <button type="button" onClick={pages.more}>{`Look at more ${what}`}</button>
        </div>
      )}
    </div>
  );
}
