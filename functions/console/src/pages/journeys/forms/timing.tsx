/** When a step is due. */

import { SelectField } from "../../../parts/field.tsx";
import { DurationField, OptionalField, type Wrong } from "./fields.tsx";

type Members = Record<string, unknown>;

interface TimingProps {
  /** The members that say when: a node's `schedule`, or a sequence's step itself. */
  of: Members;
  /** What a delay is called there. */
  delay: "delay" | "offset";
  change(members: Members): void;
  wrong: Wrong;
}

type Way = "delay" | "interval" | "at" | "until";

function wayOf(of: Members): Way {
  if (of.interval) return "interval";
  if (of.at) return "at";
  return of.until ? "until" : "delay";
}

const WEEKDAYS = [
  ["", "Any day"],
  ["mon", "Monday"],
  ["tue", "Tuesday"],
  ["wed", "Wednesday"],
  ["thu", "Thursday"],
  ["fri", "Friday"],
  ["sat", "Saturday"],
  ["sun", "Sunday"],
] as const;

/** Members that another way of saying when would contradict. */
const NONE = {
  delay: undefined,
  offset: undefined,
  time: undefined,
  at: undefined,
  until: undefined,
  interval: undefined,
};

export function TimingForm({ of, delay, change, wrong }: TimingProps) {
  const way = wayOf(of);
  const interval = (of.interval ?? {}) as Members;
  const until = (of.until ?? {}) as Members;
  const only = (members: Members) => {
    const { delay: _, offset: __, ...rest } = NONE;
    change({ ...rest, [delay]: undefined, ...members });
  };
  const begun: Record<Way, Members> = {
    delay: {},
    interval: { interval: { offset: "1day-2days" } },
    at: { at: new Date(Date.now() + 86_400_000).toISOString().slice(0, 16) + ":00Z" },
    until: { until: { weekday: "mon", time: "09:00" } },
  };
  const ways: (readonly [Way, string])[] = [
    ["delay", "So long afterwards"],
    ["interval", "Some time within a range"],
  ];
  if (delay === "delay") ways.push(["at", "At an instant"], ["until", "On the next such day"]);
  return (
    <div class="stack">
      <SelectField
        label="When"
        value={way}
        change={(chosen) => only(begun[chosen as Way])}
        options={ways}
      />
      {way === "delay" && (
        <>
          <DurationField
            label="So long afterwards"
            hint="Empty: at once"
            error={wrong(delay)}
            value={of[delay]}
            change={(value) => change({ [delay]: value })}
          />
          <OptionalField
            label="At the time of day"
            hint="As 10:00, by the person's clocks; empty: the same time"
            error={wrong("time")}
            value={of.time}
            change={(value) => change({ time: value })}
          />
        </>
      )}
      {way === "interval" && (
        <>
          <OptionalField
            label="From and to"
            hint="As 2days-5days or 1hour 30minutes"
            error={wrong("interval")}
            value={interval.offset}
            change={(value) => change({ interval: { ...interval, offset: value ?? "" } })}
          />
          <OptionalField
            label="Between the hours"
            hint="As 10:00-15:00; empty: at any"
            value={interval.time}
            change={(value) => change({ interval: { ...interval, time: value } })}
          />
        </>
      )}
      {way === "at" && (
        <OptionalField
          label="Instant"
          hint="With its zone, as 2030-03-02T09:00:00Z or +01:00 at its end"
          error={wrong("at")}
          value={of.at}
          change={(value) => change({ at: value ?? "" })}
        />
      )}
      {way === "until" && (
        <>
          <SelectField
            label="Weekday"
            value={String(until.weekday ?? "")}
            change={(value) => change({ until: { ...until, weekday: value || undefined } })}
            options={WEEKDAYS}
          />
          <OptionalField
            label="Time of day"
            hint="As 09:00"
            error={wrong("until")}
            value={until.time}
            change={(value) => change({ until: { ...until, time: value ?? "00:00" } })}
          />
        </>
      )}
    </div>
  );
}
