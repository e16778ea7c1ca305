/** Health: whether Clarion works, keeps to its time, and who carries what. */

import { api, ask, ROOT, type Schemas, Unreachable } from "../../api.ts";
import { BUSY, CALM, useLive } from "../../live.ts";
import { channelName } from "../../logic/words/words.ts";
import { Failure, Waiting } from "../../parts/failure.tsx";
import { Table } from "../../parts/table.tsx";
import { Tag } from "../../parts/tag.tsx";
import { span, When } from "../../parts/time.tsx";
import { session, useMay } from "../../session.ts";
import { useSignal } from "../../signal.ts";
import { Sending } from "./sending.tsx";

type Health = Schemas["ShownHealth"];

const WORDS: Readonly<Record<Health["status"], string>> = {
  healthy: "Clarion works, and keeps to its time.",
  degraded: "Clarion works, and is behind. What is late goes on by itself.",
  unhealthy: "Clarion cannot work just now: what is due waits, and nothing is lost.",
  unknown: "Nothing is known yet.",
};

export default function HealthPage() {
  const health = useLive("health", readHealth, (last) => last?.status === "healthy" ? CALM : BUSY);
  const maySee = useMay("viewer", "status");
  const who = useSignal(session);
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>Health</h1>
          {health.value && (
            <div class="beside" role="status">
              <Tag name={health.value.status} />
              <span>{WORDS[health.value.status]}</span>
            </div>
          )}
        </div>
        {health.value && (
          <span class="soft small">
            as of <When at={health.value.timestamp} seconds />, version {who?.version}
          </span>
        )}
      </div>
      <Failure of={health.refused} />
      {!health.value ? !health.refused && <Waiting /> : <Parts of={health.value} />}
      <Providers />
      {maySee && <SendingNow />}
    </div>
  );
}

/** An unwell Clarion answers 503, and says what ails it. */
async function readHealth(signal: AbortSignal): Promise<Health> {
  const response = await fetch(`${ROOT}/health`, { signal, cache: "no-store" }).catch((error) => {
    if (signal.aborted) throw error;
    throw new Unreachable();
  });
  const told = await response.json().catch(() => undefined);
  if (!told?.checks) throw new Unreachable();
  return told;
}

function Parts({ of: { checks } }: { of: Health }) {
  const { database, queue, check, campaigns } = checks;
  const rows = [
    {
      name: "Store",
      status: database.status,
      says: database.status === "healthy" ? "answers" : "does not answer",
      then: "Look at the store's own page, and at STORE_URL.",
    },
    {
      name: "Queue",
      status: queue.status,
      says: queue.status === "healthy" ? "takes tasks" : "does not say that it runs",
      then: "Is it paused, or are its rights gone?",
    },
    {
      name: "Check of every minute",
      status: check.status,
      says: check.age_s === null ? "none was made yet" : `the last was ${span(check.age_s)} ago`,
      then: "Does the scheduler call /check-scheduled-campaigns?",
    },
    {
      name: "Starts of campaigns",
      status: campaigns.status,
      says: campaigns.overdue_s
        ? `one has been due for ${span(campaigns.overdue_s)}`
        : "none is due and waits",
      then: "The check starts what is late; look at it first.",
    },
  ];
  return (
    <Table
      caption="Parts of Clarion"
      rows={rows}
      id={(row) => row.name}
      columns={[
        { name: "Part", cell: (row) => row.name },
        { name: "Status", cell: (row) => <Tag name={row.status} /> },
        { name: "What it says", cell: (row) => row.says },
        {
          name: "What to look at",
          cell: (row) => row.status === "healthy" ? <span class="soft">nothing</span> : row.then,
        },
      ]}
    />
  );
}

function Providers() {
  const channels = useSignal(session)?.channels ?? [];
  return (
    <section class="stack">
      <h2>Who carries what</h2>
      <Table
        caption="Providers"
        rows={channels}
        id={(row) => row.channel}
        columns={[
          { name: "Channel", cell: (row) => channelName(row.channel) },
          { name: "Provider", cell: (row) => row.provider },
          {
            name: "Reaches people",
            cell: (row) =>
              row.simulated
                ? <Tag name="degraded" words="no: it is simulated" />
                : <Tag name="healthy" words="yes" />,
          },
          {
            name: "How it goes",
            cell: (row) => <a href={`#/delivery?channel=${row.channel}`}>Delivery</a>,
          },
        ]}
        empty={<p>No channel is set up: whoever runs Clarion names a provider (SMS_PROVIDER …).</p>}
      />
    </section>
  );
}

function SendingNow() {
  const status = useLive(
    "status",
    (signal) => ask(api.GET("/status", { signal })),
    () => CALM,
  );
  return (
    <>
      <Failure of={status.refused} />
      {status.value && <Sending of={status.value} />}
    </>
  );
}
