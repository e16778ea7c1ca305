/** What the days bring: starts, coming runs, waiting steps, and when nobody may be reached. */

import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { api, ask, type Schemas } from "../../api.ts";
import { EACH_MINUTE, useLive } from "../../live.ts";
import {
  askedFrom,
  dayOf,
  daysOf,
  type Entry,
  isDay,
  isZone,
  type View,
  VIEWS,
} from "../../logic/campaigns/calendar.ts";
import { zones } from "../../logic/moment.ts";
import { useNarrow } from "../../narrow.ts";
import { Failure, Waiting } from "../../parts/failure.tsx";
import { SelectField } from "../../parts/field.tsx";
import { HERE } from "../../parts/time.tsx";
import { go, type PageProps, withQuery } from "../../routes.ts";
import { useMay } from "../../session.ts";
import { pageKeys } from "../../shell/keys.ts";
import { Reschedule } from "../campaigns/campaign/moving.tsx";
import { List } from "./calendar/list.tsx";
import { Month } from "./calendar/month.tsx";
import { Week } from "./calendar/week.tsx";

/** What each view is given. */
export interface Shown {
  calendar: Schemas["ShownCalendar"];
  /** Whose clocks days and times go by. */
  zone: string;
  /** The day that was chosen. */
  day: string;
  today: string;
  /** What stands on the days that are shown; the calendar may know more. */
  entries: readonly Entry[];
  first: string;
  last: string;
  /** The address of a view of some days. */
  place(view: View, day: string): string;
  /** Ask for another start; undefined: the viewer may not. */
  move: ((entry: Entry) => void) | undefined;
}

const SHOWN = { month: Month, week: Week, list: List };

export default function CalendarPage({ query }: PageProps) {
  const narrow = useNarrow();
  const zone = isZone(query.get("zone") ?? "") ? query.get("zone")! : HERE;
  const today = dayOf(new Date().toISOString(), zone);
  const day = isDay(query.get("day") ?? "") ? query.get("day")! : today;
  const chosen = VIEWS.find((each) => each === query.get("view")) ?? "month";
  const view = narrow ? "list" : chosen;
  const days = daysOf(view, day);
  const may = useMay("operator", "campaigns");
  const [moved, setMoved] = useState<Entry | undefined>();
  const from = askedFrom(view, days.first);
  const found = useLive(
    `calendar ${from} ${days.last} ${zone}`,
    (signal) =>
      ask(api.GET("/calendar", { params: { query: { from, to: days.last, zone } }, signal })),
    () => EACH_MINUTE,
  );
  const place = (to: View, at: string, other = zone) =>
    withQuery("/calendar", {
      view: to === "month" ? undefined : to,
      day: at === today ? undefined : at,
      zone: other === HERE ? undefined : other,
    });
  useEffect(() =>
    pageKeys(
      { key: "ArrowLeft", does: "Days before", act: () => go(place(chosen, days.before)) },
      { key: "ArrowRight", does: "Days after", act: () => go(place(chosen, days.behind)) },
      { key: "t", does: "Today", act: () => go(place(chosen, today)) },
      ...VIEWS.map((each) => ({
        key: each[0],
        does: `Show the ${each}`,
        act: () => go(place(each, day)),
      })),
    ), [chosen, day, zone, view]);
  const entries = found.value?.entries.filter(({ date }) => date >= days.first) ?? [];
  const One = SHOWN[view];
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>Calendar</h1>
          <p class="soft">Starts, coming runs, and people whose next step comes.</p>
        </div>
        {may && <a class="button main-action" href="#/campaigns/new">New campaign</a>}
      </div>
      <div class="beside apart calendar-head">
        <nav class="beside" aria-label="Days">
          <a class="button" href={`#${place(chosen, days.before)}`}>Before</a>
          <a class="button" href={`#${place(chosen, today)}`}>Today</a>
          <a class="button" href={`#${place(chosen, days.behind)}`}>After</a>
          <h2 aria-live="polite">{days.title}</h2>
        </nav>
        {!narrow && (
          <nav class="filter-links" aria-label="View">
            {VIEWS.map((each) => (
              <a
                key={each}
                href={`#${place(each, day)}`}
                aria-current={each === view ? "true" : undefined}
              >
                {each}
              </a>
            ))}
          </nav>
        )}
        <Zone zone={zone} change={(other) => go(place(chosen, day, other))} />
      </div>
      <Failure of={found.refused} />
      {!found.value ? !found.refused && <Waiting /> : (
        <>
          <Notes of={found.value} none={!entries.length} may={may}>
            {!found.value.complete && view !== "week" && (
              <a href={`#${place("week", day)}`}>Show the week</a>
            )}
          </Notes>
          <One
            calendar={found.value}
            zone={zone}
            day={day}
            today={today}
            entries={entries}
            first={days.first}
            last={days.last}
            place={place}
            move={may ? setMoved : undefined}
          />
        </>
      )}
      {moved && (
        <Reschedule
          campaign={{
            id: moved.campaign_id,
            name: moved.name,
            scheduled_at: moved.at,
            repeat: moved.run,
          }}
          zone={zone}
          again={found.again}
          close={() => setMoved(undefined)}
        />
      )}
    </div>
  );
}

function Zone({ zone, change }: { zone: string; change(zone: string): void }) {
  const settings = useLive("settings", (signal) => ask(api.GET("/settings", { signal }))).value;
  const own = settings?.default_zone;
  const all = useMemo(() => zones([HERE, own, zone]), [own, zone]);
  return (
    <SelectField
      label="By the clocks of"
      value={zone}
      change={change}
      options={all.map((each) => [each, each.replaceAll("_", " ")])}
    />
  );
}

interface NotesProps {
  of: Schemas["ShownCalendar"];
  none: boolean;
  may: boolean;
  children: ComponentChildren;
}

/** What holds for all of the days. */
function Notes({ of, none, may, children }: NotesProps) {
  const { quiet_hours: quiet, complete } = of;
  return (
    <>
      {!complete && (
        <p class="notice warn">
          There is more than is shown here, which fewer days may show; of what repeats the next
          hundred runs are known. {children}
        </p>
      )}
      {none && (
        <p class="notice">
          Nothing starts in these days. A campaign stands here once it has a time
          {may
            ? (
              <>
                : <a href="#/campaigns/new">write one</a>.
              </>
            )
            : "."}
        </p>
      )}
      {quiet && (
        <p class="soft">
          Quiet hours: from {quiet.start} to{" "}
          {quiet.end}, in each person's own time, nobody is reached.
        </p>
      )}
    </>
  );
}
