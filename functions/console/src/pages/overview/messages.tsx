/** Messages of all campaigns, by what became of them: the people behind a figure. */

import { useState } from "preact/hooks";
import { api, ask, type Schemas } from "../../api.ts";
import { OUTCOMES } from "../../logic/campaigns/delivery.ts";
import { channelName } from "../../logic/words/words.ts";
import { Failure, Waiting } from "../../parts/failure.tsx";
import { OUTCOME, whyColumn } from "../../parts/message_columns.tsx";
import { SelectField, TextField } from "../../parts/field.tsx";
import { CHANNELS } from "../../logic/campaigns/campaign_list.ts";
import { type Pages, PagesFoot, usePages } from "../../parts/pages.tsx";
import { type ColumnOf, Table } from "../../parts/table.tsx";
import { When } from "../../parts/time.tsx";
import { Why } from "../../parts/why.tsx";
import { go, type PageProps, withQuery } from "../../routes.ts";

type Message = Schemas["ShownMessage"];
type Filters = Record<string, string | undefined>;

export default function Messages({ query }: PageProps) {
  const wanted: Filters = Object.fromEntries(query);
  const [asked, setAsked] = useState<string | undefined>();
  const pages = usePages(
    JSON.stringify(wanted),
    (cursor, signal) =>
      ask(api.GET("/messages", {
        params: { query: { ...wanted as { outcome?: "sent" }, cursor, limit: 50 } },
        signal,
      })),
  );
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>Messages</h1>
          <p class="soft">
            Of all campaigns, the newest campaign first. <a href="#/delivery">Back to Delivery</a>
          </p>
        </div>
      </div>
      <Filter wanted={wanted} />
      <Failure of={pages.refused} />
      {!pages.rows ? !pages.refused && <Waiting /> : (
        <Table
          caption="Messages"
          rows={pages.rows}
          id={(row) => row.id}
          columns={columnsOf(setAsked)}
          foot={<PagesFoot pages={pages} what="messages" one="message" />}
          empty={<None pages={pages} />}
        />
      )}
      {asked && <Why id={asked} close={() => setAsked(undefined)} />}
    </div>
  );
}

/** The last looked at may hold none, and there may be more behind it. */
function None({ pages }: { pages: Pages<unknown> }) {
  if (!pages.more) return <p>There are no such messages.</p>;
  return (
    <>
      <p>There are none in the campaigns that were looked through so far.</p>
      <button type="button" onClick={pages.more}>Look further</button>
    </>
  );
}

function Filter({ wanted }: { wanted: Filters }) {
  const filter = (part: Filters) => go(withQuery("/messages", { ...wanted, ...part }));
  const { provider, sender, reason, status, outcome_from, outcome_to } = wanted;
  const more = [provider, sender, reason, status].filter(Boolean).join(", ");
  return (
    <div class="filters">
      <SelectField
        label="Outcome"
        value={wanted.outcome ?? ""}
        change={(outcome) =>
          filter(outcome ? { outcome } : { outcome, outcome_from: "", outcome_to: "" })}
        options={[["", "All"], ...OUTCOMES.map((each) => [each, each.replace("_", " ")] as const)]}
      />
      {wanted.outcome && (
        <>
          <TextField
            label="From (UTC)"
            type="date"
            value={outcome_from ?? ""}
            change={(day) => filter({ outcome_from: day })}
          />
          <TextField
            label="To (UTC)"
            type="date"
            value={outcome_to ?? ""}
            change={(day) => filter({ outcome_to: day })}
          />
        </>
      )}
      <SelectField
        label="Channel"
        value={wanted.channel ?? ""}
        change={(channel) => filter({ channel })}
        options={[["", "All"], ...CHANNELS.map((each) => [each, channelName(each)] as const)]}
      />
      {more && (
        <div class="beside">
          <span>{more}</span>
          <button
            type="button"
            class="plain"
            onClick={() => filter({ provider: "", sender: "", reason: "", status: "" })}
          >
            Show all
          </button>
        </div>
      )}
    </div>
  );
}

function columnsOf(why: (id: string) => void): readonly ColumnOf<Message>[] {
  return [
    ...OUTCOME,
    { name: "Channel", cell: (row) => channelName(row.channel) },
    { name: "Campaign", cell: (row) => <a href={`#/campaigns/${row.campaign_id}`}>Open</a> },
    { name: "Sent", cell: (row) => <When at={row.sent_at} /> },
    { name: "Ended", cell: (row) => <When at={row.ended_at} /> },
    whyColumn(why),
  ];
}
