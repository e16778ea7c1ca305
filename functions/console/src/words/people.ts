/** People, to write to and to try a text on. */

import { useEffect, useState } from "preact/hooks";
import { api, ask, Refused, type Schemas, Unreachable } from "../api.ts";
import { useLive } from "../live.ts";
import { STANDARD } from "../logic/words/source.ts";
import { useMay } from "../session.ts";

/** Somebody, as far as lists, segments and contacts show them alike. */
export interface Person {
  id: string;
  name: string;
  address: string;
  fields: Readonly<Record<string, string>>;
}

type Known =
  & Pick<Schemas["ContactItem"], "id" | "attributes">
  & {
    [name in typeof STANDARD[number]]?: string | null;
  };

export function personOf(known: Known): Person {
  const name = [known.first_name, known.last_name].filter(Boolean).join(" ");
  const address = known.phone || known.email || "";
  const fields: Record<string, string> = { ...known.attributes };
  for (const field of STANDARD) fields[field] = known[field] ?? "";
  return { id: known.id, name: name || address || known.id, address, fields };
}

/** Return the people that a text finds: a number, an address, an id of yours, or a place. */
async function findPeople(text: string, signal: AbortSignal): Promise<Person[]> {
  const query = queryOf(text.trim());
  const { data } = await ask(
    api.GET("/contacts", { params: { query: { ...query, limit: 20 } }, signal }),
  );
  return data.map(personOf);
}

function queryOf(text: string) {
  if (!text) return {};
  if (/^[+(]?[\d ().-]{5,}$/.test(text)) return { phone: text };
  if (/^[^@ ]+@[^@ ]+$/.test(text)) return { email: text };
  return /\d/.test(text) ? { external_id: text } : { location: text };
}

const WAIT_MS = 300;

/** Return whom a search finds, asked for when the typing has paused. */
export function useFound(text: string): { people?: readonly Person[]; refused?: string } {
  const [found, setFound] = useState<{ people?: readonly Person[]; refused?: string }>({});
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const people = await findPeople(text, stop.signal);
        if (!stop.signal.aborted) setFound({ people });
      } catch (error) {
        if (stop.signal.aborted || error instanceof Unreachable) return;
        if (!(error instanceof Refused)) throw error;
        setFound({ refused: error.broken[0]?.message ?? error.message });
      }
    }, text ? WAIT_MS : 0);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text]);
  return found;
}

const LOOKED_AT = 100;

/** Return the fields that a text may name: everybody's, and those that some people here have. */
export function useFields(): readonly string[] {
  const mayRead = useMay("viewer", "contacts");
  const { value } = useLive("fields", async (signal) => {
    if (!mayRead) return [];
    const query = { limit: LOOKED_AT };
    const { data } = await ask(api.GET("/contacts", { params: { query }, signal }));
    return [...new Set(data.flatMap((person) => Object.keys(person.attributes)))].sort();
  });
  return [...STANDARD, ...value ?? []];
}
