import { deepStrictEqual as same } from "node:assert/strict";
import {
  askedFrom,
  canMove,
  dayOf,
  daysOf,
  each,
  type Entry,
  holidayWords,
  isDay,
  isQuiet,
  isZone,
  maySend,
  meets,
  peopleOf,
  placeOf,
  timeOf,
  weekOf,
  whatIs,
  windowWords,
} from "./calendar.ts";

const ENTRY: Entry = {
  type: "campaign",
  at: "2026-03-02T08:00:00Z",
  date: "2026-03-02",
  campaign_id: "spring",
  name: "Spring",
  kind: "broadcast",
  channel: "sms",
  status: "scheduled",
  people: 8412,
  audience: { kind: "list", id: "l1", statuses: "" },
  send_window: null,
  not_after: null,
  ended_at: null,
  run: null,
};

function entry(changes: Partial<Entry>): Entry {
  return { ...ENTRY, campaign_id: changes.name ?? "spring", ...changes };
}

Deno.test("a month is shown in whole weeks from Monday", () => {
  const days = daysOf("month", "2026-03-31");
  same([days.first, days.last, days.title], ["2026-02-23", "2026-04-05", "March 2026"]);
  same([days.before, days.behind], ["2026-02-01", "2026-04-01"]);
  same(each(days.first, days.last).length, 42);
  same(daysOf("month", "2026-06-15").first, "2026-06-01");
});

Deno.test("a week may lie in two years", () => {
  const days = daysOf("week", "2027-01-01");
  same([days.first, days.last], ["2026-12-28", "2027-01-03"]);
  same(days.title, "28 December to 3 January 2027");
  same([days.before, days.behind, weekOf(days.first)], ["2026-12-21", "2027-01-04", 53]);
});

Deno.test("a list begins on the chosen day", () => {
  const days = daysOf("list", "2026-03-04");
  same([days.first, days.last, days.behind], ["2026-03-04", "2026-03-31", "2026-04-01"]);
});

Deno.test("a day and its hours are those of the zone", () => {
  same(dayOf("2026-03-02T23:30:00Z", "Europe/Berlin"), "2026-03-03");
  same(timeOf("2026-03-29T01:00:00Z", "Europe/Berlin"), "03:00");
});

Deno.test("nonsense is no day and no zone", () => {
  same(["2026-02-30", "today", "0001-01-01", "2026-03-02"].map(isDay), [false, false, false, true]);
  same(["Mars/Olympus", "", "Asia/Calcutta"].map(isZone), [false, false, true]);
});

Deno.test("campaigns that go to the same people on a day meet", () => {
  const other = entry({ name: "Autumn" });
  same(meets(ENTRY, [ENTRY, other]), ["meets Autumn: the same list"]);
  same(meets(ENTRY, [entry({ name: "Autumn", date: "2026-03-03" })]), []);
  same(
    meets(ENTRY, [entry({ name: "A", audience: { kind: "list", id: "l2", statuses: "" } })]),
    [],
  );
  same(
    meets(entry({ audience: { kind: "recipients", id: "", statuses: "" } }), [
      entry({ name: "A", audience: { kind: "recipients", id: "", statuses: "" } }),
    ]),
    [],
  );
});

Deno.test("everyone are these people too", () => {
  const all = entry({ name: "All", audience: { kind: "everyone", id: "", statuses: "" } });
  const more = entry({ name: "More", audience: { kind: "everyone", id: "", statuses: "" } });
  same(meets(ENTRY, [all]), ["meets All: it goes to everyone"]);
  same(meets(all, [ENTRY, more]), [
    "meets Spring: this goes to everyone",
    "meets More: it goes to everyone",
  ]);
});

Deno.test("the runs of a series do not meet one another, nor steps anything", () => {
  const runs = [1, 2].map((run) => entry({ run, campaign_id: `run ${run}` }));
  same(meets(runs[0], runs), []);
  same(meets(entry({ type: "steps", audience: null }), [entry({ name: "Autumn" })]), []);
});

Deno.test("quiet hours may reach over midnight; an hour is quiet when all of it is", () => {
  const quiet = { start: "21:30", end: "09:00" };
  same([8, 9, 20, 21, 22, 23, 0].map((hour) => isQuiet(quiet, hour)), [
    true,
    false,
    false,
    false,
    true,
    true,
    true,
  ]);
  same(isQuiet(null, 3), false);
});

Deno.test("a window is open on its days, from the start until the end", () => {
  const window = { start: "09:00", end: "17:30", days: ["mon" as const, "tue" as const] };
  const one = entry({ send_window: window, not_after: "2026-03-03T12:00:00Z" });
  const open = (day: string, hour: number) => maySend(one, day, hour, "UTC");
  same([8, 9, 17, 18].map((hour) => open("2026-03-02", hour)), [false, true, true, false]);
  same([open("2026-03-03", 11), open("2026-03-03", 12)], [true, false]);
  same([open("2026-03-01", 10), open("2026-03-04", 10)], [false, false]);
  same(maySend(ENTRY, "2026-03-02", 10, "UTC"), false);
  same(windowWords(one), "09:00 to 17:30, Mon, Tue");
});

Deno.test("a window over night belongs to the day on which it opens", () => {
  const one = entry({ send_window: { start: "22:00", end: "02:00", days: ["mon"] } });
  const open = (day: string, hour: number) => maySend(one, day, hour, "UTC");
  same([open("2026-03-02", 23), open("2026-03-03", 1), open("2026-03-03", 23)], [
    true,
    true,
    false,
  ]);
});

Deno.test("what began before a week may still send in it", () => {
  same(askedFrom("week", "2026-03-09"), "2026-02-23");
  same(askedFrom("month", "2026-03-09"), "2026-03-09");
});

Deno.test("an entry says what it is and for how many", () => {
  same(whatIs(ENTRY), "Spring");
  same(whatIs(entry({ type: "run", run: 4 })), "Spring, run 4");
  same(whatIs(entry({ type: "steps" })), "Spring: next step");
  same([ENTRY, entry({ kind: "sequence" })].map(placeOf), [
    "/campaigns/spring",
    "/journeys/spring",
  ]);
  same([8412, 1, null].map((people) => peopleOf(entry({ people }))), [
    "8,412 people",
    "1 person",
    "",
  ]);
  same([ENTRY, entry({ type: "run" }), entry({ status: "running" })].map(canMove), [
    true,
    false,
    false,
  ]);
});

Deno.test("a holiday of several countries is told once", () => {
  const day = { date: "2026-05-01", name: "Labour Day", channels: ["voice", "sms"] as const };
  const holidays = ["DE", "FR"].map((region) => ({ ...day, channels: [...day.channels], region }));
  same(holidayWords("2026-05-01", holidays), ["Labour Day: no voice, sms in DE, FR"]);
  same(holidayWords("2026-05-02", holidays), []);
});
