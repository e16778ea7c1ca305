/** What parts of a plan say of themselves, in a few words. */

import { actionOf, channelOf, type Node, type Plan, type Step, type Way } from "./document.ts";

const ACTIONS: Readonly<Record<string, string>> = {
  send: "Send",
  wait: "Wait",
  split: "Split by lot",
  update_contact: "Update the contact",
  webhook: "Post to your server",
  stop: "End",
};

export const CHANNELS: Readonly<Record<string, string>> = {
  voice: "Call",
  sms: "SMS",
  whatsapp: "WhatsApp",
  email: "E-mail",
  webhook: "Webhook",
  callback: "Callback",
};

/** What a part does. */
export function headline(plan: Plan, part: Node | Step): string {
  const action = actionOf(part);
  if (action === "send") return CHANNELS[channelOf(plan, part)] ?? channelOf(plan, part);
  return ACTIONS[action] ?? action;
}

/** What a part says, or does it with. */
export function detail(part: Node | Step): string {
  const text = part.subject ?? part.body ?? part.providerTemplate ?? part.botUrl ??
    part.webhookUrl ??
    part.url ?? (part.fields ? Object.keys(part.fields as object).join(", ") : "");
  return String(text ?? "").split("\n")[0];
}

const UNITS: readonly (readonly [RegExp, string])[] = [
  [/^([\d.]+)Y/, "year"],
  [/^([\d.]+)M/, "month"],
  [/^([\d.]+)W/, "week"],
  [/^([\d.]+)D/, "day"],
];
const CLOCK: readonly (readonly [RegExp, string])[] = [
  [/^([\d.]+)H/, "hour"],
  [/^([\d.]+)M/, "minute"],
  [/^([\d.]+)S/, "second"],
];

/** Return an ISO 8601 duration in words: P1DT2H is "1 day 2 hours". What is none stays as it is. */
export function duration(text: string): string {
  const [, days = "", clock = ""] = text.match(/^P([^T]*)(?:T(.*))?$/) ?? [];
  const told = [...read(days, UNITS), ...read(clock, CLOCK)];
  return told.length ? told.join(" ") : text === "PT0S" ? "0 seconds" : text;
}

function read(text: string, units: readonly (readonly [RegExp, string])[]): string[] {
  const told: string[] = [];
  let left = text;
  for (const [pattern, name] of units) {
    const found = left.match(pattern);
    if (!found) continue;
    left = left.slice(found[0].length);
    told.push(`${found[1]} ${name}${found[1] === "1" ? "" : "s"}`);
  }
  return told;
}

/** Return when a way is taken. */
export function wayWords(way: Way): string {
  const event = way.on.replaceAll("_", " ");
  if (way.on === "elapsed") return way.after ? `after ${duration(way.after)}` : "in time";
  const timing = [
    way.after && `after ${duration(way.after)}`,
    way.within && `within ${duration(way.within)}`,
  ].filter(Boolean);
  return [event, ...timing].join(", ");
}

interface Timing {
  delay?: string | null;
  time?: string | null;
  at?: string | null;
  until?: { weekday?: string | null; date?: string | null; time?: string | null } | null;
  interval?: { offset?: string; time?: string | null } | null;
}

/** Return when a part is due; empty: at once. */
export function timingWords(part: Node | Step): string {
  const timing = (part.schedule ?? { ...part, delay: part.offset }) as Timing;
  const told: string[] = [];
  if (timing.delay) told.push(`${duration(timing.delay)} later`);
  if (timing.interval?.offset) told.push(`${timing.interval.offset} later`);
  const clock = timing.interval?.time ?? timing.time;
  if (timing.until) told.push(`on the next ${timing.until.weekday ?? timing.until.date ?? "day"}`);
  if (clock ?? timing.until?.time) told.push(`at ${clock ?? timing.until?.time}`);
  if (timing.at) told.push(`at ${timing.at}`);
  if (part.repeat) told.push("and again");
  return told.join(" ");
}
