/** All that happened between us and somebody, the newest first: what was sent, and what they wrote. */

import { useState } from "preact/hooks";
import { api, ask, type Schemas } from "../../api.ts";
import { doneAbout, takenFor, written } from "../../logic/people/inbox.ts";
import { Waiting } from "../../parts/failure.tsx";
import { type PageOf, usePages } from "../../parts/pages.tsx";
import { Tag } from "../../parts/tag.tsx";
import { When } from "../../parts/time.tsx";
import { Why } from "../../parts/why.tsx";
import { useMay } from "../../session.ts";

const PAGE = 25;

export function History({ id }: { id: string }) {
  const mayRead = useMay("viewer", "messages");
  const sent = usePages<Schemas["HistoryItem"]>(`history ${id}`, (cursor, signal) =>
    ask(
      api.GET("/contacts/{contact_id}/history", {
        params: { path: { contact_id: id }, query: { cursor, limit: PAGE } },
        signal,
      }),
    ));
  const written = usePages<Schemas["ShownText"]>(
    `written ${id} ${mayRead}`,
    (cursor, signal) =>
      mayRead
        ? ask(
          api.GET("/inbound", {
            params: { query: { contact_id: id, cursor, limit: PAGE } },
            signal,
          }),
        )
        : NOTHING,
  );
  const [why, setWhy] = useState<string | undefined>();
  if (!sent.rows || !written.rows) return <Waiting />;
  const entries = [
    ...sent.rows.map((row) => ({ at: row.sent_at ?? row.due_at ?? row.created_at ?? "", row })),
    ...written.rows.map((text) => ({ at: text.at, text })),
  ].sort((one, other) => other.at.localeCompare(one.at));
  return (
    <section class="sheet stack" aria-label="History">
      <h2>History</h2>
      {!entries.length && (
        <p class="soft">Nothing has been sent to them, and they have written nothing.</p>
      )}
      <ol class="trail">
        {entries.map((entry) =>
          "row" in entry
            ? <Sent key={entry.row.id} row={entry.row} why={mayRead ? setWhy : undefined} />
            : <Written key={entry.text.id} text={entry.text} />
        )}
      </ol>
      {(sent.more || written.more) && (
        <div>
          <button
            type="button"
            onClick={() => {
              sent.more?.();
              written.more?.();
            }}
          >
            Show more
          </button>
        </div>
      )}
      {why && <Why id={why} close={() => setWhy(undefined)} />}
    </section>
  );
}

const NOTHING: Promise<PageOf<Schemas["ShownText"]>> = Promise.resolve({
  data: [],
  next_cursor: null,
});

function Sent({ row, why }: { row: Schemas["HistoryItem"]; why?: (id: string) => void }) {
  return (
    <li>
      <div class="beside">
        <Tag name={row.status} />
        <span>{row.channel}</span>
        <a href={`#/campaigns/${row.campaign_id}`}>{row.campaign_name || "a single message"}</a>
        {row.node && <span class="soft">at {row.node}</span>}
        {why && <button type="button" class="plain" onClick={() => why(row.id)}>Why?</button>}
      </div>
      <div class="small soft">
        {row.sent_at
          ? (
            <>
              sent <When at={row.sent_at} />
            </>
          )
          : row.due_at
          ? (
            <>
              due <When at={row.due_at} />
            </>
          )
          : (
            <>
              planned <When at={row.created_at} />
            </>
          )}
        {row.read_at && (
          <>
            , read <When at={row.read_at} />
          </>
        )}
        {row.clicked_at && (
          <>
            , clicked <When at={row.clicked_at} />
          </>
        )}
        {row.replied_at && (
          <>
            , replied <When at={row.replied_at} />
          </>
        )}
        {row.reason_words && `: ${row.reason_words}`}
      </div>
      {row.subject && (
        <div>
          <strong>{row.subject}</strong>
        </div>
      )}
      {row.body && <pre>{row.body}</pre>}
    </li>
  );
}

function Written({ text }: { text: Schemas["ShownText"] }) {
  const mayReadWords = useMay("operator", "messages");
  return (
    <li>
      <div class="beside">
        <strong>They wrote</strong>
        <span class="soft">{takenFor(text.taken_for)}: {doneAbout(text.taken_for)}</span>
      </div>
      <div class="small soft">
        <When at={text.at} />, to {text.to} by {text.provider}
      </div>
      <pre>{written(text.body, mayReadWords)}</pre>
    </li>
  );
}
