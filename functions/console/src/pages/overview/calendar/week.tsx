/** A week, hour by hour: starts at their hour, and when messages may go. */

import {
  each,
  type Entry,
  holidayWords,
  inFull,
  inWords,
  isQuiet,
  maySend,
  placeOf,
  timeOf,
  whatIs,
  windowWords,
} from "../../../logic/campaigns/calendar.ts";
import { When } from "../../../parts/time.tsx";
import type { Shown } from "../calendar.tsx";
import { Entries, Holidays } from "./entry.tsx";

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

export function Week(shown: Shown) {
  const days = each(shown.first, shown.last);
  return (
    <>
      <Windows shown={shown} days={days} />
      <div class="sheet flush">
        <div class="table-wrap">
          <table class="calendar week">
            <caption class="hidden">
              {inWords(shown.first)} to {inWords(shown.last, true)}, a row for each hour
            </caption>
            <thead>
              <tr>
                <th scope="col">Hour</th>
                {days.map((day) => (
                  <th
                    key={day}
                    scope="col"
                    abbr={inFull(day)}
                    aria-current={day === shown.today ? "date" : undefined}
                  >
                    {inFull(day).slice(0, 3)} {Number(day.slice(8))}
                    {day === shown.today && ", today"}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody data-walked>
              <tr>
                <th scope="row">Day</th>
                {days.map((day) => (
                  <td key={day}>
                    <Holidays words={holidayWords(day, shown.calendar.holidays)} />
                    <Entries of={shown.entries.filter(isOf(day))} shown={shown} />
                  </td>
                ))}
              </tr>
              {HOURS.map((hour) => (
                <tr key={hour}>
                  <th scope="row">{String(hour).padStart(2, "0")}</th>
                  {days.map((day) => <Hour key={day} day={day} hour={hour} shown={shown} />)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </>
  );
}

/** What is of a day, and not of one of its hours. */
function isOf(day: string) {
  return ({ date, type }: Entry) => date === day && type === "steps";
}

function Hour({ day, hour, shown }: { day: string; hour: number; shown: Shown }) {
  const { entries, calendar, zone } = shown;
  const here = entries.filter((entry) =>
    entry.type !== "steps" && entry.date === day &&
    Number(timeOf(entry.at, zone).slice(0, 2)) === hour
  );
  const quiet = isQuiet(calendar.quiet_hours, hour);
  const open = !quiet && calendar.entries.some((entry) => maySend(entry, day, hour, zone));
  return (
    <td class={quiet ? "quiet" : open ? "open" : undefined}>
      <Entries of={here} shown={shown} />
    </td>
  );
}

/** What the shading means, in words: whose windows are open in this week. */
function Windows({ shown, days }: { shown: Shown; days: readonly string[] }) {
  const { calendar, zone } = shown;
  const open = calendar.entries.filter((entry) =>
    days.some((day) => HOURS.some((hour) => maySend(entry, day, hour, zone)))
  );
  if (!open.length && !calendar.quiet_hours) return null;
  return (
    <div class="stack tight">
      <div class="legend">
        {open.length > 0 && (
          <span>
            <i class="swatch open" /> a send window is open
          </span>
        )}
        {calendar.quiet_hours && (
          <span>
            <i class="swatch quiet" /> quiet hours
          </span>
        )}
        <span>by each person's own clocks</span>
      </div>
      <ul class="plain-list small soft">
        {open.map((entry) => (
          <li key={`${entry.campaign_id} ${entry.at}`}>
            <a href={`#${placeOf(entry)}`}>{whatIs(entry)}</a> sends {windowWords(entry)}, from{" "}
            <When at={entry.at} zone={zone} />
            {entry.not_after && (
              <>
                {" until "}
                <When at={entry.not_after} zone={zone} />
              </>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
