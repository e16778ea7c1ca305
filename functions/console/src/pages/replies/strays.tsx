/** Receipts whose message is not known here: kept, and tried once more when somebody asks. */

import { useAction } from "../../action.ts";
import { api, ask, type Schemas } from "../../api.ts";
import { replayed } from "../../logic/people/inbox.ts";
import { Failure, Waiting } from "../../parts/failure.tsx";
import { tell } from "../../parts/notes.tsx";
import { PagesFoot, usePages } from "../../parts/pages.tsx";
import { type ColumnOf, Table } from "../../parts/table.tsx";
import { When } from "../../parts/time.tsx";
import { useMay } from "../../session.ts";

const PAGE = 50;

export function Strays() {
  const mayReplay = useMay("operator", "messages");
  const pages = usePages(
    "strays",
    (cursor, signal) =>
      ask(api.GET("/receipts/strays", { params: { query: { cursor, limit: PAGE } }, signal })),
  );
  const replay = useAction(async (key) => {
    const { applied, kept } = await replayAll(key);
    tell(replayed(applied, kept));
    pages.again();
  });
  return (
    <>
      <p>
        They come where a store was restored from a backup, or where a number is used by another
        deployment too. Applied again, those whose message is known by now count for it.
      </p>
      <Failure of={pages.refused} />
      <Failure of={replay.failed} />
      {mayReplay && pages.rows && pages.rows.length > 0 && (
        <div>
          <button
            type="button"
            class="main-action"
            aria-disabled={replay.busy}
            onClick={() => replay.run()}
          >
            {replay.busy ? "One moment…" : "Apply all of them again"}
          </button>
        </div>
      )}
      {!pages.rows ? !pages.refused && <Waiting /> : (
        <Table
          caption="Stray receipts"
          rows={pages.rows}
          id={(row) => row.id}
          columns={COLUMNS}
          empty={<p>Every receipt has found its message.</p>}
          foot={<PagesFoot pages={pages} what="receipts" one="receipt" />}
        />
      )}
    </>
  );
}

/** Apply page after page again; whoever repeats it after a failure applies none twice. */
async function replayAll(key: string): Promise<{ applied: number; kept: number }> {
  const all = { applied: 0, kept: 0 };
  let cursor: string | undefined;
  let turn = 0;
  do {
    const params = {
      query: { cursor },
      header: { "Idempotency-Key": `${key}-${++turn}` },
    };
    const answer = await ask(api.POST("/receipts/replay", { params }));
    all.applied += answer.applied;
    all.kept += answer.kept;
    cursor = answer.next_cursor ?? undefined;
  } while (cursor);
  return all;
}

const COLUMNS: readonly ColumnOf<Schemas["OrphanReceipt"]>[] = [
  { name: "What it tells", cell: (row) => row.kind.replaceAll("_", " ") },
  { name: "Reason", cell: (row) => row.reason },
  {
    name: "Of the message",
    cell: (row) => (
      <div class="stack tight">
        <span class="mono as-written">{row.message_id}</span>
        {row.provider_id && <span class="small soft as-written">{row.provider_id} there</span>}
      </div>
    ),
  },
  {
    name: "At",
    cell: (row) => (
      <div class="stack tight">
        <When at={row.at} seconds />
        <span class="small soft">
          came <When at={row.received_at} />, kept until <When at={row.expires_at} />
        </span>
      </div>
    ),
  },
];
