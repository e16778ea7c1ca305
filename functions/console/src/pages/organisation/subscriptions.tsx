/** Subscriptions: systems of the organisation's own that are told what happens. */

import { useEffect, useState } from "preact/hooks";
import { api, ask } from "../../api.ts";
import { useAction } from "../../action.ts";
import { EMPTY, type Subscription } from "../../logic/organisation/subscription.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Missing, Waiting } from "../../parts/failure.tsx";
import { PagesFoot, usePages } from "../../parts/pages.tsx";
import { Table } from "../../parts/table.tsx";
import { Tag } from "../../parts/tag.tsx";
import { When } from "../../parts/time.tsx";
import { useBegun } from "../../begun.ts";
import type { PageProps } from "../../routes.ts";
import { useMay } from "../../session.ts";
import { pageKeys } from "../../shell/keys.ts";
import { SubscriptionForm } from "./subscriptions/form.tsx";
import { SecretShown } from "./subscriptions/secret_shown.tsx";

export default function Subscriptions({ query }: PageProps) {
  const [open, setOpen] = useState(false);
  const [secret, setSecret] = useState<string | undefined>();
  const mayKeep = useMay("admin", "subscriptions");
  useBegun("/subscriptions", query, () => setOpen(mayKeep));
  const pages = usePages(
    "subscriptions",
    (cursor, signal) => ask(api.GET("/subscriptions", { params: { query: { cursor } }, signal })),
  );
  useEffect(() => {
    if (mayKeep) return pageKeys({ key: "n", does: "Subscribe", act: () => setOpen(true) });
  }, [mayKeep]);
  if (pages.refused) return <Missing of={pages.refused} />;
  const add = mayKeep && (
    <button type="button" class="main-action" onClick={() => setOpen(true)}>
      New subscription
    </button>
  );
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>Subscriptions</h1>
          <p class="soft">
            Systems of yours that are told what happens, by a signed request for each event.
          </p>
        </div>
        {add}
      </div>
      {!pages.rows ? <Waiting /> : (
        <Table
          caption="Subscriptions"
          rows={pages.rows}
          id={(row) => row.id}
          columns={[
            { name: "URL", cell: (row) => <Where of={row} /> },
            { name: "Status", cell: (row) => <Standing of={row} /> },
            { name: "Events", cell: (row) => <Events of={row} /> },
            { name: "Made", cell: (row) => <When at={row.created_at} /> },
          ]}
          foot={<PagesFoot pages={pages} what="subscriptions" />}
          empty={
            <p>
              Nobody is told yet.
              {mayKeep
                ? " Let a system of yours hear when a campaign is done or somebody opts out."
                : " An admin can let a system of yours hear what happens."}
            </p>
          }
        />
      )}
      {open && (
        <New
          close={() => setOpen(false)}
          made={(secret) => {
            setOpen(false);
            setSecret(secret);
            pages.again();
          }}
        />
      )}
      {secret && <SecretShown secret={secret} close={() => setSecret(undefined)} />}
    </div>
  );
}

function Where({ of: { id, url, description } }: { of: Subscription }) {
  return (
    <span class="stack tight">
      <a href={`#/subscriptions/${id}`} class="breaks">{url}</a>
      {description && <span class="soft small">{description}</span>}
    </span>
  );
}

export function Standing({ of: { active, reason } }: { of: Subscription }) {
  if (active) return <Tag name="active" />;
  return <Tag name="inactive" words={reason ? "switched off by Clarion" : "switched off"} />;
}

function Events({ of: { events } }: { of: Subscription }) {
  const [first, second, ...others] = events;
  const more = others.length ? ` and ${others.length} more` : "";
  return <span title={events.join(", ")}>{[first, second].filter(Boolean).join(", ")}{more}</span>;
}

function New({ close, made }: { close(): void; made(secret: string): void }) {
  const [draft, setDraft] = useState(EMPTY);
  const make = useAction(async (key) => {
    const body = { ...draft, events: [...draft.events], active: true };
    const headers = { "Idempotency-Key": key };
    made((await ask(api.POST("/subscriptions", { body, headers }))).secret);
  });
  return (
    <Dialog title="New subscription" close={close} kind="drawer">
      <SubscriptionForm
        draft={draft}
        change={setDraft}
        action={make}
        does="Subscribe"
        close={close}
      />
    </Dialog>
  );
}
