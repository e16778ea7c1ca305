/** All templates. */

import { useEffect, useState } from "preact/hooks";
import { api, ask, type Schemas } from "../../api.ts";
import { Missing, Waiting } from "../../parts/failure.tsx";
import { SelectField, TextField } from "../../parts/field.tsx";
import { PagesFoot, usePages } from "../../parts/pages.tsx";
import { Table } from "../../parts/table.tsx";
import { When } from "../../parts/time.tsx";
import { go } from "../../routes.ts";
import { useMay } from "../../session.ts";
import { useSettled } from "../../settled.ts";
import { pageKeys } from "../../shell/keys.ts";
import { CHANNELS } from "../drafts/channel.tsx";

type Channel = Schemas["ChannelKind"];

export default function Templates() {
  const mayWrite = useMay("operator", "templates");
  const [prefix, setPrefix] = useState("");
  const [channel, setChannel] = useState("");
  const begins = useSettled(prefix);
  const pages = usePages(`${channel} ${begins}`, (cursor, signal) => {
    const query = {
      name_prefix: begins || undefined,
      channel: (channel || undefined) as Channel | undefined,
      ...{ cursor, limit: 100 },
    };
    return ask(api.GET("/templates", { params: { query }, signal }));
  });
  useEffect(() => {
    if (!mayWrite) return;
    return pageKeys({ key: "n", does: "New template", act: () => go("/templates/new") });
  }, [mayWrite]);
  if (pages.refused && !pages.rows) return <Missing of={pages.refused} />;
  const filtered = begins || channel;
  return (
    <div class="page">
      <div class="page-head">
        <h1>Templates</h1>
        {mayWrite && <a class="button main-action" href="#/templates/new">New template</a>}
      </div>
      {(filtered || !!pages.rows?.length) && (
        <div class="filters">
          <TextField
            label="Name begins with"
            type="search"
            value={prefix}
            change={setPrefix}
          />
          <SelectField
            label="Channel"
            value={channel}
            change={setChannel}
            options={[
              ["", "All"],
              ...Object.entries(CHANNELS).map(([each, [name]]) => [each, name] as const),
            ]}
          />
        </div>
      )}
      {!pages.rows ? <Waiting /> : (
        <Table
          caption="Templates"
          rows={pages.rows}
          id={(row) => row.id}
          columns={[
            { name: "Name", cell: (row) => <a href={`#/templates/${row.id}`}>{row.name}</a> },
            { name: "Channel", cell: (row) => row.channel ? CHANNELS[row.channel][0] : "any" },
            { name: "Says", cell: (row) => <span class="clipped">{row.subject || row.text}</span> },
            { name: "Version", number: true, cell: (row) => row.version },
            { name: "Changed", cell: (row) => <When at={row.updated_at} /> },
            { name: "By", cell: (row) => row.updated_by },
          ]}
          empty={filtered ? <p>No template is like that.</p> : (
            <>
              <p>There are no templates yet. A template is a text that many campaigns say.</p>
              {mayWrite && <a class="button main-action" href="#/templates/new">Write the first</a>}
            </>
          )}
          foot={<PagesFoot pages={pages} what="templates" />}
        />
      )}
    </div>
  );
}
