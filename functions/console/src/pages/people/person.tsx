/** One person: who they are, what stands against contacting them, and all that ever happened. */

import { useState } from "preact/hooks";
import { api, ask, askTagged, type Schemas } from "../../api.ts";
import { useLive } from "../../live.ts";
import { zonesTold } from "../../logic/people/person.ts";
import { Missing, Waiting } from "../../parts/failure.tsx";
import { PagesFoot, usePages } from "../../parts/pages.tsx";
import { nameOf } from "../../parts/person.tsx";
import { Table } from "../../parts/table.tsx";
import { Tag } from "../../parts/tag.tsx";
import { When } from "../../parts/time.tsx";
import type { PageProps } from "../../routes.ts";
import { useMay } from "../../session.ts";
import { BelongsTo } from "./belongs_to.tsx";
import { EditPerson } from "./edit_person.tsx";
import { Erase } from "./erase.tsx";
import { History } from "./history.tsx";
import { Reach, useReach } from "./reach.tsx";
import { Suppressed } from "./suppressed.tsx";

export default function Person({ params }: PageProps) {
  const path = { contact_id: params.id };
  const read = useLive(
    `person ${params.id}`,
    (signal) => askTagged(api.GET("/contacts/{contact_id}", { params: { path }, signal })),
  );
  const reach = useReach(params.id);
  const mayWrite = useMay("operator", "contacts");
  const mayErase = useMay("admin", "contacts");
  const mayWalk = useMay("viewer", "enrollments");
  const maySuppress = useMay("viewer", "suppressions");
  const [open, setOpen] = useState<"edit" | "erase" | undefined>();
  if (!read.value) return read.refused ? <Missing of={read.refused} /> : <Waiting />;
  const [person, tag] = read.value;
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>{nameOf(person)}</h1>
          <p class="soft">
            {person.active ? "Active" : "Not active: campaigns to everybody leave them out"}
          </p>
        </div>
        <div class="beside">
          {mayWrite && <button type="button" onClick={() => setOpen("edit")}>Edit</button>}
          {mayErase && (
            <button type="button" class="danger" onClick={() => setOpen("erase")}>Erase</button>
          )}
        </div>
      </div>
      <div class="columns">
        <Facts of={person} />
        {maySuppress && (
          <Suppressed phone={person.phone} email={person.email} changed={reach.again} />
        )}
        <Reach read={reach} />
        <BelongsTo id={person.id} />
      </div>
      {mayWalk && <Walks id={person.id} />}
      <History id={person.id} />
      {open === "edit" && (
        <EditPerson
          person={person}
          tag={tag}
          close={() => setOpen(undefined)}
          saved={() => {
            read.again();
            reach.again();
          }}
        />
      )}
      {open === "erase" && (
        <Erase
          person={person}
          close={() => setOpen(undefined)}
        />
      )}
    </div>
  );
}

function Facts({ of }: { of: Schemas["ContactItem"] }) {
  const facts: (readonly [string, string | null])[] = [
    ["Number", of.phone],
    ["E-mail", of.email],
    ["Location", of.location],
    ["Preferred product", of.preferred_product],
    ["Id in another system", of.external_id],
    ["Zone", zonesTold(of)],
    ["Country", of.region],
    ...Object.entries(of.attributes).map(([name, value]) => [name, String(value)] as const),
  ];
  return (
    <section class="sheet" aria-label="Who it is">
      <h2>Who it is</h2>
      <dl class="facts">
        {facts.filter(([, value]) => value).map(([name, value]) => [
          <dt key={name}>{name}</dt>,
          <dd key={`${name} is`}>{value}</dd>,
        ])}
        <dt>Known since</dt>
        <dd>
          <When at={of.created_at} />
        </dd>
        <dt>Changed</dt>
        <dd>
          <When at={of.updated_at} />
        </dd>
      </dl>
    </section>
  );
}

/** The plans that somebody walks through, or has. */
function Walks({ id }: { id: string }) {
  const pages = usePages(`walks ${id}`, (cursor, signal) =>
    ask(
      api.GET("/contacts/{contact_id}/enrollments", {
        params: { path: { contact_id: id }, query: { cursor, limit: 20 } },
        signal,
      }),
    ));
  if (!pages.rows?.length) return null;
  return (
    <section class="stack" aria-label="Journeys">
      <h2>Journeys</h2>
      <Table
        caption="Journeys"
        rows={pages.rows}
        id={(row) => row.id}
        columns={[
          {
            name: "Plan",
            cell: (row) => <a href={`#/journeys/${row.campaign_id}`}>{row.campaign_name}</a>,
          },
          {
            name: "Status",
            cell: (row) => <Tag name={row.status} words={row.reason_words || undefined} />,
          },
          { name: "Stands at", cell: (row) => row.nodes.join(", ") },
          { name: "Entered", cell: (row) => <When at={row.entered_at} /> },
          { name: "Next at", cell: (row) => <When at={row.next_at} /> },
        ]}
        foot={<PagesFoot pages={pages} what="journeys" one="journey" />}
      />
    </section>
  );
}
