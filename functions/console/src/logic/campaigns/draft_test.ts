import { deepEqual, equal, ok } from "node:assert/strict";
import {
  blank,
  bodyOf,
  changed,
  changes,
  type Form,
  formOf,
  isWritten,
  newBody,
  type Shown,
} from "./draft.ts";

const empty = blank("sms", "UTC");
const written: Form = { ...empty, name: "Spring", text: "Hello {first_name}" };

Deno.test("a channel alone is nothing written yet", () => {
  ok(!isWritten(empty));
  ok(!isWritten(blank("email", "UTC")));
  ok(isWritten({ ...empty, text: "H" }));
  ok(isWritten({ ...empty, audience: { kind: "everyone", id: "" } }));
});

Deno.test("a new campaign says what was written and no more", () => {
  const body = newBody(bodyOf(written));
  equal(body.name, "Spring");
  equal(body.base_template, "Hello {first_name}");
  ok(!("template_id" in body) && !("canary" in body) && !("audience" in body));
});

Deno.test("only what differs is changed, and an emptied field falls back to its default", () => {
  const stored = bodyOf(written);
  deepEqual(changes(stored, bodyOf(written)), {});
  deepEqual(changes(stored, bodyOf({ ...written, name: " " })), { name: null });
  deepEqual(changes(stored, bodyOf({ ...written, rate: "2.5" })), { rate_per_s: 2.5 });
});

Deno.test("a template brings its own words; without it, one's own words are said again", () => {
  const stored = bodyOf(written);
  const change = changes(stored, bodyOf({ ...written, words: "template", template_id: "t1" }));
  deepEqual(change, { template_id: "t1" });
  const back = changes(changed(stored, change), bodyOf(written));
  equal(back.template_id, null);
  equal(back.base_template, "Hello {first_name}");
  equal(back.missing_fields, "blank");
});

Deno.test("another channel is told all that it says, for the rest has gone with the last one", () => {
  const sender = { ...written, sender: "+12025550111" };
  const change = changes(bodyOf(sender), bodyOf({ ...sender, channel: "whatsapp" }));
  deepEqual(change, { channel: "whatsapp", sender: "+12025550111" });
});

Deno.test("what a channel cannot say is not sent", () => {
  const body = newBody(bodyOf({ ...written, subject: "Hi", html: "<p>", bot_url: "wss://x" }));
  ok(!("subject" in body) && !("html" in body) && !("bot_url" in body));
});

Deno.test("a number that is none is left out, so that the API asks for it", () => {
  const guardrail = { on: true, failed_percent: "many", of_last: "100" };
  const { guardrail: said } = bodyOf({ ...written, guardrail });
  equal(JSON.stringify(said), '{"of_last":100}');
});

const NOTHING = {
  ...{ sender: "", base_template: "", subject: "", html: "", provider_template: "" },
  ...{ language: "", parameters: [], bot_url: "", webhook_url: "" },
};

Deno.test("what is shown of a campaign comes back as it was said", () => {
  const shown = {
    ...NOTHING,
    ...{ name: "Spring", channel: "sms", base_template: "Hello", template_id: "" },
    ...{ missing_fields: "default", defaults: { first_name: "there" }, rate_per_s: 2.5 },
    ...{ audience: { kind: "list", id: "l1" }, late_start: "ask", grace_s: 90 },
    send_window: { start: "10:00", end: "17:00", days: ["mon", "fri"] },
    not_after: "2026-03-29T01:30:00.000Z",
    guardrail: { failed_percent: 30, of_last: 100 },
    canary: { first: 5, failed_percent: 20, wait_s: 90 },
    fallbacks: [{ ...NOTHING, channel: "voice", sender: "+1", after: ["failed"], wait_s: 600 }],
  } as unknown as Shown;
  deepEqual(newBody(bodyOf(formOf(shown, "Europe/Berlin"))), {
    ...{ name: "Spring", channel: "sms", base_template: "Hello", rate_per_s: 2.5 },
    ...{ missing_fields: "default", defaults: { first_name: "there" } },
    ...{ audience: { list_id: "l1" }, late_start: "ask", grace_s: 90 },
    send_window: { start: "10:00", end: "17:00", days: ["mon", "fri"] },
    not_after: "2026-03-29T01:30:00Z",
    guardrail: { failed_percent: 30, of_last: 100 },
    canary: { first: 5, failed_percent: 20, wait_s: 90 },
    fallbacks: [{
      ...{ channel: "voice", sender: "+1", base_template: null, subject: null, html: null },
      ...{ provider_template: null, language: null, parameters: null, bot_url: null },
      ...{ webhook_url: null, after: ["failed"], wait_s: 600 },
    }],
  });
});
