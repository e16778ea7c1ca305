import { deepStrictEqual as same } from "node:assert/strict";
import {
  barOf,
  figuresOf,
  healthOf,
  isBusy,
  type Progress,
  rate,
  type Stats,
  toGo,
  unreached,
} from "./campaign.ts";

const NONE: Stats = {
  total: 0,
  pending: 0,
  sending: 0,
  sent: 0,
  failed: 0,
  skipped: 0,
  cancelled: 0,
  expired: 0,
  delivered: 0,
  read: 0,
  unknown: 0,
  clicked: 0,
  replied: 0,
  complained: 0,
  opted_out: 0,
};
const STATS: Stats = {
  ...NONE,
  total: 100,
  pending: 40,
  sending: 7,
  sent: 45,
  failed: 3,
  skipped: 4,
  expired: 1,
  delivered: 30,
  unknown: 2,
};
const NOW = Date.parse("2026-03-02T12:00:00Z");

function progress(changes: Partial<Progress>): Progress {
  return {
    campaign_id: "a",
    status: "running",
    reason: null,
    reason_words: "",
    started_at: null,
    paused_at: null,
    ended_at: null,
    updated_at: null,
    start_lateness_s: null,
    stats: STATS,
    people: 100,
    processed: 60,
    in_flight: 5,
    estimated_end_at: null,
    rate: { per_s: null, over_s: 0, allowed_per_s: null, share: 1, whole_again_at: null },
    health: { status: "active", heartbeat_at: null },
    recall: null,
    reasons: [],
    more_reasons: 0,
    timeline: [],
    ...changes,
  };
}

Deno.test("a bar's parts and what is to go are all messages, each once", () => {
  const parts = barOf(STATS).reduce((sum, part) => sum + part.value, 0);
  same(parts + toGo(STATS), STATS.total);
});

Deno.test("what is rare is among the figures once there is some of it", () => {
  const named = (stats: Stats, channel: string) =>
    figuresOf(progress({ stats }), channel).map(([name]) => name);
  same(named(NONE, "voice").includes("Opted out"), false);
  same(named({ ...NONE, opted_out: 1 }, "voice").includes("Opted out"), true);
  same(named(NONE, "voice").includes("Read"), false);
  same(named(NONE, "email").includes("Read"), true);
});

Deno.test("whoever is not done with gets nothing when it ends", () => {
  same(unreached(progress({})), 40);
});

Deno.test("a campaign is watched closely while something may happen", () => {
  const paused_at = "2026-03-02T11:59:58Z";
  same(isBusy(progress({}), null, NOW), true);
  same(isBusy(progress({ status: "paused", paused_at }), null, NOW), true);
  same(isBusy(progress({ status: "paused", paused_at, in_flight: 0 }), null, NOW), false);
  same(isBusy(progress({ status: "paused", paused_at }), null, NOW + 3_600_000), false);
  same(isBusy(progress({ status: "scheduled" }), "2026-03-02T12:00:30Z", NOW), true);
  same(isBusy(progress({ status: "scheduled" }), "2026-03-02T13:00:00Z", NOW), false);
  same(isBusy(progress({ status: "completed" }), null, NOW), false);
  const recall = { recalled: 0, beyond_recall: 0, done: false };
  same(isBusy(progress({ status: "cancelled", recall }), null, NOW), true);
});

Deno.test("a worker that was lost is said, with what to do; none is needed by one that waits", () => {
  same(
    healthOf(progress({ health: { status: "stale", heartbeat_at: null } }))?.words,
    "A worker was lost",
  );
  same(healthOf(progress({ status: "scheduled" })), undefined);
});

Deno.test("rates have as many digits as mean something", () => {
  same([0.123, 9.84, 12.5].map(rate), ["0.12/s", "9.8/s", "13/s"]);
});
