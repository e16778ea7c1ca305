/** Who got it and who did not: filtered, page by page, as a file, and why. */

import { useEffect, useState } from "preact/hooks";
import { api, ask, ROOT, type Schemas } from "../../../api.ts";
import { CALM } from "../../../live.ts";
import { Failure, Waiting } from "../../../parts/failure.tsx";
import { OUTCOME, whyColumn } from "../../../parts/message_columns.tsx";
import { SelectField, TextField } from "../../../parts/field.tsx";
import { PagesFoot, usePages } from "../../../parts/pages.tsx";
import { type ColumnOf, Table } from "../../../parts/table.tsx";
import { When } from "../../../parts/time.tsx";
import { go, withQuery } from "../../../routes.ts";
import type { Shown } from "../campaign.tsx";
import { Why } from "../../../parts/why.tsx";

type Message = Schemas["ShownMessage"];
type MessageStatus = Schemas["MessageStatus"];

const STATUSES: readonly MessageStatus[] = [
  "pending",
  "sending",
  "unknown",
  "sent",
  "delivered",
  "answered",
  "read",
  "completed",
  "failed",
  "skipped",
  "cancelled",
  "expired",
];
const PAGE = 25;

interface Props extends Shown {
  query: URLSearchParams;
}

export function People({ campaign, progress, query }: Props) {
  const status = STATUSES.find((each) => each === query.get("status"));
  const reason = query.get("reason") ?? "";
  const [asked, setAsked] = useState<string | undefined>();
  const pages = usePages(
    `${campaign.id} ${status} ${reason}`,
    (cursor, signal) =>
      ask(
        api.GET("/campaigns/{campaign_id}/messages", {
          params: {
            path: { campaign_id: campaign.id },
            query: { status, reason, cursor, limit: PAGE },
          },
          headers: { accept: "application/json" },
          signal,
        }),
      ) as Promise<Schemas["MessagePage"]>,
  );
  useFresh(pages, progress, campaign.id);
  const filter = (changes: Record<string, string | undefined>) =>
    go(withQuery(`/campaigns/${campaign.id}`, { status, reason, ...changes }));
  return (
    <section class="stack" id="people" aria-label="People">
      <div class="beside apart">
        <h2>People</h2>
        <a class="button" href={fileOf(campaign.id, status, reason)} download>Download as CSV</a>
      </div>
      <div class="filters">
        <SelectField
          label="Status"
          value={status ?? ""}
          change={(value) => filter({ status: value })}
          options={[["", "all"], ...STATUSES.map((each) => [each, each] as const)]}
        />
        <Reason key={reason} value={reason} change={(value) => filter({ reason: value })} />
        {(status || reason) && (
          <button
            type="button"
            class="plain"
            onClick={() => filter({ status: "", reason: "" })}
          >
            Show all people
          </button>
        )}
      </div>
      <Failure of={pages.refused} />
      {!pages.rows ? !pages.refused && <Waiting /> : (
        <Table
          caption="People and what became of their messages"
          rows={pages.rows}
          id={(row) => row.id}
          columns={columnsOf(campaign.fallbacks.length > 0, setAsked)}
          empty={
            <Nobody
              filtered={!!(status || reason)}
              more={pages.more}
            />
          }
          foot={<PagesFoot pages={pages} what="messages" one="message" />}
        />
      )}
      {asked && <Why id={asked} close={() => setAsked(undefined)} />}
    </section>
  );
}

function columnsOf(byOthers: boolean, why: (id: string) => void): readonly ColumnOf<Message>[] {
  const by: readonly ColumnOf<Message>[] = byOthers
    ? [{
      name: "By",
      cell: (row) => row.step ? `${row.channel}, fallback ${row.step}` : row.channel,
    }]
    : [];
  return [
    ...OUTCOME,
    ...by,
    { name: "Sent", cell: (row) => <When at={row.sent_at} /> },
    {
      name: "Ended, or next",
      cell: (row) =>
        row.ended_at || !row.next_at ? <When at={row.ended_at} /> : (
          <span class="soft nowrap">
            {"next "}
            <When at={row.next_at} />
          </span>
        ),
    },
    whyColumn(why),
  ];
}

/** The reason to filter by: a code, as the links of the reasons fill it in. */
function Reason({ value, change }: { value: string; change(value: string): void }) {
  const [given, setGiven] = useState(value);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change(given.trim());
      }}
    >
      <TextField
        label="Reason (such as busy)"
        value={given}
        change={setGiven}
        type="search"
      />
    </form>
  );
}

interface NobodyProps {
  filtered: boolean;
  more: (() => void) | undefined;
}

function Nobody({ filtered, more }: NobodyProps) {
  if (filtered && more) {
    return (
      <>
        <p>Nobody among those looked through so far.</p>
        <button type="button" onClick={more}>Look on</button>
      </>
    );
  }
  if (filtered) return <p>There is nobody with this status and reason.</p>;
  return <p>There are no messages yet.</p>;
}

/** Read the first page again while it runs, and as long as a stop takes its course behind it. */
function useFresh(
  pages: { rows: readonly unknown[] | undefined; again(): void },
  { status, stats }: Shown["progress"],
  id: string,
): void {
  // Nobody is taken away who has gone on from the first page.
  const few = (pages.rows?.length ?? 0) <= PAGE;
  const counts = status === "running" ? "" : JSON.stringify(stats);
  useEffect(() => {
    if (few && pages.rows) pages.again();
    if (status !== "running" || !few) return;
    const timer = setInterval(pages.again, CALM);
    return () => clearInterval(timer);
  }, [status, counts, id, few]);
}

/** Where the same people are as a file; the browser fetches it by itself. */
function fileOf(id: string, status: string | undefined, reason: string): string {
  return withQuery(`${ROOT}/campaigns/${id}/messages`, { format: "csv", status, reason });
}
