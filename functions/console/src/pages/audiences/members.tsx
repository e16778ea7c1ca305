/** The people on a list, page by page, and taking one off. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { useAction } from "../../action.ts";
import { api, ask, Refused, type Schemas } from "../../api.ts";
import { Confirm } from "../../parts/dialog.tsx";
import { Missing, Waiting } from "../../parts/failure.tsx";
import { tell } from "../../parts/notes.tsx";
import { PagesFoot, usePages } from "../../parts/pages.tsx";
import { nameOf, Person } from "../../parts/person.tsx";
import { type ColumnOf, Table } from "../../parts/table.tsx";
import type { List } from "./list.tsx";

type Member = Schemas["MemberItem"];

const PAGE = 200;

interface MembersProps {
  list: List;
  may: boolean;
  /** Changes when others are on it. */
  turn: number;
  changed(): void;
}

export function Members({ list, may, turn, changed }: MembersProps) {
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const [asked, setAsked] = useState<Member | undefined>();
  const path = { list_id: list.id };
  const pages = usePages(`members ${list.id}`, (cursor, signal) => {
    const params = { path, query: { cursor, limit: PAGE } };
    return ask(api.GET("/lists/{list_id}/contacts", { params, signal }));
  });
  useEffect(() => {
    if (!turn) return;
    setGone(new Set());
    pages.again();
  }, [turn]);

  async function putBack(member: Member): Promise<void> {
    try {
      const body = { contact_ids: [member.id] };
      const headers = { "Idempotency-Key": crypto.randomUUID() };
      await ask(api.POST("/lists/{list_id}/contacts", { params: { path }, body, headers }));
      setGone((now) => new Set([...now].filter((id) => id !== member.id)));
      changed();
    } catch (error) {
      if (error instanceof Error) tell(`${called(member)} was not put back: ${error.message}`);
    }
  }

  const takeOff = useAction(async (_, member: Member) => {
    const params = { path: { ...path, contact_id: member.id } };
    try {
      await ask(api.DELETE("/lists/{list_id}/contacts/{contact_id}", { params }));
    } catch (error) {
      // Somebody else was faster.
      if (!(error instanceof Refused && error.status === 404)) {
        if (error instanceof Error) tell(`${called(member)} is still on it: ${error.message}`);
        throw error;
      }
    }
    setAsked(undefined);
    setGone((now) => new Set([...now, member.id]));
    changed();
    const undo = isPlain(member) ? () => void putBack(member) : undefined;
    tell(`${called(member)} was taken off the list.`, undo);
  });

  // The same ones while nothing changes, so that the rows of a long list are drawn once.
  const columns = useMemo(
    () => columnsOf(may, (row) => isPlain(row) ? takeOff.run(row) : setAsked(row)),
    [may],
  );
  if (pages.refused) return <Missing of={pages.refused} />;
  if (!pages.rows) return <Waiting />;
  const rows = gone.size ? pages.rows.filter((row) => !gone.has(row.id)) : pages.rows;
  return (
    <>
      <Table<Member>
        caption="People on the list"
        rows={rows}
        id={(row) => row.id}
        columns={columns}
        empty={
          <>
            <p>Nobody is on this list yet.</p>
            {may && (
              <p>
                Add people by name or number, or{" "}
                <a href={`#/imports/new?list=${list.id}`}>import a file into it</a>.
              </p>
            )}
          </>
        }
        foot={<PagesFoot pages={{ ...pages, rows }} what="people" />}
      />
      {asked && (
        <TakeOff
          member={asked}
          close={() => setAsked(undefined)}
          take={() => takeOff.run(asked)}
        />
      )}
    </>
  );
}

function columnsOf(may: boolean, takeOff: (member: Member) => void): ColumnOf<Member>[] {
  const shown: ColumnOf<Member>[] = [
    { name: "Name", cell: (row) => row.contact ? <Person of={row.contact} /> : row.address },
    { name: "Number", cell: (row) => row.contact?.phone || row.address || "–" },
    { name: "E-mail", cell: (row) => row.contact?.email || "–" },
    { name: "Location", cell: (row) => row.contact?.location || "–" },
  ];
  if (!may) return shown;
  const control = (row: Member) => (
    <button
      type="button"
      class="plain"
      aria-label={`Take ${called(row)} off the list`}
      onClick={() => takeOff(row)}
    >
      Take off
    </button>
  );
  return [...shown, { name: "Do", act: true, cell: control }];
}

function called(member: Member): string {
  return member.contact ? nameOf(member.contact) : member.address;
}

/** Tell whether putting somebody back brings all back that the list knew of them. */
function isPlain({ contact, attributes }: Member): boolean {
  return contact !== null && Object.keys(attributes).length === 0;
}

function TakeOff(
  { member, close, take }: { member: Member; close(): void; take(): Promise<void> },
) {
  const action = useAction(take);
  return (
    <Confirm
      title={`Take ${called(member)} off the list?`}
      does="Take off"
      action={action}
      close={close}
      danger
    >
      <p>
        {member.contact
          ? "What the list's own file said of them goes too, and cannot be brought back."
          : "They are no contact any more, and cannot be put on the list again."}
      </p>
    </Confirm>
  );
}
