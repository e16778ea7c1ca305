/** One list: the people on it, who are added and taken off, and its name. */

import { useState } from "preact/hooks";
import { useAction } from "../../action.ts";
import { api, ask, askTagged, type Schemas } from "../../api.ts";
import { useLive } from "../../live.ts";
import { Confirm } from "../../parts/dialog.tsx";
import { Missing, Waiting } from "../../parts/failure.tsx";
import { tell } from "../../parts/notes.tsx";
import { When } from "../../parts/time.tsx";
import { go, type PageProps } from "../../routes.ts";
import { useMay } from "../../session.ts";
import { AddPeople } from "./add_people.tsx";
import { Members } from "./members.tsx";
import { RenameList } from "./rename_list.tsx";
import { UsedBy } from "./segment/uses.tsx";

export type List = Schemas["ListItem"];

export default function ListPage({ params: { id } }: PageProps) {
  const may = useMay("operator", "lists");
  const seesPeople = useMay("viewer", "contacts");
  const path = { list_id: id };
  const found = useLive(
    `list ${id}`,
    (signal) => askTagged(api.GET("/lists/{list_id}", { params: { path }, signal })),
  );
  const uses = useLive(
    `uses of ${id}`,
    (signal) => ask(api.GET("/lists/{list_id}/campaigns", { params: { path }, signal })),
  );
  const [turn, setTurn] = useState(0);
  const [opened, setOpened] = useState<"add" | "rename" | "delete" | undefined>();
  if (found.refused && !found.value) return <Missing of={found.refused} />;
  if (!found.value) return <Waiting />;
  const [list, tag] = found.value;
  const close = () => setOpened(undefined);
  function again(): void {
    found.again();
    setTurn((last) => last + 1);
  }
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>{list.name}</h1>
          <p class="soft">
            {list.size.toLocaleString()} {list.size === 1 ? "person" : "people"}, made{" "}
            <When at={list.created_at} />
          </p>
        </div>
        {may && (
          <div class="beside">
            <a class="button main-action" href={`#/campaigns/new?list=${id}`}>
              New campaign with it
            </a>
            {seesPeople && (
              <button type="button" onClick={() => setOpened("add")}>Add people</button>
            )}
            <button type="button" onClick={() => setOpened("rename")}>Rename</button>
            <button
              type="button"
              class="danger"
              disabled={!!uses.value?.data.length}
              title={uses.value?.data.length ? `${uses.value.data[0].name} needs it` : undefined}
              onClick={() => setOpened("delete")}
            >
              Delete
            </button>
          </div>
        )}
      </div>
      {seesPeople
        ? <Members list={list} may={may} turn={turn} changed={found.again} />
        : <p class="notice">Who is on it is shown to those who may see people.</p>}
      <UsedBy uses={uses.value} what="list" />
      {opened === "add" && <AddPeople list={list} close={close} changed={again} />}
      {opened === "rename" && (
        <RenameList list={list} tag={tag} close={close} changed={found.again} />
      )}
      {opened === "delete" && <DeleteList list={list} tag={tag} close={close} />}
    </div>
  );
}

function DeleteList({ list, tag, close }: { list: List; tag: string; close(): void }) {
  const remove = useAction(async () => {
    const params = { path: { list_id: list.id }, header: { "If-Match": tag } };
    await ask(api.DELETE("/lists/{list_id}", { params }));
    close();
    tell(`The list ${list.name} is deleted.`);
    go("/lists");
  });
  return (
    <Confirm
      title={`Delete ${list.name}?`}
      does="Delete the list"
      action={remove}
      close={close}
      typed={list.size ? list.name : undefined}
      danger
    >
      <p>
        {list.size.toLocaleString()} {list.size === 1 ? "person is" : "people are"}{" "}
        on it, who stay contacts. Who was on it cannot be brought back.
      </p>
    </Confirm>
  );
}
