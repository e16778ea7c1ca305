import { equal } from "node:assert/strict";
import { detail, duration, timingWords, wayWords } from "./words.ts";

Deno.test("durations are told in words", () => {
  equal(duration("P1D"), "1 day");
  equal(duration("P1M"), "1 month");
  equal(duration("PT90M"), "90 minutes");
  equal(duration("P1W2DT1H1S"), "1 week 2 days 1 hour 1 second");
  equal(duration("PT0S"), "0 seconds");
  equal(duration("soon"), "soon");
});

Deno.test("ways and timings are told in words", () => {
  equal(wayWords({ on: "elapsed", to: "x", after: "P2D" }), "after 2 days");
  equal(wayWords({ on: "replied", to: "x", within: "PT1H" }), "replied, within 1 hour");
  equal(timingWords({ id: "a", offset: "P1D", time: "10:00" }), "1 day later at 10:00");
  equal(
    timingWords({
      id: "a",
      action: "send",
      schedule: { until: { weekday: "mon", time: "09:00" } },
    }),
    "on the next mon at 09:00",
  );
  equal(
    timingWords({ id: "a", interval: { offset: "2days-4days", time: "10:00-15:00" } }),
    "2days-4days later at 10:00-15:00",
  );
  equal(timingWords({ id: "a", repeat: { rrule: "FREQ=DAILY" } }), "and again");
  equal(detail({ id: "a", body: "One\nTwo" }), "One");
});
