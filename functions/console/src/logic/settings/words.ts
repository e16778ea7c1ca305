/** What a setting, and what it says, is called. */

import type { Rule } from "./draft.ts";
import { channelName, countryName, languageName } from "../words/words.ts";

const NAMES: Readonly<Record<string, string>> = {
  name: "Name",
  unsubscribe_email: "Address for unsubscribing",
  default_zone: "Time zone",
  default_country: "Country",
  senders: "Sender",
  allowed_senders: "Allowed senders",
  quiet_hours: "Quiet hours",
  frequency_caps: "Frequency caps",
  rates: "Rate",
  warm_up: "Warm-up",
  polling_schedule_s: "Receipts",
  country_rules: "Rule",
  opt_out_words: "Words that opt out",
  opt_in_words: "Words that opt in",
};

/** Return what a field is called: `senders.sms` is "Sender: SMS". */
export function fieldName(field: string): string {
  const [name, part, of] = field.split(".");
  const known = NAMES[name] ?? name;
  if (!part || name === "frequency_caps" || name === "quiet_hours") return known;
  if (name === "country_rules") {
    return `${known}: ${[countryName(part), of && channelName(of)].filter(Boolean).join(", ")}`;
  }
  return `${known}: ${name.endsWith("words") ? languageName(part) : channelName(part)}`;
}

const DAY_NAMES: Readonly<Record<string, string>> = {
  mon: "Monday",
  tue: "Tuesday",
  wed: "Wednesday",
  thu: "Thursday",
  fri: "Friday",
  sat: "Saturday",
  sun: "Sunday",
};

export function dayName(day: string): string {
  return DAY_NAMES[day] ?? day;
}

interface Cap {
  most: number;
  hours: number;
  channels?: readonly string[] | null;
}

/** Return hours as people say them: 168 is "7 days". */
export function hoursInWords(hours: number): string {
  if (hours % 24 === 0 && hours > 24) return `${hours / 24} days`;
  return hours === 1 ? "1 hour" : `${hours} hours`;
}

export function capInWords({ most, hours, channels }: Cap): string {
  const by = channels === undefined
    ? ""
    : `, by ${channels?.map(channelName).join(", ") ?? "all channels together"}`;
  return `at most ${most} in ${hoursInWords(hours)}${by}`;
}

/** Return a window in words: from when to when, and on which days not. */
export function windowInWords(window: Pick<Rule, "opens" | "closes" | "closed_on" | "holidays">) {
  const closed: string[] = window.closed_on.map((day) => `${dayName(day)}s`);
  if (window.holidays) closed.push("public holidays");
  const not = closed.length ? `, not on ${closed.join(", ")}` : "";
  return `${openHours(window.opens ?? "", window.closes ?? "")}${not}`;
}

/** One that goes over midnight is closed for the rest of the day. */
function openHours(opens: string, closes: string): string {
  if (opens === closes) return "at any time";
  return opens < closes ? `${opens}–${closes}` : `not ${closes}–${opens}`;
}

export function ruleInWords(rule: Rule): string {
  const hours = rule.opens == null ? "at any time" : windowInWords(rule);
  return rule.cap ? `${hours}, ${capInWords({ ...rule.cap, channels: undefined })}` : hours;
}

/** What holds where a field says nothing, unless the deployment decides. */
const NOTHING: Readonly<Record<string, string>> = {
  name: "none",
  default_zone: "UTC",
  default_country: "nobody's",
  senders: "none",
  allowed_senders: "all that the deployment grants",
  quiet_hours: "none",
  warm_up: "none",
  country_rules: "the country's own",
  opt_out_words: "none beside the usual ones",
  opt_in_words: "none beside the usual ones",
};

/** Return what a field says, in words. */
export function valueInWords(field: string, value: unknown): string {
  const name = field.split(".")[0];
  if (value == null || value === "") return NOTHING[name] ?? "left to the deployment";
  if (name === "quiet_hours") {
    const { start, end } = value as { start: string; end: string };
    return `${start}–${end}`;
  }
  if (name === "country_rules") return ruleInWords(value as Rule);
  if (name === "warm_up") {
    const { starts_on, first_day, growth } = value as Record<string, string | number>;
    return `${first_day} on ${starts_on}, then times ${growth} each day`;
  }
  if (name === "frequency_caps") return (value as Cap[]).map(capInWords).join("; ") || "none";
  if (name === "rates") return `${value} a second`;
  if (name === "polling_schedule_s") return `${(value as number[]).join(", ")} s after the end`;
  return Array.isArray(value) ? value.join(", ") || "none" : String(value);
}
