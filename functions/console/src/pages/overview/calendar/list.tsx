/** Day by day, those on which something is: what a phone shows, and what is read aloud best. */

import { each, holidayWords, inFull } from "../../../logic/campaigns/calendar.ts";
import type { Shown } from "../calendar.tsx";
import { Entries, Holidays } from "./entry.tsx";

export function List(shown: Shown) {
  const days = each(shown.first, shown.last)
    .map((day) => ({
      day,
      words: holidayWords(day, shown.calendar.holidays),
      entries: shown.entries.filter(({ date }) => date === day),
    }))
    .filter(({ words, entries }) => words.length || entries.length);
  if (!days.length) return null;
  return (
    <ol class="plain-list stack" data-walked>
      {days.map(({ day, words, entries }) => (
        <li key={day} class="sheet">
          <h3 aria-current={day === shown.today ? "date" : undefined}>
            {inFull(day)}
            {day === shown.today && ", today"}
          </h3>
          <Holidays words={words} />
          <Entries of={entries} shown={shown} />
        </li>
      ))}
    </ol>
  );
}
