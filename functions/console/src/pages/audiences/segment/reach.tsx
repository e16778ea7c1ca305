/** Whom conditions hold for just now: how many, and ten of them. */

import { useRef } from "preact/hooks";
import { api, ask, type Schemas } from "../../../api.ts";
import { type Live, useLive } from "../../../live.ts";
import { Person } from "../../../parts/person.tsx";
import { Table } from "../../../parts/table.tsx";
import { useMay } from "../../../session.ts";
import { useSettled } from "../../../settled.ts";

type Member = Schemas["SegmentMember"];
export type Document = Schemas["SegmentCondition"];

interface Reached {
  count: Schemas["ShownCount"];
  /** undefined: the caller may not see people. */
  people?: Schemas["SegmentMemberPage"];
}

/** Ask whom conditions hold for, once nobody changes them; an older question is given up. */
export function useReach(text: string | undefined): Live<Reached | undefined> {
  const may = useMay("viewer", "contacts");
  const settled = useSettled(text);
  return useLive(`${may} ${settled}`, async (signal) => {
    if (!settled) return undefined;
    const body = { conditions: JSON.parse(settled) as Document };
    const query = { limit: 10 };
    const [count, people] = await Promise.all([
      ask(api.POST("/segments/count", { body, signal })),
      may ? ask(api.POST("/segments/contacts", { body, params: { query }, signal })) : undefined,
    ]);
    return { count, people };
  });
}

interface ReachProps {
  reach: Live<Reached | undefined>;
  /** Whether all conditions are filled in. */
  complete: boolean;
}

export function Reach({ reach, complete }: ReachProps) {
  const last = useRef<Reached | undefined>(undefined);
  if (reach.value) last.current = reach.value;
  const shown = reach.value ?? last.current;
  return (
    <section class="sheet stack" aria-busy={complete && !reach.value && !reach.refused}>
      <h2>Whom they hold for</h2>
      <p class="reach" role="status">
        {!complete
          ? <span class="soft">Fill in every condition to see whom they hold for.</span>
          : reach.refused
          ? <span class="soft">Not known: see what is wrong with the conditions.</span>
          : shown
          ? <Count of={shown.count} />
          : <span class="soft">Counting…</span>}
      </p>
      {complete && !reach.refused && shown?.people && <Sample of={shown.people} />}
    </section>
  );
}

function Count({ of: { count, exact } }: { of: Schemas["ShownCount"] }) {
  const number = count.toLocaleString();
  const people = count === 1 ? "person" : "people";
  return exact
    ? (
      <>
        <strong>{number}</strong> {people} now
      </>
    )
    : (
      <>
        About <strong>{number}</strong> {people}{" "}
        or more: there are too many to count them all while you wait
      </>
    );
}

/** Ten at most, so that somebody sees whether they are the right ones. */
function Sample({ of: { data, next_cursor: next } }: { of: Schemas["SegmentMemberPage"] }) {
  if (!data.length) {
    return (
      <p class="soft">
        {next ? "There is nobody among the first who were looked at." : "They hold for nobody."}
      </p>
    );
  }
  return (
    <Table<Member>
      caption="Some of them"
      rows={data}
      id={(row) => row.id}
      columns={[
        { name: "Name", cell: (row) => <Person of={row} /> },
        { name: "Reached at", cell: (row) => row.phone || row.email },
        { name: "Location", cell: (row) => row.location || <span class="soft">–</span> },
      ]}
      foot={next
        ? <span>The first {data.length} of them</span>
        : <span>{data.length === 1 ? "That is the only one" : `These are all ${data.length}`}
        </span>}
    />
  );
}
