/** What people have texted: by what it was taken for, whose it is, what it answers, and day. */

import { useState } from "preact/hooks";
import { api, ask, type Schemas } from "../../api.ts";
import { CALM, useLive } from "../../live.ts";
import { between } from "../../logic/day.ts";
import { doneAbout, takenFor, takenIn, written } from "../../logic/people/inbox.ts";
import { Failure, Waiting } from "../../parts/failure.tsx";
import { PagesFoot, usePages } from "../../parts/pages.tsx";
import { type ColumnOf, Table } from "../../parts/table.tsx";
import { When } from "../../parts/time.tsx";
import { Why } from "../../parts/why.tsx";
import { withQuery } from "../../routes.ts";
import { useMay } from "../../session.ts";
import { TextFilters } from "./text_filters.tsx";

type Text = Schemas["ShownText"];

const PAGE = 50;

export function Texts({ query }: { query: URLSearchParams }) {
  const mayRead = useMay("operator", "messages");
  const [why, setWhy] = useState<string | undefined>();
  const asked = {
    taken_for: takenIn(query),
    contact_id: query.get("contact_id") ?? undefined,
    campaign_id: query.get("campaign_id") ?? undefined,
    ...between(query.get("from") ?? undefined, query.get("to") ?? undefined),
  };
  const key = JSON.stringify(asked);
  const read = (cursor: string | undefined, limit: number, signal: AbortSignal) =>
    ask(api.GET("/inbound", { params: { query: { ...asked, cursor, limit } }, signal }));
  const pages = usePages(`inbox ${key}`, (cursor, signal) => read(cursor, PAGE, signal));
  const newest = useLive(
    `newest ${key}`,
    async (signal) => (await read(undefined, 1, signal)).data[0],
    () => CALM,
  ).value;
  const isNew = newest && pages.rows && !pages.rows.some((row) => row.id === newest.id);
  return (
    <>
      <TextFilters query={query} />
      <Failure of={pages.refused} />
      {isNew && (
        <div class="notice beside apart" role="status">
          <span>Somebody has written since.</span>
          <button type="button" onClick={pages.again}>Show it</button>
        </div>
      )}
      {!pages.rows ? !pages.refused && <Waiting /> : (
        <Table
          caption="Texts"
          rows={pages.rows}
          id={(row) => row.id}
          columns={columnsOf(mayRead, setWhy)}
          empty={<None filtered={key !== "{}"} more={pages.more} />}
          foot={<PagesFoot pages={pages} what="texts" one="text" />}
        />
      )}
      {why && <Why id={why} close={() => setWhy(undefined)} />}
    </>
  );
}

/** The last looked at may hold none, and there may be more behind it. */
function None({ filtered, more }: { filtered: boolean; more?: () => void }) {
  if (more) {
    return (
      <>
        <p>There are none among the texts that were looked through so far.</p>
        <button type="button" onClick={more}>Look further</button>
      </>
    );
  }
  if (filtered) return <p>Nobody has written this.</p>;
  return (
    <p>
      Nobody has written yet. Texts arrive here once your provider is told where to send them:{" "}
      <a href="#/health">Health</a> says what is set up.
    </p>
  );
}

function columnsOf(mayRead: boolean, why: (id: string) => void): readonly ColumnOf<Text>[] {
  return [
    { name: "From", cell: (row) => <a href={`#/people/${row.contact_id}`}>{row.address}</a> },
    {
      name: "Wrote",
      cell: (row) => (
        <span class={row.body ? "as-written" : "soft"}>{written(row.body, mayRead)}</span>
      ),
    },
    { name: "Taken for", cell: (row) => <Taken of={row} /> },
    {
      name: "Answers",
      cell: (row) => row.campaign_id && <a href={`#/campaigns/${row.campaign_id}`}>Campaign</a>,
    },
    {
      name: "Message",
      act: true,
      cell: (row) =>
        row.message_id && (
          <button type="button" class="plain" onClick={() => why(row.message_id!)}>
            Show<span class="hidden">{` what ${row.address} answered`}</span>
          </button>
        ),
    },
    {
      name: "At",
      cell: (row) => (
        <div class="stack tight">
          <When at={row.at} />
          <span class="small soft">to {row.to}, by {row.provider}</span>
        </div>
      ),
    },
  ];
}

function Taken({ of }: { of: Text }) {
  const to = withQuery("/suppressions", { address: of.address });
  return (
    <div class="stack tight">
      <span>{takenFor(of.taken_for)}</span>
      <span class="small soft">
        {of.taken_for === "reply"
          ? doneAbout(of.taken_for)
          : <a href={`#${to}`}>{doneAbout(of.taken_for)}</a>}
      </span>
    </div>
  );
}
