import { deepEqual, equal } from "node:assert/strict";
import { echo, instant, momentOf, read, zones } from "./moment.ts";

const BERLIN = "Europe/Berlin";

Deno.test("a time of day means the clocks of its zone, in summer and in winter", () => {
  equal(instant({ local: "2026-01-10T09:00", zone: BERLIN }), "2026-01-10T08:00:00Z");
  equal(instant({ local: "2026-07-10T09:00", zone: BERLIN }), "2026-07-10T07:00:00Z");
  equal(instant({ local: "2026-07-10T09:00", zone: "Asia/Kolkata" }), "2026-07-10T03:30:00Z");
  equal(instant({ local: "2026-07-10T09:00", zone: "UTC" }), "2026-07-10T09:00:00Z");
});

Deno.test("a time that the clocks pass over in spring is taken an hour later, and said", () => {
  deepEqual(read({ local: "2026-03-29T02:30", zone: BERLIN }), {
    is: "never",
    at: "2026-03-29T01:30:00Z",
    instead: "2026-03-29T03:30",
  });
});

Deno.test("of a time that comes twice in autumn one is chosen", () => {
  const local = "2026-10-25T02:30";
  deepEqual(read({ local, zone: BERLIN }), {
    is: "twice",
    at: "2026-10-25T00:30:00Z",
    offsets: ["+02:00", "+01:00"],
  });
  equal(instant({ local, zone: BERLIN, second: true }), "2026-10-25T01:30:00Z");
});

Deno.test("clocks that change by half an hour change by half an hour", () => {
  const passed = read({ local: "2026-10-04T02:10", zone: "Australia/Lord_Howe" });
  equal("instead" in passed && passed.instead, "2026-10-04T02:40");
});

Deno.test("an instant comes back as it was given, in each of the two hours", () => {
  for (const at of ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-03-29T01:30:00Z"]) {
    equal(instant(momentOf(at, BERLIN)), at);
  }
  deepEqual(momentOf("2026-03-02T12:00:05.250Z", "UTC"), {
    local: "2026-03-02T12:00",
    zone: "UTC",
  });
  deepEqual(momentOf(null, BERLIN), { local: "", zone: BERLIN });
});

Deno.test("nothing and nonsense are no instants", () => {
  deepEqual(read({ local: "", zone: BERLIN }), { is: "empty" });
  deepEqual(read({ local: "tomorrow", zone: BERLIN }), { is: "wrong" });
  deepEqual(read({ local: "2026-02-30T09:00", zone: BERLIN }), { is: "wrong" });
});

Deno.test("the echo says day, time and distance from UTC", () => {
  equal(echo("2026-03-29T01:30:00Z", BERLIN), "Sun, 29 Mar 2026, 03:30 (UTC+02:00)");
  equal(echo("2026-03-29T01:30:00Z", "UTC"), "Sun, 29 Mar 2026, 01:30");
});

Deno.test("the zones that matter come first, and none twice", () => {
  const found = zones([BERLIN, null, "Asia/Kolkata", BERLIN]);
  deepEqual(found.slice(0, 3), [BERLIN, "Asia/Kolkata", "UTC"]);
  equal(found.length, new Set(found).size);
});
