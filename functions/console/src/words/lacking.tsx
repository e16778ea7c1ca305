/** Who of an audience lacks what a text needs. */

import { useEffect, useState } from "preact/hooks";
import { api, ask, Refused, type Schemas, Unreachable } from "../api.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Missing, Waiting } from "../parts/failure.tsx";
import { type PageOf, PagesFoot, usePages } from "../parts/pages.tsx";
import { Table } from "../parts/table.tsx";
import { useMay } from "../session.ts";
import { type Person, personOf } from "./people.ts";

/** Whose fields are looked at. */
export type Whose = Pick<Schemas["TemplateCheck"], "list_id" | "segment_id" | "everyone">;
type Check = Pick<Schemas["TemplateCheck"], "template_id" | "text" | "missing" | "defaults">;

const WAIT_MS = 800;

export function Lacking({ check, whose }: { check: Check | undefined; whose: Whose | undefined }) {
  const [found, setFound] = useState<Schemas["ShownCheck"] | undefined>();
  const [field, setField] = useState("");
  const mayLook = useMay("viewer", "contacts");
  const request = check && whose ? JSON.stringify({ ...check, ...whose }) : undefined;
  useEffect(() => {
    setFound(undefined);
    if (!request) return;
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const body = JSON.parse(request) as Schemas["TemplateCheck"];
        const answer = await ask(api.POST("/templates/check", { body, signal: stop.signal }));
        if (!stop.signal.aborted) setFound(answer);
      } catch (error) {
        // A mistake in the text is told where it is written.
        if (stop.signal.aborted || error instanceof Unreachable || error instanceof Refused) return;
        throw error;
      }
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [request]);

  if (!found) return null;
  const of = `${found.checked.toLocaleString()}${found.complete ? "" : " looked at"}`;
  const missing = Object.entries(found.missing).filter(([, count]) => count);
  if (!missing.length) {
    return found.checked ? <p class="good">None of {of} people lacks a field.</p> : null;
  }
  return (
    <ul class="plain-list">
      {missing.map(([name, count]) => (
        <li key={name}>
          {count.toLocaleString()} of {of} people lack <strong>{name}</strong>{" "}
          {mayLook && (
            <button type="button" class="plain" onClick={() => setField(name)}>Show who</button>
          )}
        </li>
      ))}
      {field && <Who field={field} whose={whose!} close={() => setField("")} />}
    </ul>
  );
}

const LOOKED_AT = 200;

/** The people who lack a field, page by page of their audience. */
function Who({ field, whose, close }: { field: string; whose: Whose; close(): void }) {
  const pages = usePages(JSON.stringify([field, whose]), async (cursor, signal) => {
    const page = await peopleOf(whose, cursor, signal);
    return { ...page, data: page.data.filter((person) => !person.fields[field]) };
  });
  return (
    <Dialog title={`Who lacks ${field}`} close={close} kind="drawer">
      {pages.refused ? <Missing of={pages.refused} /> : !pages.rows ? <Waiting /> : (
        <Table
          caption={`People who lack ${field}`}
          rows={pages.rows}
          id={(person) => person.id}
          columns={[
            {
              name: "Name",
              cell: (person) => <a href={`#/people/${person.id}`}>{person.name}</a>,
            },
            { name: "Address", cell: (person) => person.address },
          ]}
          empty={pages.more
            ? <button type="button" onClick={pages.more}>Look further</button>
            : <p>Nobody lacks it any more.</p>}
          foot={<PagesFoot pages={pages} what="people" />}
        />
      )}
    </Dialog>
  );
}

/** Return a page of an audience's people. */
async function peopleOf(
  whose: Whose,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<PageOf<Person>> {
  const query = { cursor, limit: LOOKED_AT };
  if (whose.list_id) {
    const params = { path: { list_id: whose.list_id }, query };
    const page = await ask(api.GET("/lists/{list_id}/contacts", { params, signal }));
    const known = page.data.flatMap((member) => member.contact ? [personOf(member.contact)] : []);
    return { data: known, next_cursor: page.next_cursor };
  }
  if (whose.segment_id) {
    const params = { path: { segment_id: whose.segment_id }, query };
    const page = await ask(api.GET("/segments/{segment_id}/contacts", { params, signal }));
    return { data: page.data.map(personOf), next_cursor: page.next_cursor };
  }
  const page = await ask(api.GET("/contacts", { params: { query }, signal }));
  return { data: page.data.map(personOf), next_cursor: page.next_cursor };
}
