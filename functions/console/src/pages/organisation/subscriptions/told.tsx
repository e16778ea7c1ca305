/** What a subscription was told: each with its body and answer, to be told again. */

import { useEffect, useState } from "preact/hooks";
import { type Action, useAction } from "../../../action.ts";
import { api, ask, type Schemas } from "../../../api.ts";
import { BUSY, CALM } from "../../../live.ts";
import {
  answerInWords,
  bodyOf,
  type Notification,
} from "../../../logic/organisation/subscription.ts";
import { Button } from "../../../parts/button.tsx";
import { Dialog } from "../../../parts/dialog.tsx";
import { Failure, Waiting } from "../../../parts/failure.tsx";
import { tell } from "../../../parts/notes.tsx";
import { type Pages, PagesFoot, usePages } from "../../../parts/pages.tsx";
import { Table } from "../../../parts/table.tsx";
import { Tag } from "../../../parts/tag.tsx";
import { When } from "../../../parts/time.tsx";
import { session } from "../../../session.ts";
import { useSignal } from "../../../signal.ts";
import { FailedAgain } from "./failed_again.tsx";

type Status = Schemas["NotificationStatus"];

const PAGE = 50;
const FILTERS: readonly (readonly [value: Status | undefined, words: string])[] = [
  [undefined, "All"],
  ["pending", "To be sent"],
  ["delivered", "Delivered"],
  ["failed", "Failed"],
];

interface ToldProps {
  id: string;
  /** Another number: something was told just now. */
  turn: number;
  mayTell: boolean;
}

export function Told({ id, turn, mayTell }: ToldProps) {
  const [status, setStatus] = useState<Status | undefined>();
  const [open, setOpen] = useState<Notification | undefined>();
  const pages = usePages(`${id} ${status}`, (cursor, signal) => {
    const params = {
      path: { subscription_id: id },
      query: { status, cursor: cursor ?? "", limit: PAGE },
    };
    return ask(api.GET("/subscriptions/{subscription_id}/notifications", { params, signal }));
  });
  useEffect(() => {
    if (turn) pages.again();
  }, [turn]);
  useFollowing(pages);
  // It stays open where it is among the rows no more, as when it was told after all.
  const shown = open && (pages.rows?.find((row) => row.id === open.id) ?? open);
  return (
    <section class="stack">
      <div class="beside apart">
        <h2>What it was told</h2>
        {mayTell && <FailedAgain id={id} done={pages.again} />}
      </div>
      <div class="filter-links" role="group" aria-label="Status">
        {FILTERS.map(([value, words]) => (
          <button
            type="button"
            key={words}
            aria-pressed={status === value}
            onClick={() => setStatus(value)}
          >
            {words}
          </button>
        ))}
      </div>
      <Failure of={pages.refused} />
      {!pages.rows ? !pages.refused && <Waiting /> : (
        <Table
          caption="What it was told"
          rows={pages.rows}
          id={(row) => row.id}
          columns={[
            { name: "Event", cell: (row) => <Opens of={row} open={setOpen} /> },
            { name: "Happened", cell: (row) => <When at={row.created_at} seconds /> },
            { name: "Status", cell: (row) => <Tag name={row.status} /> },
            { name: "Attempts", cell: (row) => row.attempts, number: true },
            { name: "Last answer", cell: answerInWords },
            { name: "Next attempt", cell: (row) => <When at={row.next_attempt_at} seconds /> },
          ]}
          foot={<PagesFoot pages={pages} what="notifications" />}
          empty={
            <p>
              {status
                ? "There are none with this status."
                : "It was told nothing yet. What happens from now on is told; a test shows whether it listens."}
            </p>
          }
        />
      )}
      {shown && (
        <One
          of={shown}
          subscription={id}
          mayTell={mayTell}
          close={() => setOpen(undefined)}
          done={pages.again}
        />
      )}
    </section>
  );
}

/** Read the first page again and again while somebody looks, more often while something waits. */
function useFollowing(pages: Pages<Notification>): void {
  const rows = pages.rows;
  useEffect(() => {
    if (!rows || rows.length > PAGE) return;
    const pace = rows.some((row) => row.status === "pending") ? BUSY : CALM;
    const timer = setInterval(() => document.hidden || pages.again(), pace);
    return () => clearInterval(timer);
  }, [rows]);
}

function Opens({ of, open }: { of: Notification; open(of: Notification): void }) {
  return <button type="button" class="plain" onClick={() => open(of)}>{of.type}</button>;
}

interface OneProps {
  of: Notification;
  subscription: string;
  mayTell: boolean;
  close(): void;
  done(): void;
}

function One({ of: told, subscription, mayTell, close, done }: OneProps) {
  const org = useSignal(session)?.org ?? "";
  const again = useReplay(told, subscription, done);
  return (
    <Dialog title={told.type} close={close} kind="drawer">
      <div class="stack wide">
        <dl class="facts">
          <dt>Status</dt>
          <dd>
            <Tag name={told.status} />
          </dd>
          <dt>Happened</dt>
          <dd>
            <When at={told.created_at} seconds />
          </dd>
          <dt>Attempts</dt>
          <dd>{told.attempts}</dd>
          <dt>Last attempt</dt>
          <dd>
            <When at={told.attempted_at} seconds />
          </dd>
          <dt>Answer</dt>
          <dd>{answerInWords(told)}</dd>
          <dt>Next attempt</dt>
          <dd>
            <When at={told.next_attempt_at} seconds />
          </dd>
          <dt>webhook-id</dt>
          <dd>
            <code>{told.id}</code>
          </dd>
        </dl>
        <section class="stack">
          <h3>Body</h3>
          <pre class="quote">{bodyOf(told, org)}</pre>
        </section>
        {mayTell && (
          <div class="stack">
            <Failure of={again.failed} />
            <div>
              <Button action={again}>Replay</Button>
            </div>
            <p class="small soft">
              It is sent again under the same webhook-id, whatever came of it before.
            </p>
          </div>
        )}
      </div>
    </Dialog>
  );
}

function useReplay(told: Notification, subscription: string, done: () => void): Action<[]> {
  return useAction(async (key) => {
    const path = { subscription_id: subscription, notification_id: told.id };
    const headers = { "Idempotency-Key": key };
    await ask(
      api.POST("/subscriptions/{subscription_id}/notifications/{notification_id}/replay", {
        params: { path },
        headers,
      }),
    );
    tell(`${told.type} is sent again.`);
    done();
  });
}
