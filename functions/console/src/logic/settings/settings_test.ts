import { deepEqual, equal } from "node:assert/strict";
import { changesOf, conflicts, type Decided, laidOn, leaves, without } from "./changes.ts";
import { decidedOf, draftOf, NEW_RULE } from "./draft.ts";
import { fieldName, valueInWords } from "./words.ts";

const EMPTY: Decided = {
  name: "",
  unsubscribe_email: "",
  default_zone: "",
  default_country: "",
  senders: {},
  allowed_senders: null,
  quiet_hours: null,
  frequency_caps: [],
  rates: {},
  warm_up: {},
  polling_schedule_s: null,
  country_rules: {},
  opt_out_words: {},
  opt_in_words: {},
};
const RULE = { opens: "09:00", closes: "18:00", closed_on: [], holidays: true, cap: null };
const FULL: Decided = {
  name: "Shop",
  unsubscribe_email: "out@shop.example",
  default_zone: "Europe/Paris",
  default_country: "FR",
  senders: { sms: "+33612345678" },
  allowed_senders: ["+33612345678"],
  quiet_hours: { start: "22:00", end: "08:00" },
  frequency_caps: [{ most: 3, hours: 24, channels: ["sms"] }, {
    most: 9,
    hours: 168,
    channels: null,
  }],
  rates: { sms: 0.5 },
  warm_up: { email: { starts_on: "2026-03-02", first_day: 50, growth: 1.5 } },
  polling_schedule_s: [30, 300],
  country_rules: {
    FR: { voice: RULE, sms: { ...RULE, opens: null, closes: null, holidays: false } },
  },
  opt_out_words: { fr: ["ARRET", "FIN"] },
  opt_in_words: { fr: ["OUI"] },
};

Deno.test("a form that nobody touched changes nothing", () => {
  for (const decided of [EMPTY, FULL]) {
    deepEqual(decidedOf(draftOf(decided)), decided);
    deepEqual(changesOf(decided, decidedOf(draftOf(decided))), {});
  }
});

Deno.test("only what was changed is sent: the part of a channel, a country, a language", () => {
  const draft = draftOf(FULL);
  draft.name = " Shop of Alice ";
  draft.senders.sms = "";
  draft.senders.email = "a@shop.example";
  draft.rules = [draft.rules[0]];
  draft.out_words = [...draft.out_words, { language: "es", words: "BAJA, SALIR" }];

  deepEqual(changesOf(FULL, decidedOf(draft)), {
    name: "Shop of Alice",
    senders: { sms: null, email: "a@shop.example" },
    country_rules: { FR: { sms: null } },
    opt_out_words: { es: ["BAJA", "SALIR"] },
  });
});

Deno.test("what is emptied goes back to the deployment, and changes laid on it give the same", () => {
  const changes = changesOf(FULL, EMPTY);
  deepEqual(laidOn(FULL, changes), EMPTY);
  deepEqual(laidOn(EMPTY, changesOf(EMPTY, FULL)), FULL);
  equal(changes.name, null);
  deepEqual(changes.warm_up, { email: null });
});

Deno.test("what others changed meanwhile is told beside what was changed here", () => {
  const theirs = { ...FULL, name: "Theirs", rates: { sms: 2 } };
  const mine = changesOf(FULL, { ...FULL, name: "Mine", default_country: "DE" });
  deepEqual(conflicts(FULL, theirs, mine), [
    { field: "name", theirs: "Theirs", mine: "Mine" },
    { field: "rates.sms", theirs: 2, mine: undefined },
  ]);
  deepEqual([...leaves(mine).keys()], ["name", "default_country"]);
});

Deno.test("who takes another's word for one thing keeps the rest of their own", () => {
  const mine = changesOf(FULL, EMPTY);
  const kept = without(mine, ["name", "country_rules.FR.voice", "rates.sms"]);
  deepEqual(kept.country_rules, { FR: { sms: null } });
  equal("name" in kept || "rates" in kept, false);
  deepEqual(without(mine, []), mine);
});

Deno.test("a rule without hours is open at any time, whatever stood in the fields before", () => {
  const draft = draftOf(EMPTY);
  const closed = { ...NEW_RULE, closed_on: ["sat", "sun"] as const, timed: false, capped: true };
  draft.rules = [{ ...closed, region: "US", channel: "voice" }];
  deepEqual(decidedOf(draft).country_rules.US.voice, {
    opens: null,
    closes: null,
    closed_on: [],
    holidays: false,
    cap: { most: 3, hours: 24 },
  });
});

Deno.test("fields and what they say have names", () => {
  equal(fieldName("senders.sms"), "Sender: SMS");
  equal(fieldName("country_rules.FR.voice"), "Rule: France, Calls");
  equal(fieldName("opt_out_words.pt"), "Words that opt out: Portuguese");
  equal(valueInWords("country_rules.FR.voice", RULE), "09:00–18:00, not on public holidays");
  const overNight = { ...RULE, opens: "14:00", closes: "13:00", holidays: false };
  equal(valueInWords("country_rules.FR.voice", overNight), "not 13:00–14:00");
  equal(
    valueInWords("frequency_caps", FULL.frequency_caps),
    "at most 3 in 24 hours, by SMS; at most 9 in 7 days, by all channels together",
  );
  equal(valueInWords("rates.sms", null), "left to the deployment");
});
