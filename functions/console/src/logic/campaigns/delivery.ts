/** What became of messages: shares, and how they stand against what providers ask for. */

import type { components } from "../../../schema.d.ts";

type Schemas = components["schemas"];
export type Report = Schemas["DeliveryReport"];
export type SenderFigures = Schemas["SenderFigures"];
export type Outcome = Schemas["Outcome"];
type Counts = Pick<Schemas["DeliveryFigures"], Outcome>;

/** Return a share in per cent, as exact as it is small. */
export function percent(part: number, whole: number): string {
  if (!whole) return "–";
  const share = 100 * part / whole;
  const digits = share === 0 || share >= 10 ? 0 : share >= 1 ? 1 : 2;
  return `${share.toLocaleString("en-GB", { maximumFractionDigits: digits })} %`;
}

/** How a share stands: a word, and the sign of a status that goes with it. */
export interface Verdict {
  sign: "healthy" | "degraded" | "unhealthy" | "idle";
  words: string;
}

interface Limit {
  near: number;
  over: number;
  /** Below so many a share says little. */
  few: number;
}

const COMPLAINTS: Limit = { near: 0.001, over: 0.003, few: 1_000 };
const BOUNCES: Limit = { near: 0.05, over: 0.1, few: 100 };

/** Whose limits they are. Only receivers and carriers of mail have published any. */
export const SOURCES = [
  "Complaints: Google and Yahoo ask senders of mail to stay below 0.1 % of what arrives, and " +
  "never to reach 0.3 % (their sender guidelines of 2024).",
  "Bounces: Amazon SES looks at accounts from 5 % of what is sent, and may pause them from 10 % " +
  "(its questions and answers on reviews).",
];

/** Return how complaints stand: of what has arrived, of mail alone. */
export function complaints(channel: string, counts: Counts): Verdict | undefined {
  if (channel === "email") return verdict(counts.complained, counts.delivered, COMPLAINTS);
}

/** Return how bounces stand: of what was sent, of mail alone. */
export function bounces(channel: string, counts: Counts): Verdict | undefined {
  if (channel === "email") return verdict(counts.bounced, counts.sent, BOUNCES);
}

function verdict(part: number, whole: number, { near, over, few }: Limit): Verdict | undefined {
  if (!whole) return;
  if (part && whole < few) return { sign: "idle", words: "too few to tell" };
  const share = part / whole;
  if (share >= over) return { sign: "unhealthy", words: "over the limit" };
  return share >= near
    ? { sign: "degraded", words: "near the limit" }
    : { sign: "healthy", words: "within the limit" };
}

/** What a row of the report is about. */
export interface Of {
  channel?: string;
  provider?: string;
  sender?: string;
}

export interface Row extends Counts {
  of: Of;
  /** Where it is one sender. */
  one?: SenderFigures;
}

export const OUTCOMES: readonly Outcome[] = [
  "sent",
  "delivered",
  "read",
  "clicked",
  "replied",
  "failed",
  "bounced",
  "unknown",
  "skipped",
  "cancelled",
  "expired",
  "complained",
  "opted_out",
];

export type By = "sender" | "provider" | "channel";

/** Return the figures of each sender, or added up. */
export function grouped(senders: readonly SenderFigures[], by: By): Row[] {
  const found = new Map<string, Row>();
  for (const each of senders) {
    const { channel, provider, sender } = each;
    const of = by === "sender"
      ? { channel, provider, sender }
      : by === "provider"
      ? { channel, provider }
      : { channel };
    const key = JSON.stringify(of);
    const before = found.get(key);
    const counts = Object.fromEntries(
      OUTCOMES.map((name) => [name, each[name] + (before?.[name] ?? 0)]),
    ) as Counts;
    found.set(key, { of, ...counts, one: by === "sender" ? each : undefined });
  }
  return [...found.values()];
}

export interface Day extends Counts {
  day: string;
}

/** Return every day of a report, the oldest first, those without anything too. */
export function daysOf(report: Report): Day[] {
  const days: Day[] = [];
  for (let day = report.from; day <= report.to; day = dayAfter(day, 1)) {
    const mine = report.days.filter((each) => each.day === day);
    const counts = OUTCOMES.map((name) => [name, mine.reduce((sum, one) => sum + one[name], 0)]);
    days.push({ day, ...Object.fromEntries(counts) as Counts });
  }
  return days;
}

/** Return the day so many days after another. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** Return what GET /messages is asked for the people behind a figure. */
export function behind(
  outcome: Outcome,
  of: Of,
  from: string,
  to: string,
  reason?: string,
): Record<string, string | undefined> {
  return { outcome, reason, ...of, outcome_from: from, outcome_to: to };
}
