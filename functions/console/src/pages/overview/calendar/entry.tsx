/** Something that a day brings, with the way to what it is about. */

import {
  canMove,
  type Entry,
  meets,
  peopleOf,
  placeOf,
  timeOf,
  whatIs,
} from "../../../logic/campaigns/calendar.ts";
import { Tag } from "../../../parts/tag.tsx";
import type { Shown } from "../calendar.tsx";

/** What has no status of its own yet. */
const WORDS: Record<string, [string, string]> = {
  run: ["pending", "coming"],
  steps: ["running", "waiting"],
};

export function EntryItem({ entry, shown }: { entry: Entry; shown: Shown }) {
  const [status, words] = WORDS[entry.type] ?? [entry.status, undefined];
  const { move } = shown;
  const people = peopleOf(entry);
  return (
    <li class="entry">
      <a href={`#${placeOf(entry)}`}>
        {entry.type !== "steps" && `${timeOf(entry.at, shown.zone)} `}
        {whatIs(entry)}
      </a>
      <div class="small entry-facts">
        <Tag name={status} words={words} />
        {move && canMove(entry) && (
          <button
            type="button"
            class="plain"
            aria-label={`Move ${whatIs(entry)}`}
            onClick={() => move(entry)}
          >
            Move
          </button>
        )}
        <span class="soft">{[entry.channel, people].filter(Boolean).join(", ")}</span>
      </div>
      {meets(entry, shown.entries).map((words) => (
        <div class="small warn entry-meets" key={words}>
          <Tag name="meets" words={words} />
        </div>
      ))}
    </li>
  );
}

/** What some of a day brings; nothing where there is none. */
export function Entries({ of, shown }: { of: readonly Entry[]; shown: Shown }) {
  if (!of.length) return null;
  return (
    <ul class="plain-list entries">
      {of.map((entry) => (
        <EntryItem
          key={`${entry.type} ${entry.campaign_id} ${entry.at}`}
          entry={entry}
          shown={shown}
        />
      ))}
    </ul>
  );
}

/** The public holidays of a day. */
export function Holidays({ words }: { words: readonly string[] }) {
  return <>{words.map((each) => <div class="small soft holiday" key={each}>{each}</div>)}</>;
}
