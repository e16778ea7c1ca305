/** People chosen one by one: they are a list that belongs to this campaign. */

import { useEffect, useRef, useState } from "preact/hooks";
import { api, ask, Refused, Unreachable } from "../../api.ts";
import { PagesFoot, usePages } from "../../parts/pages.tsx";
import { Failure } from "../../parts/failure.tsx";
import { Field } from "../../parts/field.tsx";
import { type Person, personOf, useFound } from "../../words/people.ts";
import type { Draft } from "./draft.ts";

/** What the list of a campaign's people is called; by this name it is known again. */
export function nameOfPeople(campaign: string): string {
  return `People chosen for ${campaign.slice(0, 12)}`;
}

export function People({ draft, changed }: { draft: Draft; changed(): void }) {
  const { id } = draft.form.audience;
  const [text, setText] = useState("");
  const { people, refused } = useFound(text);
  const [failed, setFailed] = useState<Refused | Unreachable | undefined>();
  const queue = useRef(Promise.resolve());
  const [known, setKnown] = useState<readonly Person[]>([]);
  useEffect(() => people && setKnown(people), [people]);
  const chosen = usePages(`people ${id}`, async (cursor, signal) => {
    if (!id) return { data: [], next_cursor: null };
    const params = { path: { list_id: id }, query: { cursor, limit: 100 } };
    const page = await ask(api.GET("/lists/{list_id}/contacts", { params, signal }));
    return { ...page, data: page.data.flatMap((each) => each.contact ? [each.contact] : []) };
  });

  /** Takes one press after the other: none of several quick ones is lost. */
  function then(act: () => Promise<unknown>): void {
    queue.current = queue.current.then(async () => {
      try {
        setFailed(undefined);
        await act();
      } catch (error) {
        if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
        setFailed(error);
      }
      chosen.again();
      changed();
    });
  }

  async function add(person: Person): Promise<void> {
    const list = draft.form.audience.id || await listOf(draft);
    if (!list) return;
    await ask(
      api.POST("/lists/{list_id}/contacts", {
        params: { path: { list_id: list } },
        body: { contact_ids: [person.id] },
        headers: { "Idempotency-Key": crypto.randomUUID() },
      }),
    );
    if (!draft.form.audience.id) draft.change({ audience: { kind: "people", id: list } });
  }

  async function remove(person: Person): Promise<void> {
    const path = { list_id: draft.form.audience.id, contact_id: person.id };
    await ask(api.DELETE("/lists/{list_id}/contacts/{contact_id}", { params: { path } }));
  }

  const inIt = new Set(chosen.rows?.map((each) => each.id));
  const others = known.filter((person) => !inIt.has(person.id));
  return (
    <div class="columns">
      <div class="stack">
        <Field
          label="Find people"
          hint="By a number, an e-mail address, an id of yours or a place; the newest are shown first"
          error={refused}
          control={(tied) => (
            <input
              {...tied}
              type="search"
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          )}
        />
        <ul class="picker" aria-label="Found">
          {others.map((person) => (
            <li key={person.id}>
              <span>
                {person.name} <span class="soft">{person.address}</span>
              </span>
              <button
                type="button"
                aria-label={`Choose ${person.name}`}
                onClick={() => then(() => add(person))}
              >
                Choose
              </button>
            </li>
          ))}
          {people && !others.length && (
            <li class="soft">{text ? "Nobody else is found." : "There is nobody else."}</li>
          )}
        </ul>
        <Failure of={failed} />
      </div>
      <div class="stack">
        <h3>Chosen</h3>
        <ul class="picker" aria-label="Chosen">
          {chosen.rows?.map(personOf).map((person) => (
            <li key={person.id}>
              <span>
                {person.name} <span class="soft">{person.address}</span>
              </span>
              <button
                type="button"
                class="plain"
                aria-label={`Leave out ${person.name}`}
                onClick={() => then(() => remove(person))}
              >
                Leave out
              </button>
            </li>
          ))}
        </ul>
        <div class="table-foot">
          <PagesFoot pages={chosen} what="people" />
        </div>
      </div>
    </div>
  );
}

/** Return the id of the list that holds this campaign's people; it is made once. */
async function listOf(draft: Draft): Promise<string | undefined> {
  const campaign = await draft.settleDown();
  if (!campaign) return undefined;
  const name = nameOfPeople(campaign.id);
  const there = await ask(
    api.GET("/lists", { params: { query: { name_prefix: name, limit: 1 } } }),
  );
  if (there.data.length) return there.data[0].id;
  const made = await ask(
    api.POST("/lists", {
      body: { name },
      // Two windows of one draft make one list.
      headers: { "Idempotency-Key": `people-${campaign.id}` },
    }),
  );
  return made.id;
}
