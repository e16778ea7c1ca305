import { deepEqual, equal } from "node:assert/strict";
import { repetition, ruleOf, weekly, wholeRule } from "./repeat.ts";

const base = weekly("Europe/Berlin");

Deno.test("choices become a rule", () => {
  equal(ruleOf(base), "FREQ=WEEKLY");
  equal(
    ruleOf({ ...base, interval: "2", days: ["MO", "FR"] }),
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR",
  );
  equal(ruleOf({ ...base, every: "month", on: "2MO" }), "FREQ=MONTHLY;BYDAY=2MO");
  equal(ruleOf({ ...base, every: "month", on: "last" }), "FREQ=MONTHLY;BYMONTHDAY=-1");
  equal(ruleOf({ ...base, every: "month" }), "FREQ=MONTHLY");
  equal(ruleOf({ ...base, every: "rule", rule: "RRULE:FREQ=DAILY" }), "FREQ=DAILY");
});

Deno.test("a series ends after so many runs, at a time, or never", () => {
  const until = { local: "2026-03-29T09:00", zone: "Europe/Berlin" };
  equal(wholeRule({ ...base, ends: "count", count: "3" }), "FREQ=WEEKLY;COUNT=3");
  equal(wholeRule({ ...base, ends: "until", until }), "FREQ=WEEKLY;UNTIL=20260329T070000Z");
  deepEqual(repetition({ ...base, ends: "until", until }, "Europe/Berlin"), {
    rrule: "FREQ=WEEKLY",
    zone: "Europe/Berlin",
    count: null,
    until: "2026-03-29T07:00:00Z",
  });
  equal(repetition(base, "Europe/Berlin").count, null);
});
