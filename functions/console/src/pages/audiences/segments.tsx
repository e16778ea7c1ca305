/** All segments. */

import { useEffect, useState } from "preact/hooks";
import { api, ask } from "../../api.ts";
import { Missing, Waiting } from "../../parts/failure.tsx";
import { TextField } from "../../parts/field.tsx";
import { PagesFoot, usePages } from "../../parts/pages.tsx";
import { Table } from "../../parts/table.tsx";
import { When } from "../../parts/time.tsx";
import { go } from "../../routes.ts";
import { useMay } from "../../session.ts";
import { useSettled } from "../../settled.ts";
import { pageKeys } from "../../shell/keys.ts";

export default function Segments() {
  const may = useMay("operator", "segments");
  const [prefix, setPrefix] = useState("");
  const settled = useSettled(prefix.trim());
  const pages = usePages(`segments ${settled}`, (cursor, signal) => {
    const query = { cursor, limit: 50, name_prefix: settled || undefined };
    return ask(api.GET("/segments", { params: { query }, signal }));
  });
  useEffect(() => {
    if (!may) return;
    return pageKeys({ key: "n", does: "New segment", act: () => go("/segments/new") });
  }, [may]);
  if (pages.refused) return <Missing of={pages.refused} />;
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>Segments</h1>
          <p class="soft">
            People by conditions; who they are is looked up when a campaign starts.
          </p>
        </div>
        {may && <a class="button main-action" href="#/segments/new">New segment</a>}
      </div>
      <div class="filters">
        <TextField label="Name begins with" type="search" value={prefix} change={setPrefix} />
      </div>
      {!pages.rows ? <Waiting /> : (
        <Table
          caption="Segments"
          rows={pages.rows}
          id={(row) => row.id}
          columns={[
            { name: "Name", cell: (row) => <a href={`#/segments/${row.id}`}>{row.name}</a> },
            { name: "Last changed", cell: (row) => <When at={row.updated_at} /> },
            { name: "Made", cell: (row) => <When at={row.created_at} /> },
            { name: "By", cell: (row) => row.created_by },
          ]}
          empty={settled ? <p>No segment is called so.</p> : (
            <>
              <p>There are no segments yet.</p>
              {may && (
                <p>
                  <a href="#/segments/new">Make the first one</a>, such as everybody in Nairobi whom
                  the last campaign did not reach.
                </p>
              )}
            </>
          )}
          foot={<PagesFoot pages={pages} what="segments" />}
        />
      )}
    </div>
  );
}
