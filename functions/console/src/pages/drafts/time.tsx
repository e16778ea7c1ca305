/** When it starts, and whether it comes again. */

import { useEffect, useState } from "preact/hooks";
import { api, ask, Refused, type Schemas, Unreachable } from "../../api.ts";
import { type Repeat, WEEKDAYS, wholeRule } from "../../logic/campaigns/repeat.ts";
import { CheckField, Choices, SelectField, TextField } from "../../parts/field.tsx";
import { MomentField } from "../../parts/moment.tsx";
import { When as Shown } from "../../parts/time.tsx";
import { session } from "../../session.ts";
import { useSignal } from "../../signal.ts";
import { startOf, type When } from "./when.ts";

interface TimeProps {
  when: When;
  change(part: Partial<When>): void;
  refused: Refused | undefined;
  organisation: string | undefined;
}

export function TimePart({ when, change, refused, organisation }: TimeProps) {
  const ahead = useSignal(session)?.limits?.schedule_ahead_days;
  return (
    <>
      <Choices
        legend="Start"
        value={when.how}
        change={(how) => change({ how: how as When["how"] })}
        options={[
          ["now", "Now", "as soon as you press Send"],
          ["at", "At a time", when.repeats ? "from then on" : `up to ${ahead ?? 14} days ahead`],
        ]}
      />
      {when.how === "at" && (
        <MomentField
          label="Time"
          value={when.at}
          change={(at) => change({ at })}
          error={refused?.of("scheduled_at")}
          organisation={organisation}
        />
      )}
      <CheckField
        label="Comes again and again"
        checked={when.repeats}
        change={(repeats) => change({ repeats })}
      />
      {when.repeats && (
        <Repeats
          repeat={when.repeat}
          change={(part) => change({ repeat: { ...when.repeat, ...part } })}
          zone={when.at.zone}
          start={startOf(when)}
          organisation={organisation}
        />
      )}
    </>
  );
}

interface RepeatsProps {
  repeat: Repeat;
  change(part: Partial<Repeat>): void;
  zone: string;
  start: string | undefined;
  organisation: string | undefined;
}

const NTH = ["first", "second", "third", "fourth"] as const;
const MONTHLY: (readonly [string, string])[] = [
  ["date", "on the date of the start"],
  ["last", "on its last day"],
  ...NTH.flatMap((word, index) =>
    WEEKDAYS.map(([day, name]) => [`${index + 1}${day}`, `on its ${word} ${name}`] as const)
  ),
];

function Repeats({ repeat, change, zone, start, organisation }: RepeatsProps) {
  const { coming, refused } = useComing(wholeRule(repeat), zone, start);
  const toggle = (day: string) => {
    const after = repeat.days.includes(day)
      ? repeat.days.filter((each) => each !== day)
      : [...repeat.days, day];
    change({ days: WEEKDAYS.map(([each]) => each).filter((each) => after.includes(each)) });
  };
  return (
    <div class="stack inset">
      <div class="columns">
        <SelectField
          label="Every"
          value={repeat.every}
          change={(every) => change({ every: every as Repeat["every"] })}
          options={[["day", "day"], ["week", "week"], ["month", "month"], ["rule", "rule of mine"]]}
        />
        {repeat.every !== "rule" && (
          <TextField
            label={`Each time after so many ${repeat.every}s`}
            type="number"
            min={1}
            value={repeat.interval}
            change={(interval) => change({ interval })}
          />
        )}
        {repeat.every === "month" && (
          <SelectField
            label="Day of the month"
            value={repeat.on}
            change={(on) => change({ on })}
            options={MONTHLY}
          />
        )}
        {repeat.every === "rule" && (
          <TextField
            label="Rule (RFC 5545)"
            value={repeat.rule}
            change={(rule) => change({ rule })}
            placeholder="FREQ=MONTHLY;BYDAY=2MO;BYHOUR=9;BYMINUTE=0"
            error={refused?.of("rrule")}
          />
        )}
      </div>
      {repeat.every === "week" && (
        <fieldset>
          <legend>On</legend>
          <div class="beside">
            {WEEKDAYS.map(([day, name]) => (
              <CheckField
                key={day}
                label={name}
                checked={repeat.days.includes(day)}
                change={() => toggle(day)}
              />
            ))}
          </div>
        </fieldset>
      )}
      <Ends repeat={repeat} change={change} organisation={organisation} />
      {refused && repeat.every !== "rule" && <p class="bad">{refused.message}</p>}
      {coming && <Coming coming={coming} zone={zone} />}
    </div>
  );
}

function Ends({ repeat, change, organisation }: Omit<RepeatsProps, "zone" | "start">) {
  return (
    <div class="columns">
      <SelectField
        label="Until"
        value={repeat.ends}
        change={(ends) => change({ ends: ends as Repeat["ends"] })}
        options={[
          ["never", "somebody ends it"],
          ["count", "it has come so many times"],
          ["until", "a time"],
        ]}
      />
      {repeat.ends === "count" && (
        <TextField
          label="Times"
          type="number"
          min={1}
          value={repeat.count}
          change={(count) => change({ count })}
        />
      )}
      {repeat.ends === "until" && (
        <MomentField
          label="Last at"
          value={repeat.until}
          change={(until) => change({ until })}
          organisation={organisation}
        />
      )}
    </div>
  );
}

function Coming({ coming, zone }: { coming: Schemas["PreviewedRule"]; zone: string }) {
  return (
    <div>
      <p>
        <strong>{coming.words}</strong>, by the clocks of {zone.replaceAll("_", " ")}:
      </p>
      <ol class="plain-list">
        {coming.occurrences.map((each) => (
          <li key={each.number}>
            <Shown at={each.at} zone={zone} />
          </li>
        ))}
        {coming.has_more && <li class="soft">and so on</li>}
      </ol>
    </div>
  );
}

const WAIT_MS = 300;
const SHOWN = 5;

function useComing(rrule: string, zone: string, start: string | undefined) {
  const [found, setFound] = useState<{ coming?: Schemas["PreviewedRule"]; refused?: Refused }>({});
  useEffect(() => {
    if (!rrule) return setFound({});
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const body = { rrule, zone, start, n: SHOWN };
        const coming = await ask(api.POST("/recurrences/preview", { body, signal: stop.signal }));
        if (!stop.signal.aborted) setFound({ coming });
      } catch (error) {
        if (stop.signal.aborted || error instanceof Unreachable) return;
        if (!(error instanceof Refused)) throw error;
        setFound({ refused: error });
      }
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [rrule, zone, start]);
  return found;
}
