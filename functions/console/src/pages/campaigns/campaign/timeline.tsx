/** The chart of a campaign's time: loaded once, and brought up to date by what its progress tells. */

import { useMemo } from "preact/hooks";
import { api, ask } from "../../../api.ts";
import { NEVER, useLive } from "../../../live.ts";
import { type Bucket, merged, perWhat, slotted } from "../../../logic/campaigns/timeline.ts";
import { Waiting } from "../../../parts/failure.tsx";
import { Chart, type Column, Legend } from "../../../parts/drawings.tsx";
import type { Shown } from "../campaign.tsx";

/** So often it is read anew while it runs: receipts tell of earlier minutes as well. */
const ANEW = 60_000;
const DAY_S = 86_400;

export function Timeline({ campaign, progress }: Shown) {
  const running = progress.status === "running";
  const whole = useLive(
    `timeline ${campaign.id} ${running}`,
    (signal) =>
      ask(
        api.GET("/campaigns/{campaign_id}/timeline", {
          params: { path: { campaign_id: campaign.id } },
          signal,
        }),
      ),
    () => running ? ANEW : NEVER,
  );
  const newest = progress.timeline;
  const drawn = useMemo(() => {
    const buckets = merged(whole.value?.buckets ?? [], newest);
    const now = running ? Date.now() : undefined;
    return slotted(buckets, campaign.started_at!, now);
  }, [whole.value, newest, campaign.started_at, running]);
  const title = `Sent, delivered and failed, per ${perWhat(drawn.width_s)}`;
  const columns = drawn.slots.map((slot) => columnOf(slot));
  if (!whole.value || !columns.length) {
    return (
      <section class="sheet stack">
        <h2>{title}</h2>
        {whole.value ? <p class="soft">Nothing has been sent yet.</p> : <Waiting />}
      </section>
    );
  }
  return (
    <section class="sheet stack">
      <div class="beside apart">
        <h2>{title}</h2>
        <Legend parts={columns[0].parts} />
      </div>
      <Chart title={title} columns={columns} beside />
      <details>
        <summary>As a table</summary>
        <Figures columns={columns} title={title} />
      </details>
    </section>
  );
}

function columnOf(slot: Bucket): Column {
  return {
    label: labelOf(slot),
    parts: [
      { name: "sent", value: slot.sent, fill: "accent" },
      { name: "delivered", value: slot.delivered, fill: "good" },
      { name: "failed", value: slot.failed, fill: "bad" },
    ],
  };
}

function labelOf({ at, width_s }: Bucket): string {
  const words: Intl.DateTimeFormatOptions = width_s >= DAY_S
    ? { day: "numeric", month: "short" }
    : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return new Date(at).toLocaleString("en-GB", words);
}

function Figures({ columns, title }: { columns: readonly Column[]; title: string }) {
  return (
    <div class="table-wrap">
      <table>
        <caption class="hidden">{title}</caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            {columns[0].parts.map(({ name }) => (
              <th scope="col" class="number" key={name}>{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {columns.map(({ label, parts }, index) => (
            <tr key={index}>
              <td>{label}</td>
              {parts.map(({ name, value }) => (
                <td class="number" key={name}>{value.toLocaleString()}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
