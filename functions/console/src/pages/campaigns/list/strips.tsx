/** What needs somebody, what runs, and what starts within a day. */

import { useEffect } from "preact/hooks";
import { api, ask, type Schemas } from "../../../api.ts";
import { BUSY, CALM, useLive } from "../../../live.ts";
import { barOf, rate } from "../../../logic/campaigns/campaign.ts";
import { Until } from "../../../parts/clock.tsx";
import { Bar } from "../../../parts/drawings.tsx";
import { When } from "../../../parts/time.tsx";
import type { Item } from "../list.tsx";

/** As many of each as a glance takes in. */
const FEW = 5;
const DAY = 86_400_000;
const KINDS = ["broadcast", "journey", "sequence"] as const;

interface Found {
  rows: readonly Item[];
  more: boolean;
}

export function Strips({ changed }: { changed(): void }) {
  const needs = useLive("needs", readNeeds, () => CALM);
  const runs = useLive("runs", readRunning, () => CALM);
  const next = useLive("next", readNext, () => CALM);
  const again = () => {
    needs.again();
    runs.again();
    next.again();
    changed();
  };
  const strips = [
    needs.value?.rows.length ? <Needs key="needs" of={needs.value} /> : null,
    runs.value?.rows.length ? <Running key="runs" of={runs.value} ended={again} /> : null,
    next.value?.rows.length ? <Next key="next" of={next.value} begun={again} /> : null,
  ].filter(Boolean);
  return strips.length ? <div class="columns">{strips}</div> : null;
}

async function readNeeds(signal: AbortSignal): Promise<Found> {
  const query = { needs_attention: true, page_size: FEW };
  const page = await ask(api.GET("/campaigns", { params: { query }, signal }));
  return found([page], FEW);
}

async function readRunning(signal: AbortSignal): Promise<Found> {
  const pages = await Promise.all(KINDS.map((kind) => {
    const query = { kind, status: "running", page_size: FEW } as const;
    return ask(api.GET("/campaigns", { params: { query }, signal }));
  }));
  return found(pages, FEW);
}

async function readNext(signal: AbortSignal): Promise<Found> {
  const scheduled_before = new Date(Date.now() + DAY).toISOString();
  const pages = await Promise.all(KINDS.map((kind) => {
    const query = { kind, status: "scheduled", scheduled_before, page_size: FEW } as const;
    return ask(api.GET("/campaigns", { params: { query }, signal }));
  }));
  const { rows, more } = found(pages, KINDS.length * FEW);
  const sorted = rows.toSorted((one, other) =>
    Date.parse(one.scheduled_at!) - Date.parse(other.scheduled_at!)
  );
  return { rows: sorted.slice(0, FEW), more: more || sorted.length > FEW };
}

function found(pages: readonly Schemas["CampaignPage"][], most: number): Found {
  const rows = pages.flatMap((page) => page.data);
  const more = pages.some((page) => page.next_cursor) || rows.length > most;
  return { rows: rows.slice(0, most), more };
}

function Needs({ of }: { of: Found }) {
  return (
    <section class="sheet">
      <h2>Needs somebody</h2>
      <ul class="strip">
        {of.rows.map((row) => (
          <li key={row.id}>
            <a href={`#/campaigns/${row.id}`}>{row.name}</a>
            <span class="bad">{row.attention?.why}</span>
            <span class="small soft">
              {row.attention?.next_step}
              {row.attention?.since && (
                <>
                  {" · since "}
                  <When at={row.attention.since} />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
      {of.more && <a href="#/campaigns?needs=me">All that need somebody</a>}
    </section>
  );
}

function Running({ of, ended }: { of: Found; ended(): void }) {
  return (
    <section class="sheet">
      <h2>Running</h2>
      <ul class="strip">
        {of.rows.map((row) => <Runs key={row.id} of={row} ended={ended} />)}
      </ul>
      {of.more && <a href="#/campaigns?status=running">All that run</a>}
    </section>
  );
}

/** One that runs: its bar moves. */
function Runs({ of, ended }: { of: Item; ended(): void }) {
  const { value } = useLive(
    `runs ${of.id}`,
    (signal) =>
      ask(
        api.GET("/campaigns/{campaign_id}/progress", {
          params: { path: { campaign_id: of.id } },
          signal,
        }),
      ),
    () => BUSY,
  );
  const status = value?.status ?? "running";
  useEffect(() => {
    if (status !== "running") ended();
  }, [status]);
  const stats = value?.stats ?? of.stats;
  return (
    <li>
      <div class="beside apart">
        <a href={`#/campaigns/${of.id}`}>{of.name}</a>
        <span class="small soft">
          {stats.sent.toLocaleString()} of {stats.total.toLocaleString()} sent
        </span>
      </div>
      <Bar thin total={stats.total} parts={barOf(stats)} />
      <span class="small soft">
        {value?.rate.per_s != null && rate(value.rate.per_s)}
        {value?.estimated_end_at && (
          <>
            {" · expected end "}
            <When at={value.estimated_end_at} />
          </>
        )}
      </span>
    </li>
  );
}

function Next({ of, begun }: { of: Found; begun(): void }) {
  const first = of.rows[0].scheduled_at!;
  useEffect(() => {
    const timer = setTimeout(begun, Math.max(BUSY, Date.parse(first) - Date.now() + 500));
    return () => clearTimeout(timer);
  }, [of]);
  return (
    <section class="sheet">
      <h2>Within 24 hours</h2>
      <ul class="strip">
        {of.rows.map((row) => (
          <li key={row.id}>
            <div class="beside apart">
              <a href={`#/campaigns/${row.id}`}>{row.name}</a>
              <Until at={row.scheduled_at!} due="any moment now" />
            </div>
            <span class="small soft">
              {row.channel}
              {row.kind !== "broadcast" && `, ${row.kind}`}, <When at={row.scheduled_at} />
            </span>
          </li>
        ))}
      </ul>
      {of.more && <a href="#/calendar">All in the calendar</a>}
    </section>
  );
}
