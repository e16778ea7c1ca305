import { deepStrictEqual as same } from "node:assert/strict";
import { type Bucket, merged, perWhat, slotted } from "./timeline.ts";

const START = "2026-03-02T12:00:00Z";

function bucket(minute: number, sent: number, width_s = 60): Bucket {
  const at = new Date(Date.parse(START) + minute * 60_000).toISOString();
  return { at, width_s, sent, delivered: sent, failed: 0, skipped: 0 };
}

Deno.test("newer pieces take the place of older ones of the same time, however it is written", () => {
  const known = [bucket(0, 5), bucket(1, 2)];
  const newer = [{ ...bucket(1, 4), at: "2026-03-02T12:01:00+00:00" }, bucket(2, 1)];
  same(merged(known, newer).map((each) => each.sent), [5, 4, 1]);
});

Deno.test("minutes in which nothing happened are drawn as nothing", () => {
  const { width_s, slots } = slotted([bucket(0, 5), bucket(3, 1)], START);
  same([width_s, slots.map((each) => each.sent)], [60, [5, 0, 0, 1]]);
});

Deno.test("a campaign that still runs is drawn until now", () => {
  const now = Date.parse(START) + 90_000;
  same(slotted([bucket(0, 5)], START, now).slots.map((each) => each.sent), [5, 0]);
});

Deno.test("once pieces are wider, all slots are, and nothing is lost", () => {
  const { width_s, slots } = slotted([bucket(0, 5), bucket(4, 1), bucket(60, 9, 300)], START);
  same(width_s, 300);
  same([slots.length, slots[0].sent, slots[12].sent], [13, 6, 9]);
});

Deno.test("a campaign of years has as many columns as can be told apart", () => {
  const { width_s, slots } = slotted([bucket(0, 1), bucket(1_440 * 365, 2, 86_400)], START);
  same([width_s, slots.length <= 60], [86_400 * 7, true]);
  same(slots.reduce((sum, each) => sum + each.sent, 0), 3);
});

Deno.test("before anything has happened there is nothing to draw", () => {
  same(slotted([], START).slots, []);
});

Deno.test("widths are said in words", () => {
  same([60, 300, 3_600, 604_800].map(perWhat), ["minute", "5 minutes", "hour", "7 days"]);
});
