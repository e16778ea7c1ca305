/** The calendar: which days it shows, what meets on one of them, and when messages may go. */

import type { Schemas } from "../../api.ts";

export type Entry = Schemas["CalendarEntry"];
export type Holiday = Schemas["Holiday"];

export const VIEWS = ["month", "week", "list"] as const;
export type View = (typeof VIEWS)[number];

/** The days that a view shows, and where the ones before and behind them begin. */
export interface Days {
  first: string;
  last: string;
  title: string;
  before: string;
  behind: string;
}

/** Days that a list shows. */
const LISTED = 28;
/** What of the week before still sends in this one is looked for so many days back. */
const LOOKED_BACK = 14;
const NAMES = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** Return the day that it is in a zone. */
export function dayOf(at: string, zone: string): string {
  return Temporal.Instant.from(at).toZonedDateTimeISO(zone).toPlainDate().toString();
}

/** Return a zone's time of day at an instant. */
export function timeOf(at: string, zone: string): string {
  return Temporal.Instant.from(at).toZonedDateTimeISO(zone).toPlainTime().toString().slice(0, 5);
}

/** Whether a text is a day of a calendar. */
export function isDay(text: string): boolean {
  try {
    return /^\d{4}-\d{2}-\d{2}$/.test(text) && text >= "1970" && !!Temporal.PlainDate.from(text);
  } catch {
    return false;
  }
}

/** Whether a text names a zone. */
export function isZone(text: string): boolean {
  try {
    return !!new Intl.DateTimeFormat("en", { timeZone: text });
  } catch {
    return false;
  }
}

/** Return the days of a view around a day: weeks begin on Monday, months are shown in whole weeks. */
export function daysOf(view: View, day: string): Days {
  const chosen = Temporal.PlainDate.from(day);
  if (view === "month") {
    const first = chosen.with({ day: 1 });
    const next = first.add({ months: 1 });
    return {
      first: monday(first).toString(),
      last: monday(next.subtract({ days: 1 })).add({ days: 6 }).toString(),
      title: written(first.toString(), { month: "long", year: "numeric" }),
      before: first.subtract({ months: 1 }).toString(),
      behind: next.toString(),
    };
  }
  const [first, length] = view === "week" ? [monday(chosen), 7] : [chosen, LISTED];
  const last = first.add({ days: length - 1 });
  return {
    first: first.toString(),
    last: last.toString(),
    title: `${inWords(first.toString())} to ${inWords(last.toString(), true)}`,
    before: first.subtract({ days: length }).toString(),
    behind: first.add({ days: length }).toString(),
  };
}

function monday(day: Temporal.PlainDate): Temporal.PlainDate {
  return day.subtract({ days: day.dayOfWeek - 1 });
}

/** Return a day in words: "2 March", with its year where that is wanted. */
export function inWords(day: string, year = false): string {
  return written(day, { day: "numeric", month: "long", year: year ? "numeric" : undefined });
}

/** Return a day with its weekday: "Monday 2 March 2026". */
export function inFull(day: string): string {
  return `${written(day, { weekday: "long" })} ${inWords(day, true)}`;
}

function written(day: string, how: Intl.DateTimeFormatOptions): string {
  return new Date(`${day}T00:00Z`).toLocaleDateString("en-GB", { ...how, timeZone: "UTC" });
}

/** Return the number of a day's week in its year (ISO 8601). */
export function weekOf(day: string): number {
  return Temporal.PlainDate.from(day).weekOfYear!;
}

/** Return each day from one to another. */
export function each(first: string, last: string): string[] {
  const found = [];
  for (
    let day = Temporal.PlainDate.from(first);
    day.toString() <= last;
    day = day.add({ days: 1 })
  ) {
    found.push(day.toString());
  }
  return found;
}

/** Return the first day to ask for: what began earlier may still send in a week. */
export function askedFrom(view: View, first: string): string {
  if (view !== "week") return first;
  return Temporal.PlainDate.from(first).subtract({ days: LOOKED_BACK }).toString();
}

// --- what meets -----------------------------------------------------------------------------

/** Audiences that are the same people whenever they are the same one. */
const SAME: Record<string, string> = {
  list: "the same list",
  segment: "the same segment",
  retry: "the same people again",
};
/** Audiences whose people are among everyone. */
const AMONG = [...Object.keys(SAME), "everyone", "recipients"];

/** Return what else goes to the same people on the day of an entry, each in words. */
export function meets(entry: Entry, entries: readonly Entry[]): string[] {
  const found = new Set<string>();
  for (const other of entries) {
    if (other.date !== entry.date || isOneSeries(entry, other)) continue;
    const whom = shared(entry.audience, other.audience);
    if (whom) found.add(`meets ${other.name}: ${whom}`);
  }
  return [...found];
}

/** Whether two entries are of one series, whose runs are meant to come again. */
function isOneSeries(one: Entry, other: Entry): boolean {
  if (one.campaign_id === other.campaign_id) return true;
  return one.run !== null && other.run !== null && one.name === other.name;
}

function shared(one: Entry["audience"], other: Entry["audience"]): string | undefined {
  if (!one || !other) return;
  const kinds = [one.kind, other.kind];
  if (kinds.includes("everyone") && kinds.every((kind) => AMONG.includes(kind))) {
    return other.kind === "everyone" ? "it goes to everyone" : "this goes to everyone";
  }
  if (one.kind === other.kind && one.id === other.id) return SAME[one.kind];
}

// --- when messages may go -------------------------------------------------------------------

interface Hours {
  start: string;
  end: string;
}

/** Whether an hour of a day, or a part of it, lies within a window; over night it closes the day after. */
function covers({ start, end }: Hours, day: string, hour: number, opens: (day: string) => boolean) {
  const [from, to] = [minutes(start), minutes(end)];
  const [begins, ends] = [hour * 60, hour * 60 + 60];
  if (from < to) return opens(day) && from < ends && begins < to;
  const yesterday = Temporal.PlainDate.from(day).subtract({ days: 1 }).toString();
  return (opens(day) && from < ends) || (opens(yesterday) && begins < to);
}

function minutes(time: string): number {
  const [hours, rest] = time.split(":").map(Number);
  return hours * 60 + rest;
}

/** Whether an hour lies in the quiet hours, as far as its whole length goes. */
export function isQuiet(quiet: Record<string, string> | null, hour: number): boolean {
  if (!quiet) return false;
  const open = { start: quiet.end, end: quiet.start };
  return !covers(open, "2026-03-02", hour, () => true);
}

/** Whether a campaign with a window may send in an hour of a day, by the clocks of a zone. */
export function maySend(entry: Entry, day: string, hour: number, zone: string): boolean {
  const window = entry.send_window;
  if (!window || entry.type === "steps") return false;
  const ends = Temporal.PlainDate.from(day).toZonedDateTime(zone).add({ hours: hour + 1 });
  const begins = ends.subtract({ hours: 1 });
  const over = [entry.ended_at, entry.not_after].filter((at) => at !== null);
  if (ends.epochMilliseconds <= Date.parse(entry.at)) return false;
  if (over.some((at) => begins.epochMilliseconds >= Date.parse(at))) return false;
  return covers(window, day, hour, (on) => window.days.includes(nameOf(on)));
}

function nameOf(day: string): typeof NAMES[number] {
  return NAMES[Temporal.PlainDate.from(day).dayOfWeek - 1];
}

/** Return a campaign's window in words. */
export function windowWords({ send_window: window }: Entry): string {
  if (!window) return "";
  const days = NAMES.filter((name) => window.days.includes(name));
  const named = days.length === 7 ? "every day" : days.map(capital).join(", ");
  return `${window.start} to ${window.end}, ${named}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// --- what stands there ------------------------------------------------------------------------

/** Return what an entry is, in words. */
export function whatIs(entry: Entry): string {
  if (entry.type === "steps") return `${entry.name}: next step`;
  return entry.run === null ? entry.name : `${entry.name}, run ${entry.run}`;
}

/** Return where an entry leads to: the campaign, or the plan that people walk through. */
export function placeOf({ kind, campaign_id: id }: Entry): string {
  return kind === "journey" || kind === "sequence" ? `/journeys/${id}` : `/campaigns/${id}`;
}

/** Return how many people an entry is for; empty: nobody knows yet. */
export function peopleOf({ people }: Entry): string {
  if (people === null) return "";
  return people === 1 ? "1 person" : `${people.toLocaleString("en-GB")} people`;
}

/** Whether an entry is a start that can be moved; a run that is not made yet cannot. */
export function canMove(entry: Entry): boolean {
  return entry.type === "campaign" && entry.status === "scheduled";
}

/** Return the holidays of a day in words: one of several countries is told once. */
export function holidayWords(day: string, holidays: readonly Holiday[]): string[] {
  const regions = new Map<string, string[]>();
  for (const { date, name, channels, region } of holidays) {
    if (date !== day) continue;
    const what = `${name}: no ${channels.join(", ")} in`;
    regions.set(what, [...(regions.get(what) ?? []), region]);
  }
  return [...regions].map(([what, where]) => `${what} ${where.join(", ")}`);
}
