/** A month in whole weeks: a row for each week, a cell for each day. */

import { each, holidayWords, inWords, weekOf } from "../../../logic/campaigns/calendar.ts";
import type { Shown } from "../calendar.tsx";
import { Entries, Holidays } from "./entry.tsx";

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/** As many as a day's cell holds; the list has all of them. */
const MOST = 4;

export function Month(shown: Shown) {
  const days = each(shown.first, shown.last);
  const weeks = Array.from(
    { length: days.length / 7 },
    (_, week) => days.slice(week * 7).slice(0, 7),
  );
  return (
    <div class="sheet flush">
      <div class="table-wrap">
        <table class="calendar month">
          <caption class="hidden">
            {inWords(shown.first)} to {inWords(shown.last, true)}, a row for each week
          </caption>
          <thead>
            <tr>
              <th scope="col">Week</th>
              {WEEKDAYS.map((name) => <th key={name} scope="col" abbr={name}>{name.slice(0, 3)}
              </th>)}
            </tr>
          </thead>
          <tbody data-walked>
            {weeks.map((week) => (
              <tr key={week[0]}>
                <th scope="row">
                  <a
                    href={`#${shown.place("week", week[0])}`}
                    aria-label={`Week ${weekOf(week[0])}`}
                  >
                    {weekOf(week[0])}
                  </a>
                </th>
                {week.map((day) => <Day key={day} day={day} shown={shown} />)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Day({ day, shown }: { day: string; shown: Shown }) {
  const entries = shown.entries.filter(({ date }) => date === day);
  const today = day === shown.today;
  // Of the month that is shown, the last day of the first week is one in any case.
  const other = day.slice(0, 7) !== Temporal.PlainDate.from(shown.first).add({ days: 6 }).toString()
    .slice(0, 7);
  return (
    <td class={other ? "other" : undefined} aria-current={today ? "date" : undefined}>
      <div class="day-head">
        <time dateTime={day}>
          <span aria-hidden="true">{Number(day.slice(8))}</span>
          <span class="hidden">{inWords(day)}</span>
        </time>
        {today && <span class="small">today</span>}
      </div>
      <Holidays words={holidayWords(day, shown.calendar.holidays)} />
      <Entries of={entries.slice(0, MOST)} shown={shown} />
      {entries.length > MOST && (
        <a class="small" href={`#${shown.place("list", day)}`}>
          {entries.length - MOST} more on {inWords(day)}
        </a>
      )}
    </td>
  );
}
