/** API keys: the tokens of programs. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api, ask } from "../../api.ts";
import { useBegun } from "../../begun.ts";
import { areaName, type Key, standing } from "../../logic/organisation/api_key.ts";
import { useNow } from "../../parts/clock.tsx";
import { Missing, Waiting } from "../../parts/failure.tsx";
import { PagesFoot, usePages } from "../../parts/pages.tsx";
import { Table } from "../../parts/table.tsx";
import { Tag } from "../../parts/tag.tsx";
import { When } from "../../parts/time.tsx";
import type { PageProps } from "../../routes.ts";
import { useMay } from "../../session.ts";
import { pageKeys } from "../../shell/keys.ts";
import { KeyShown, NewKey } from "./keys/new_key.tsx";
import { Revoke } from "./keys/revoke.tsx";

export default function Keys({ query }: PageProps) {
  const mayKeep = useMay("admin", "api-keys");
  if (mayKeep) return <Kept query={query} />;
  return (
    <div class="page narrow">
      <h1>API keys</h1>
      <p>Admins keep the keys of the organisation's programs: ask one of them for a key.</p>
    </div>
  );
}

function Kept({ query }: { query: URLSearchParams }) {
  const [open, setOpen] = useState<"new" | Key | undefined>();
  const [token, setToken] = useState<string | undefined>();
  useBegun("/keys", query, () => setOpen("new"));
  const pages = usePages(
    "keys",
    (cursor, signal) => ask(api.GET("/api-keys", { params: { query: { cursor } }, signal })),
  );
  useEffect(() => pageKeys({ key: "n", does: "Make a key", act: () => setOpen("new") }), []);
  if (pages.refused) return <Missing of={pages.refused} />;
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>API keys</h1>
          <p class="soft">
            A key is a token for one program. It is shown once: Clarion keeps no more than a digest.
          </p>
        </div>
        <button type="button" class="main-action" onClick={() => setOpen("new")}>New key</button>
      </div>
      {!pages.rows ? <Waiting /> : (
        <KeyTable
          rows={pages.rows}
          revoke={setOpen}
          foot={<PagesFoot pages={pages} what="keys" />}
        />
      )}
      {open === "new" && (
        <NewKey
          close={() => setOpen(undefined)}
          made={(token) => {
            setOpen(undefined);
            setToken(token);
            pages.again();
          }}
        />
      )}
      {token && <KeyShown token={token} close={() => setToken(undefined)} />}
      {open && open !== "new" && (
        <Revoke
          of={open}
          close={() => setOpen(undefined)}
          done={pages.again}
        />
      )}
    </div>
  );
}

interface KeyTableProps {
  rows: readonly Key[];
  revoke(key: Key): void;
  foot: ComponentChildren;
}

function KeyTable({ rows, revoke, foot }: KeyTableProps) {
  const now = useNow(15_000);
  return (
    <Table
      caption="API keys"
      rows={rows}
      id={(key) => key.id}
      columns={[
        { name: "Name", cell: (key) => key.name },
        { name: "Status", cell: (key) => <Tag name={standing(key, now)} /> },
        { name: "Role", cell: (key) => key.role },
        { name: "Areas", cell: (key) => key.areas?.map(areaName).join(", ") ?? "All" },
        { name: "Last used", cell: (key) => <LastUsed at={key.last_used_at} /> },
        { name: "Expires", cell: (key) => <Expires of={key} /> },
        { name: "Made", cell: (key) => <Made of={key} /> },
        {
          name: "Revoke",
          cell: (key) =>
            standing(key, now) === "active" && (
              <button
                type="button"
                class="plain"
                aria-label={`Revoke ${key.name}`}
                onClick={() => revoke(key)}
              >
                Revoke
              </button>
            ),
        },
      ]}
      foot={foot}
      empty={<p>There are no keys yet. A program that asks the API needs one: make it here.</p>}
    />
  );
}

function LastUsed({ at }: { at: string | null }) {
  return at ? <When at={at} /> : <span class="soft">never</span>;
}

function Expires({ of: { expires_at, revoked_at } }: { of: Key }) {
  if (revoked_at) {
    return (
      <span class="soft">
        revoked <When at={revoked_at} />
      </span>
    );
  }
  return expires_at ? <When at={expires_at} /> : <span class="soft">never</span>;
}

function Made({ of: { created_at, created_by } }: { of: Key }) {
  return (
    <span class="stack tight">
      <When at={created_at} />
      <span class="small soft">by {created_by}</span>
    </span>
  );
}
