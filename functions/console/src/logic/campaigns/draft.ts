/** A campaign as a form holds it, and as the API takes and shows it. */

import type { components } from "../../../schema.d.ts";
import { instant, type Moment, momentOf } from "../moment.ts";

type Schemas = components["schemas"];
export type Shown = Schemas["WarnedCampaign"];
export type Channel = Shown["channel"];

/** What is said by one channel, and from where; all of it as text, as it is typed. */
export interface Said {
  channel: Channel;
  sender: string;
  text: string;
  subject: string;
  html: string;
  provider_template: string;
  language: string;
  parameters: readonly string[];
  bot_url: string;
  webhook_url: string;
}

export interface Fallback extends Said {
  /** Which one it is, wherever it is moved. */
  key: string;
  after: readonly string[];
  wait_min: string;
}

export type AudienceKind = "nobody" | "people" | "list" | "segment" | "everyone";

export interface Form extends Said {
  name: string;
  words: "own" | "template" | "provider";
  template_id: string;
  missing: "blank" | "default" | "refuse";
  defaults: readonly (readonly [field: string, value: string])[];
  audience: { kind: AudienceKind; id: string };
  rate: string;
  window: { on: boolean; start: string; end: string; days: readonly string[] };
  not_after: Moment;
  late_start: "run" | "skip" | "ask";
  grace_min: string;
  guardrail: { on: boolean; failed_percent: string; of_last: string };
  canary: { on: boolean; first: string; failed_percent: string; wait_min: string };
  fallbacks: readonly Fallback[];
}

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** What each channel says. */
const SAYS: Readonly<Record<Channel, readonly (keyof Said)[]>> = {
  voice: ["sender", "bot_url"],
  sms: ["sender", "text"],
  whatsapp: ["sender", "text", "provider_template", "language", "parameters"],
  email: ["sender", "subject", "text", "html"],
  webhook: ["webhook_url", "text"],
  callback: ["text"],
};

/** Tell whether a channel says this. */
export function says(channel: Channel, what: keyof Said): boolean {
  return SAYS[channel].includes(what);
}

/** The most that starts late is still on time, and the usual limits, where somebody wants them. */
const GRACE_MIN = 60;
const WINDOW = { on: false, start: "09:00", end: "18:00", days: DAYS };
const GUARDRAIL = { on: false, failed_percent: "30", of_last: "100" };
const CANARY = { on: false, first: "50", failed_percent: "10", wait_min: "10" };

export function nothingSaid(channel: Channel): Said {
  return {
    channel,
    sender: "",
    text: "",
    subject: "",
    html: "",
    provider_template: "",
    language: "",
    parameters: [],
    bot_url: "",
    webhook_url: "",
  };
}

/** Return a form in which nothing is written yet; times are the zone's. */
export function blank(channel: Channel, zone: string): Form {
  return {
    ...nothingSaid(channel),
    name: "",
    words: "own",
    template_id: "",
    missing: "blank",
    defaults: [],
    audience: { kind: "nobody", id: "" },
    rate: "",
    window: WINDOW,
    not_after: { local: "", zone },
    late_start: "run",
    grace_min: String(GRACE_MIN),
    guardrail: GUARDRAIL,
    canary: CANARY,
    fallbacks: [],
  };
}

/** Return a stored campaign as a form. */
export function formOf(shown: Shown, zone: string): Form {
  const window = shown.send_window;
  const guardrail = shown.guardrail;
  const canary = shown.canary;
  return {
    ...saidOf(shown),
    name: shown.name,
    words: shown.template_id ? "template" : shown.provider_template ? "provider" : "own",
    template_id: shown.template_id,
    missing: shown.missing_fields,
    defaults: Object.entries(shown.defaults),
    audience: audienceOf(shown.audience),
    rate: shown.rate_per_s === null ? "" : String(shown.rate_per_s),
    window: window ? { ...WINDOW, ...window, on: true } : WINDOW,
    not_after: momentOf(shown.not_after, zone),
    late_start: shown.late_start,
    grace_min: String(shown.grace_s / 60),
    guardrail: guardrail ? { on: true, ...texts(guardrail) } as Form["guardrail"] : GUARDRAIL,
    canary: canary
      ? {
        on: true,
        first: String(canary.first),
        failed_percent: String(canary.failed_percent),
        wait_min: String(canary.wait_s / 60),
      }
      : CANARY,
    fallbacks: shown.fallbacks.map((each, index) => ({
      ...saidOf(each),
      key: String(index),
      after: each.after,
      wait_min: String(each.wait_s / 60),
    })),
  };
}

function saidOf(shown: Omit<Schemas["ShownFallback"], "after" | "wait_s">): Said {
  const { channel, sender, subject, html, provider_template, language, parameters } = shown;
  const { base_template: text, bot_url, webhook_url } = shown;
  return {
    ...{ channel, sender, text, subject, html, provider_template, language, parameters },
    ...{ bot_url, webhook_url },
  };
}

function audienceOf(shown: Record<string, string>): Form["audience"] {
  const kind = shown.kind;
  if (kind === "everyone") return { kind, id: "" };
  if (kind === "list" || kind === "segment") return { kind, id: shown.id };
  return { kind: "nobody", id: "" };
}

function texts(of: object): Record<string, string> {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [name, String(value)]));
}

/** What a request says of a campaign; null is a field's default. */
export type Body = Record<string, unknown>;

/** Return all that a form says, as the API takes it. */
export function bodyOf(form: Form): Body {
  const { window, guardrail, canary } = form;
  return {
    name: form.name.trim() || null,
    channel: form.channel,
    ...wordsOf(form),
    audience: audienceBody(form.audience),
    rate_per_s: number(form.rate) ?? null,
    send_window: window.on
      ? {
        start: window.start,
        end: window.end,
        days: DAYS.filter((day) => window.days.includes(day)),
      }
      : null,
    not_after: instant(form.not_after) ?? null,
    late_start: form.late_start,
    grace_s: seconds(form.grace_min) ?? null,
    guardrail: guardrail.on
      ? { failed_percent: number(guardrail.failed_percent), of_last: number(guardrail.of_last) }
      : null,
    canary: canary.on
      ? {
        first: number(canary.first),
        failed_percent: number(canary.failed_percent),
        wait_s: seconds(canary.wait_min),
      }
      : null,
    fallbacks: form.fallbacks.map((each) => ({
      channel: each.channel,
      ...saidBody(each),
      after: each.after,
      wait_s: seconds(each.wait_min),
    })),
  };
}

/** What the words come from decides which of them are said. */
function wordsOf(form: Form): Body {
  const { base_template, subject, html, ...said } = saidBody(form);
  const withText = says(form.channel, "text");
  if (form.words === "template" && withText && form.template_id) {
    return { ...said, ...NO_PROVIDER, template_id: form.template_id };
  }
  const missing = {
    missing_fields: form.missing,
    defaults: Object.fromEntries(form.defaults.filter(([field]) => field)),
  };
  if (form.words === "provider" && says(form.channel, "provider_template")) {
    return { ...said, ...missing, template_id: null, base_template: null, subject, html };
  }
  return { ...said, ...NO_PROVIDER, ...missing, template_id: null, base_template, subject, html };
}

const NO_PROVIDER = { provider_template: null, language: null, parameters: null };

function saidBody(said: Said): Body {
  const own = (what: keyof Said) => says(said.channel, what) && (said[what] as string).trim();
  const parameters = says(said.channel, "parameters") && said.parameters.length;
  return {
    sender: own("sender") || null,
    base_template: own("text") || null,
    subject: own("subject") || null,
    html: own("html") || null,
    provider_template: own("provider_template") || null,
    language: own("language") || null,
    parameters: parameters ? said.parameters : null,
    bot_url: own("bot_url") || null,
    webhook_url: own("webhook_url") || null,
  };
}

function audienceBody({ kind, id }: Form["audience"]): Body | null {
  if (kind === "everyone") return { everyone: true };
  if (kind === "segment") return id ? { segment_id: id } : null;
  return kind !== "nobody" && id ? { list_id: id } : null;
}

/** Return a number as it was typed; undefined where it is none: the API then asks for it. */
function number(typed: string): number | undefined {
  const value = Number(typed);
  return typed.trim() && Number.isFinite(value) ? value : undefined;
}

function seconds(minutes: string): number | undefined {
  const value = number(minutes);
  return value === undefined ? undefined : Math.round(value * 60);
}

/** What the template itself says once it is named, so that nothing else is known of them. */
const BY_TEMPLATE = ["base_template", "subject", "html", "missing_fields", "defaults"];
/** What goes when the channel changes, and has to be said again. */
const BY_CHANNEL = [
  ...["sender", "subject", "html", "provider_template", "language", "parameters", "webhook_url"],
  "bot_url",
];

/** Return what is to be changed of what is stored, so that it says what is wanted. */
export function changes(stored: Body, wanted: Body): Body {
  const names = Object.keys(wanted).filter((name) => differ(stored[name], wanted[name]));
  const again = names.includes("channel") ? BY_CHANNEL.filter((name) => wanted[name] != null) : [];
  return Object.fromEntries([...new Set([...names, ...again])].map((name) => [name, wanted[name]]));
}

/** Return what is stored once a change is. */
export function changed(stored: Body, change: Body): Body {
  const after = { ...stored, ...change };
  if (change.template_id) { for (const name of BY_TEMPLATE) delete after[name]; }
  return after;
}

/** Tell whether two values are said differently; what is left out is null. */
export function differ(one: unknown, other: unknown): boolean {
  return JSON.stringify(one ?? null) !== JSON.stringify(other ?? null);
}

/** Return what a new campaign says; what is not said is left out. */
export function newBody(wanted: Body): Body {
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value != null));
}

/** Tell whether somebody has written anything: the choice of a channel is nothing yet. */
export function isWritten(form: Form): boolean {
  const empty = bodyOf(blank(form.channel, form.not_after.zone));
  return Object.keys(changes(empty, bodyOf(form))).length > 0;
}
