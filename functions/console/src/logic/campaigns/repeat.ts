/** How a campaign comes again and again: choices of a form as a rule of RFC 5545. */

import { instant, type Moment } from "../moment.ts";

export interface Repeat {
  every: "day" | "week" | "month" | "rule";
  interval: string;
  /** Of a week: `MO`, `WE`. */
  days: readonly string[];
  /** Of a month: the start's date, its last day, or a weekday such as `2MO`. */
  on: string;
  /** A rule of one's own. */
  rule: string;
  ends: "never" | "count" | "until";
  count: string;
  until: Moment;
}

export const WEEKDAYS = [
  ["MO", "Mon"],
  ["TU", "Tue"],
  ["WE", "Wed"],
  ["TH", "Thu"],
  ["FR", "Fri"],
  ["SA", "Sat"],
  ["SU", "Sun"],
] as const;

export function weekly(zone: string): Repeat {
  return {
    ...{ every: "week", interval: "1", days: [], on: "date", rule: "", ends: "never", count: "12" },
    until: { local: "", zone },
  };
}

const FREQ = { day: "DAILY", week: "WEEKLY", month: "MONTHLY" } as const;

/** Return the rule, without its end. */
export function ruleOf(repeat: Repeat): string {
  if (repeat.every === "rule") return repeat.rule.trim().replace(/^RRULE:/i, "");
  const parts = [`FREQ=${FREQ[repeat.every]}`];
  if (repeat.interval.trim() && repeat.interval.trim() !== "1") {
    parts.push(`INTERVAL=${repeat.interval.trim()}`);
  }
  if (repeat.every === "week" && repeat.days.length) parts.push(`BYDAY=${repeat.days.join(",")}`);
  if (repeat.every === "month" && repeat.on === "last") parts.push("BYMONTHDAY=-1");
  else if (repeat.every === "month" && repeat.on !== "date") parts.push(`BYDAY=${repeat.on}`);
  return parts.join(";");
}

/** Return what the API takes: the rule, whose clocks, and the end. */
export function repetition(repeat: Repeat, zone: string) {
  return {
    rrule: ruleOf(repeat),
    zone,
    count: repeat.ends === "count" ? Number(repeat.count) || null : null,
    until: repeat.ends === "until" ? instant(repeat.until) ?? null : null,
  };
}

/** Return the rule with its end in it, to see what comes by it. */
export function wholeRule(repeat: Repeat): string {
  const rule = ruleOf(repeat);
  const until = repeat.ends === "until" ? instant(repeat.until) : undefined;
  if (repeat.ends === "count" && Number(repeat.count)) {
    return `${rule};COUNT=${Number(repeat.count)}`;
  }
  return until ? `${rule};UNTIL=${until.replace(/[-:]/g, "")}` : rule;
}
