import { deepEqual, equal } from "node:assert/strict";
import { actionsWith, details, done, subjectOf, summary } from "./audit.ts";

Deno.test("an entry leads to what it is about, as long as that is there", () => {
  const about = { campaign: "c1", status: "paused" };
  deepEqual(subjectOf({ action: "pause", about }), { what: "Campaign", to: "/campaigns/c1" });
  equal(subjectOf({ action: "delete", about }).to, undefined);
  equal(subjectOf({ action: "x", about: { enrollment: "c1.e2" } }).to, "/campaigns/c1");
  equal(subjectOf({ action: "x", about: { api_key: "k", name: "CRM" } }).what, "API key CRM");
  equal(subjectOf({ action: "x", about: { changes: {} } }).to, "/settings");
  equal(subjectOf({ action: "x", about: {} }).what, "");
});

Deno.test("an action that nobody knows is told by its name, and can be filtered by", () => {
  equal(done("change_plan"), "Plan changed");
  equal(done("new_thing"), "new thing");
  deepEqual(actionsWith("new_thing").at(-1), ["new_thing", "new_thing"]);
  equal(actionsWith("pause").filter(([value]) => value === "pause").length, 1);
});

Deno.test("an entry tells its fields, those without a value excepted", () => {
  deepEqual(details({ api_key: "k", until: null, fields: ["name", "rate"], plan: 2 }), [
    ["api key", "k"],
    ["fields", "name, rate"],
    ["plan", "2"],
  ]);
  equal(summary({ status: "paused", fields: ["name"] }), "now paused; name");
  equal(summary({ scope: "sms" }), "SMS");
});
