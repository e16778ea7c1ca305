import { deepEqual, equal } from "node:assert/strict";
import { answerInWords, bodyOf, changed, type Notification } from "./subscription.ts";

const TOLD: Notification = {
  id: "evt_1",
  type: "campaign.started",
  data: { campaign_id: "c" },
  created_at: "2026-03-02T12:00:00.000Z",
  status: "pending",
  attempts: 0,
  attempted_at: null,
  last_status: null,
  last_error: null,
  next_attempt_at: null,
};

Deno.test("only what was changed of a subscription is sent; the order of events is no change", () => {
  const held = {
    url: "https://a.example",
    description: "CRM",
    events: ["goal.reached", "campaign.failed"],
  } as const;
  deepEqual(changed(held, { ...held, events: ["campaign.failed", "goal.reached"] }), {});
  deepEqual(changed(held, { ...held, description: "", events: ["goal.reached"] }), {
    description: "",
    events: ["goal.reached"],
  });
});

Deno.test("an answer is told by its status, and silence by its reason", () => {
  equal(answerInWords(TOLD), "not sent yet");
  equal(
    answerInWords({ ...TOLD, attempts: 1, last_status: 500, last_error: "answered_500" }),
    "HTTP 500",
  );
  equal(
    answerInWords({ ...TOLD, attempts: 1, last_error: "timeout" }),
    "no answer came within 10 seconds",
  );
});

Deno.test("a body is shown as it is posted", () => {
  deepEqual(JSON.parse(bodyOf(TOLD, "acme")), {
    id: "evt_1",
    type: "campaign.started",
    timestamp: "2026-03-02T12:00:00.000Z",
    org: "acme",
    data: { campaign_id: "c" },
  });
});
