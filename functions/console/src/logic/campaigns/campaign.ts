/** What a campaign's figures mean: the parts of its bar, who works on it, how often to look. */

import type { Schemas } from "../../api.ts";
import type { Part } from "../../parts/drawings.tsx";

export type Progress = Schemas["CampaignProgress"];
export type Stats = Schemas["Stats"];
export type Status = Schemas["CampaignStatus"];

/** What a bar is made of, from what went well to what did not go at all. */
export function barOf(stats: Stats): readonly Part[] {
  return [
    { name: "delivered", value: stats.delivered, fill: "good" },
    { name: "sent", value: Math.max(0, stats.sent - stats.delivered), fill: "accent" },
    { name: "failed", value: stats.failed, fill: "bad" },
    {
      name: "skipped or unknown",
      value: stats.skipped + stats.expired + stats.unknown,
      fill: "warn",
    },
    { name: "cancelled", value: stats.cancelled, fill: "still" },
  ];
}

/** Return how many messages are still to be decided about. */
export function toGo(stats: Stats): number {
  return stats.pending + Math.max(0, stats.sending - stats.unknown);
}

/** A figure, and what it counts. */
export type Figure = readonly [name: string, value: number];

const READ = new Set(["sms", "whatsapp", "email"]);

/** Return the figures of a campaign; what is rare is left out while it is nought. */
export function figuresOf(progress: Progress, channel: string): readonly Figure[] {
  const { stats } = progress;
  const rare: readonly Figure[] = [
    ["Expired", stats.expired],
    ["Cancelled", stats.cancelled],
    ["Clicked", stats.clicked],
    ["Replied", stats.replied],
    ["Complained", stats.complained],
    ["Opted out", stats.opted_out],
  ];
  return [
    ["People", progress.people],
    ["Sent", stats.sent],
    ["Delivered", stats.delivered],
    ...(READ.has(channel) ? [["Read", stats.read] as const] : []),
    ["Failed", stats.failed],
    ["Skipped", stats.skipped],
    ["Unknown", stats.unknown],
    ["In flight", progress.in_flight],
    ["To go", stats.pending],
    ...rare.filter(([, value]) => value),
  ];
}

/** Return how many people would get nothing if it ended now. */
export function unreached(progress: Progress): number {
  return Math.max(0, progress.people - progress.processed);
}

/** Whether it sends no more, and what it had handed over before still goes on. */
export function isEbbing(progress: Progress): boolean {
  return (progress.status === "paused" || progress.status === "cancelled") &&
    progress.in_flight > 0;
}

/** For so long what goes on after a stop is followed closely: longer no call lasts as a rule. */
const EBBS_S = 300;
/** So long before its time a campaign is watched for its start. */
const NEAR_S = 60;

/** Whether a campaign may change at any moment. */
export function isBusy(progress: Progress, scheduledAt: string | null, now: number): boolean {
  if (progress.status === "running") return true;
  const before = (at: string | null) => at ? (now - Date.parse(at)) / 1_000 : Infinity;
  if (progress.status === "scheduled") return before(scheduledAt) > -NEAR_S;
  if (progress.recall && !progress.recall.done) return true;
  return isEbbing(progress) && before(progress.ended_at ?? progress.paused_at) < EBBS_S;
}

/** Who works on a campaign, in words, and what to do; undefined where nobody needs to. */
export function healthOf(progress: Progress): { words: string; doThis?: string } | undefined {
  if (progress.status !== "running") return;
  switch (progress.health.status) {
    case "active":
      return { words: "A worker is on it" };
    case "idle":
      return {
        words: "Nobody is on it just now",
        doThis: "The check, every minute, brings a worker when something is due.",
      };
    case "stale":
      return {
        words: "A worker was lost",
        doThis: "The next check, within a minute, brings another one, which goes on where it" +
          " was. If this stays, look at Health.",
      };
  }
}

/** Return a rate as it is said: few digits, and none that are not known. */
export function rate(perSecond: number): string {
  const digits = perSecond >= 10 ? 0 : perSecond >= 1 ? 1 : 2;
  return `${perSecond.toLocaleString("en-GB", { maximumFractionDigits: digits })}/s`;
}

/** Return how many there are of what: "1 message", "2 messages". */
export function count(number: number, what: string, many = `${what}s`): string {
  return `${number.toLocaleString()} ${number === 1 ? what : many}`;
}
