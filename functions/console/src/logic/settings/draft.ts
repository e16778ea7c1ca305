/** The settings as a form holds them: texts, until they are sent. */

import type { components } from "../../../schema.d.ts";
import type { Decided } from "./changes.ts";

type Schemas = components["schemas"];
export type Rule = Schemas["CountryRule"];
export type ChannelKind = Schemas["ChannelKind"];

/** What an organisation can have a sender for. */
export const SENDING = ["voice", "sms", "whatsapp", "email"] as const;
/** What it can have a rate for. */
export const RATED = [...SENDING, "webhook"] as const;
export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

export interface RampDraft {
  on: boolean;
  starts_on: string;
  first_day: string;
  growth: string;
}

export interface CapDraft {
  most: string;
  hours: string;
  /** none: all of them. */
  channels: readonly ChannelKind[];
}

export interface RuleDraft {
  region: string;
  channel: string;
  timed: boolean;
  opens: string;
  closes: string;
  closed_on: readonly Rule["closed_on"][number][];
  holidays: boolean;
  capped: boolean;
  most: string;
  hours: string;
}

export interface WordsDraft {
  language: string;
  words: string;
}

export interface Draft {
  name: string;
  unsubscribe_email: string;
  default_zone: string;
  default_country: string;
  senders: Record<string, string>;
  /** Whether it sends from some senders only, and from which, one on a line. */
  only: boolean;
  allowed: string;
  quiet: { on: boolean; start: string; end: string };
  caps: CapDraft[];
  rates: Record<string, string>;
  warm_up: Record<string, RampDraft>;
  polling: string;
  rules: RuleDraft[];
  out_words: WordsDraft[];
  in_words: WordsDraft[];
}

const NO_RAMP: RampDraft = { on: false, starts_on: "", first_day: "50", growth: "2" };

/** A rule before anything is said of it. */
export const NEW_RULE = {
  timed: true,
  opens: "09:00",
  closes: "20:00",
  closed_on: [],
  holidays: false,
  capped: false,
  most: "3",
  hours: "24",
} as const;

export function draftOf(decided: Decided): Draft {
  const { quiet_hours: quiet, polling_schedule_s: polling, allowed_senders: allowed } = decided;
  return {
    name: decided.name,
    unsubscribe_email: decided.unsubscribe_email,
    default_zone: decided.default_zone,
    default_country: decided.default_country,
    senders: each(SENDING, (channel) => decided.senders[channel] ?? ""),
    only: allowed !== null,
    allowed: (allowed ?? []).join("\n"),
    quiet: { on: quiet !== null, start: quiet?.start ?? "21:00", end: quiet?.end ?? "09:00" },
    caps: decided.frequency_caps.map((cap) => ({
      most: String(cap.most),
      hours: String(cap.hours),
      channels: cap.channels ?? [],
    })),
    rates: each(RATED, (channel) => String(decided.rates[channel] ?? "")),
    warm_up: each(RATED, (channel) => ramp(decided.warm_up[channel])),
    polling: (polling ?? []).join(", "),
    rules: Object.entries(decided.country_rules).flatMap(([region, rules]) =>
      Object.entries(rules).map(([channel, rule]) => ruleDraft(region, channel, rule))
    ),
    out_words: wordsDraft(decided.opt_out_words),
    in_words: wordsDraft(decided.opt_in_words),
  };
}

function each<T>(channels: readonly string[], of: (channel: string) => T): Record<string, T> {
  return Object.fromEntries(channels.map((channel) => [channel, of(channel)]));
}

function ramp(said: Schemas["Ramp"] | undefined): RampDraft {
  if (!said) return NO_RAMP;
  const { starts_on, first_day, growth } = said;
  return { on: true, starts_on, first_day: String(first_day), growth: String(growth) };
}

function ruleDraft(region: string, channel: string, rule: Rule): RuleDraft {
  const { opens, closes, closed_on, holidays, cap } = rule;
  return {
    ...NEW_RULE,
    region,
    channel,
    closed_on,
    holidays,
    timed: opens != null,
    ...(opens != null ? { opens, closes: closes ?? "" } : {}),
    capped: cap != null,
    ...(cap ? { most: String(cap.most), hours: String(cap.hours) } : {}),
  };
}

function wordsDraft(words: Record<string, string[]>): WordsDraft[] {
  return Object.entries(words).map(([language, list]) => ({ language, words: list.join(", ") }));
}

/** Return what a form decides; what the API must refuse is handed on as it is. */
export function decidedOf(draft: Draft): Decided {
  return {
    name: draft.name.trim(),
    unsubscribe_email: draft.unsubscribe_email.trim(),
    default_zone: draft.default_zone.trim(),
    default_country: draft.default_country,
    senders: given(draft.senders, (text) => text.trim() || undefined),
    allowed_senders: draft.only ? [...new Set(split(draft.allowed, /\n/))].sort() : null,
    quiet_hours: draft.quiet.on ? { start: draft.quiet.start, end: draft.quiet.end } : null,
    frequency_caps: draft.caps.map(({ most, hours, channels }) => ({
      most: Number(most),
      hours: Number(hours),
      channels: channels.length ? [...channels] : null,
    })),
    rates: given(draft.rates, (text) => text.trim() ? Number(text) : undefined),
    warm_up: given(draft.warm_up, rampOf),
    polling_schedule_s: draft.polling.trim() ? split(draft.polling, /[,\s]+/).map(Number) : null,
    country_rules: rulesOf(draft.rules),
    opt_out_words: wordsOf(draft.out_words),
    opt_in_words: wordsOf(draft.in_words),
  };
}

function given<T, U>(texts: Record<string, T>, of: (text: T) => U | undefined): Record<string, U> {
  return Object.fromEntries(
    Object.entries(texts).flatMap(([part, text]) => {
      const value = of(text);
      return value === undefined ? [] : [[part, value]];
    }),
  );
}

function split(text: string, at: RegExp): string[] {
  return text.split(at).map((part) => part.trim()).filter(Boolean);
}

function rampOf({ on, starts_on, first_day, growth }: RampDraft): Schemas["Ramp"] | undefined {
  return on ? { starts_on, first_day: Number(first_day), growth: Number(growth) } : undefined;
}

/** Return what a rule's form says. */
export function ruleOf(draft: RuleDraft): Rule {
  return {
    opens: draft.timed ? draft.opens : null,
    closes: draft.timed ? draft.closes : null,
    closed_on: draft.timed ? DAYS.filter((day) => draft.closed_on.includes(day)) : [],
    holidays: draft.timed && draft.holidays,
    cap: draft.capped ? { most: Number(draft.most), hours: Number(draft.hours) } : null,
  };
}

function rulesOf(rules: readonly RuleDraft[]): Decided["country_rules"] {
  const found: Decided["country_rules"] = {};
  for (const rule of rules) (found[rule.region] ??= {})[rule.channel] = ruleOf(rule);
  return found;
}

function wordsOf(words: readonly WordsDraft[]): Record<string, string[]> {
  return Object.fromEntries(
    words.map(({ language, words }) => [language.trim(), split(words, /[,\n]/)]),
  );
}
