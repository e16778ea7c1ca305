/** Suppressions: addresses that must not be contacted, by whatever campaign. */

import { useEffect, useState } from "preact/hooks";
import { api, ask } from "../../api.ts";
import { useBegun } from "../../begun.ts";
import { Missing, Waiting } from "../../parts/failure.tsx";
import { TextField } from "../../parts/field.tsx";
import { PagesFoot, usePages } from "../../parts/pages.tsx";
import { Table } from "../../parts/table.tsx";
import { go, type PageProps, withQuery } from "../../routes.ts";
import { useMay } from "../../session.ts";
import { pageKeys } from "../../shell/keys.ts";
import { Bars } from "./bars.tsx";
import { Suppress } from "./suppress.tsx";

const PAGE = 50;

export default function Suppressions({ query }: PageProps) {
  const mayWrite = useMay("operator", "suppressions");
  const address = query.get("address") ?? "";
  const [text, setText] = useState(address);
  const [adding, setAdding] = useState(false);
  useBegun("/suppressions", query, () => setAdding(mayWrite));
  const pages = usePages(`suppressions ${address}`, (cursor, signal) =>
    ask(
      api.GET("/suppressions", {
        params: { query: { address: address || undefined, cursor, limit: PAGE } },
        signal,
      }),
    ));
  useEffect(() => {
    if (mayWrite) return pageKeys({ key: "n", does: "Suppress", act: () => setAdding(true) });
  }, [mayWrite]);
  if (pages.refused && !address) return <Missing of={pages.refused} />;
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>Suppressions</h1>
          <p class="soft">
            Whoever opts out, complains or bounces comes here by themselves. No campaign, test or
            single message reaches what is barred.
          </p>
        </div>
        {mayWrite && (
          <button type="button" class="main-action" onClick={() => setAdding(true)}>
            Suppress
          </button>
        )}
      </div>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          go(withQuery("/suppressions", { address: text.trim() }));
        }}
      >
        <TextField
          label="Number or e-mail address"
          type="search"
          error={pages.refused?.message}
          value={text}
          change={setText}
        />
        <button type="submit">Find</button>
      </form>
      {!pages.rows ? !pages.refused && <Waiting /> : (
        <Table
          caption="Suppressions"
          rows={pages.rows}
          id={(row) => row.id}
          columns={[
            {
              name: "Address",
              cell: (row) => (
                <a href={`#${withQuery("/people", { q: row.address })}`}>{row.address}</a>
              ),
            },
            {
              name: "Barred",
              cell: (row) => <Bars of={row} mayLift={mayWrite} again={pages.again} />,
            },
          ]}
          empty={<p>{address ? "Nothing is barred for this address." : "Nobody is suppressed."}</p>}
          foot={<PagesFoot pages={pages} what="addresses" one="address" />}
        />
      )}
      {adding && <Suppress close={() => setAdding(false)} done={pages.again} />}
    </div>
  );
}
