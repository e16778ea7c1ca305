/** All lists. */

import { useEffect, useState } from "preact/hooks";
import { useAction } from "../../action.ts";
import { api, ask, Refused } from "../../api.ts";
import { useBegun } from "../../begun.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Failure, Missing, Waiting } from "../../parts/failure.tsx";
import { TextField } from "../../parts/field.tsx";
import { PagesFoot, usePages } from "../../parts/pages.tsx";
import { Table } from "../../parts/table.tsx";
import { When } from "../../parts/time.tsx";
import { go, type PageProps } from "../../routes.ts";
import { useMay } from "../../session.ts";
import { useSettled } from "../../settled.ts";
import { pageKeys } from "../../shell/keys.ts";

export default function Lists({ query }: PageProps) {
  const may = useMay("operator", "lists");
  const [prefix, setPrefix] = useState("");
  const [making, setMaking] = useState(false);
  useBegun("/lists", query, () => setMaking(may));
  const settled = useSettled(prefix.trim());
  const pages = usePages(`lists ${settled}`, (cursor, signal) => {
    const query = { cursor, limit: 50, name_prefix: settled || undefined };
    return ask(api.GET("/lists", { params: { query }, signal }));
  });
  useEffect(() => {
    if (may) return pageKeys({ key: "n", does: "New list", act: () => setMaking(true) });
  }, [may]);
  if (pages.refused) return <Missing of={pages.refused} />;
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>Lists</h1>
          <p class="soft">People by name: those who were put on them, and nobody else.</p>
        </div>
        {may && (
          <button type="button" class="main-action" onClick={() => setMaking(true)}>
            New list
          </button>
        )}
      </div>
      <div class="filters">
        <TextField label="Name begins with" type="search" value={prefix} change={setPrefix} />
      </div>
      {!pages.rows ? <Waiting /> : (
        <Table
          caption="Lists"
          rows={pages.rows}
          id={(row) => row.id}
          columns={[
            { name: "Name", cell: (row) => <a href={`#/lists/${row.id}`}>{row.name}</a> },
            { name: "People", number: true, cell: (row) => row.size.toLocaleString() },
            { name: "Made", cell: (row) => <When at={row.created_at} /> },
            ...(may
              ? [{
                name: "Do",
                act: true,
                cell: (row: { id: string; name: string }) => (
                  <a
                    href={`#/campaigns/new?list=${row.id}`}
                    aria-label={`New campaign with ${row.name}`}
                  >
                    New campaign
                  </a>
                ),
              }]
              : []),
          ]}
          empty={settled ? <p>No list is called so.</p> : (
            <>
              <p>There are no lists yet.</p>
              {may && (
                <p>
                  <a href="#/imports/new">Import a file</a>{" "}
                  and give its list a name, or make an empty one and add people to it.
                </p>
              )}
            </>
          )}
          foot={<PagesFoot pages={pages} what="lists" />}
        />
      )}
      {making && <NewList close={() => setMaking(false)} />}
    </div>
  );
}

function NewList({ close }: { close(): void }) {
  const [name, setName] = useState("");
  const make = useAction(async (key) => {
    const headers = { "Idempotency-Key": key };
    const made = await ask(api.POST("/lists", { body: { name }, headers }));
    close();
    go(`/lists/${made.id}`);
  });
  return (
    <Dialog title="New list" close={close}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          make.run();
        }}
      >
        <TextField
          label="Name"
          value={name}
          change={setName}
          autocomplete="off"
          error={make.failed instanceof Refused ? make.failed.of("name") : undefined}
        />
        <Failure of={make.failed} />
        <div class="beside">
          <button type="submit" class="main-action" aria-disabled={make.busy}>Make the list</button>
          <button type="button" onClick={close}>Leave it</button>
        </div>
      </form>
    </Dialog>
  );
}
