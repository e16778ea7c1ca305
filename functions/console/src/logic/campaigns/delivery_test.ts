import { deepEqual, equal } from "node:assert/strict";
import { bounces, complaints, dayAfter, grouped, percent, type SenderFigures } from "./delivery.ts";

const NONE = {
  sent: 0,
  delivered: 0,
  read: 0,
  failed: 0,
  skipped: 0,
  cancelled: 0,
  expired: 0,
  unknown: 0,
  clicked: 0,
  replied: 0,
  complained: 0,
  opted_out: 0,
  bounced: 0,
};

Deno.test("a share is as exact as it is small, and there is none of nothing", () => {
  equal(percent(1, 3), "33 %");
  equal(percent(3, 100), "3 %");
  equal(percent(3, 2_000), "0.15 %");
  equal(percent(0, 10), "0 %");
  equal(percent(1, 0), "–");
});

Deno.test("complaints of mail stand against what its receivers ask for", () => {
  const of = (complained: number, delivered: number) =>
    complaints("email", { ...NONE, complained, delivered })?.words;
  equal(of(0, 50), "within the limit");
  equal(of(1, 50), "too few to tell");
  equal(of(1, 1_001), "within the limit");
  equal(of(1, 1_000), "near the limit");
  equal(of(3, 1_000), "over the limit");
  equal(of(0, 0), undefined);
  equal(complaints("sms", { ...NONE, complained: 9, delivered: 9 }), undefined);
  equal(bounces("email", { ...NONE, bounced: 10, sent: 100 })?.words, "over the limit");
});

Deno.test("senders are added up by provider and by channel", () => {
  const one = { ...NONE, sent: 2, channel: "sms", provider: "twilio", sender: "+1" };
  const other = { ...NONE, sent: 3, channel: "sms", provider: "plivo", sender: "+2" };
  const senders = [one, other, { ...one, sender: "+3" }] as unknown as SenderFigures[];
  deepEqual(grouped(senders, "sender").map((row) => row.sent), [2, 3, 2]);
  deepEqual(grouped(senders, "provider").map((row) => row.sent), [4, 3]);
  deepEqual(grouped(senders, "channel").map((row) => [row.of, row.sent]), [
    [{ channel: "sms" }, 7],
  ]);
});

Deno.test("days go on over the ends of months", () => {
  equal(dayAfter("2026-02-28", 1), "2026-03-01");
  equal(dayAfter("2026-03-02", -6), "2026-02-24");
});
