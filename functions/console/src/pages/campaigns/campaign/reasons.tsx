/** Why messages wait, failed or were left out, with how many there are, and the way to the people. */

import { useEffect } from "preact/hooks";
import { api, ask } from "../../../api.ts";
import { NEVER, useLive } from "../../../live.ts";
import { Waiting } from "../../../parts/failure.tsx";
import { Tag } from "../../../parts/tag.tsx";
import { withQuery } from "../../../routes.ts";
import type { Shown } from "../campaign.tsx";

/** So often all of them are read anew while it runs, ms. */
const ANEW = 60_000;

interface Props extends Shown {
  query: URLSearchParams;
}

export function Reasons({ campaign, progress, query }: Props) {
  const running = progress.status === "running";
  const told = useLive(
    `reasons ${campaign.id} ${running}`,
    (signal) =>
      ask(
        api.GET("/campaigns/{campaign_id}/reasons", {
          params: { path: { campaign_id: campaign.id } },
          signal,
        }),
      ),
    () => running ? ANEW : NEVER,
  );
  // The words are read seldom; what is counted of the largest meanwhile comes with the progress.
  const newest = new Map(progress.reasons.map((each) => [keyOf(each), each.count]));
  const known = new Set(told.value?.reasons.map(keyOf));
  const unknown = progress.reasons.some((each) => !known.has(keyOf(each)));
  const gone = progress.more_reasons === 0
    ? told.value?.reasons.some((each) => !newest.has(keyOf(each)))
    : false;
  const stale = told.value !== undefined && (unknown || gone);
  useEffect(() => {
    if (stale) told.again();
  }, [stale, progress.reasons]);
  const rows = told.value?.reasons
    .map((each) => ({ ...each, count: newest.get(keyOf(each)) ?? each.count }))
    .sort((one, other) => other.count - one.count);
  return (
    <section class="sheet stack">
      <h2>By reason</h2>
      {!rows ? <Waiting /> : rows.length
        ? (
          <table>
            <caption class="hidden">Messages by reason</caption>
            <thead class="hidden">
              <tr>
                <th scope="col">Reason</th>
                <th scope="col">Status</th>
                <th scope="col">Messages</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => {
                const { status, reason } = row;
                const here = query.get("status") === status && query.get("reason") === reason;
                return (
                  <tr key={keyOf(row)}>
                    <td>
                      <a
                        href={`#${withQuery(`/campaigns/${campaign.id}`, { status, reason })}`}
                        aria-current={here ? "true" : undefined}
                        onClick={toPeople}
                      >
                        {row.reason_words || reason}
                      </a>
                    </td>
                    <td>
                      <Tag name={status} />
                    </td>
                    <td class="number">{row.count.toLocaleString()}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        )
        : <p class="soft">Nothing has failed, waits or was left out.</p>}
    </section>
  );
}

function keyOf({ status, reason }: { status: string; reason: string }): string {
  return `${status} ${reason}`;
}

/** Bring the people into sight once they are filtered. */
function toPeople(): void {
  setTimeout(() => document.getElementById("people")?.scrollIntoView());
}
