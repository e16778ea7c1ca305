/** A field for a time: the clock's time, whose clock, and what that is elsewhere. */

import { useId, useMemo } from "preact/hooks";
import { echo, type Moment, type Read, read, zones } from "../logic/moment.ts";
import { HERE } from "./time.tsx";

interface MomentProps {
  label: string;
  value: Moment;
  change(value: Moment): void;
  /** The sentence that refuses what is in it. */
  error?: string;
  hint?: string;
  /** The organisation's own zone, where it has one: its time is shown too. */
  organisation?: string | null;
}

export function MomentField(props: MomentProps) {
  const { label, value, change, error, hint, organisation } = props;
  const id = useId();
  const found = read(value);
  const all = useMemo(() => zones([value.zone, HERE, organisation]), [value.zone, organisation]);
  const told = [`${id}-echo`, hint && `${id}-hint`, error && `${id}-error`].filter(Boolean);
  const tied = { "aria-describedby": told.join(" "), "aria-invalid": error ? true : undefined };
  return (
    <fieldset class="field moment">
      <legend>{label}</legend>
      <div class="moment-parts">
        <input
          type="datetime-local"
          aria-label={`${label}: date and time`}
          {...tied}
          value={value.local}
          onInput={(event) => change({ ...value, local: event.currentTarget.value })}
        />
        <select
          aria-label={`${label}: time zone`}
          value={value.zone}
          onChange={(event) => change({ ...value, zone: event.currentTarget.value })}
        >
          {all.map((zone) => <option key={zone} value={zone}>{zone.replaceAll("_", " ")}</option>)}
        </select>
      </div>
      {found.is === "twice" && <Which value={value} found={found} change={change} />}
      <div class="hint" id={`${id}-echo`} aria-live="polite">
        <Echo value={value} found={found} organisation={organisation} />
      </div>
      {hint && <div class="hint" id={`${id}-hint`}>{hint}</div>}
      {error && <div class="error" id={`${id}-error`}>{error}</div>}
    </fieldset>
  );
}

type Twice = Extract<Read, { is: "twice" }>;

/** Which of two equal times of day is meant, in the night in which the clocks go back. */
function Which({ value, found, change }: {
  value: Moment;
  found: Twice;
  change(value: Moment): void;
}) {
  const name = useId();
  const [, time] = value.local.split("T");
  return (
    <div class="beside" role="radiogroup" aria-label={`Which ${time} is meant`}>
      <span>The clocks go back: {time} comes twice.</span>
      {(["first", "second"] as const).map((which, index) => (
        <label class="choice" key={which}>
          <input
            type="radio"
            name={name}
            checked={index === (value.second ? 1 : 0)}
            onChange={() => change({ ...value, second: index === 1 })}
          />
          <span>the {which} (UTC{found.offsets[index]})</span>
        </label>
      ))}
    </div>
  );
}

function Echo({ value, found, organisation }: {
  value: Moment;
  found: Read;
  organisation?: string | null;
}) {
  if (!("at" in found)) return null;
  const others = new Map<string, string>([["UTC", "UTC"], [HERE, "here"]]);
  if (organisation) others.set(organisation, organisation);
  others.delete(value.zone);
  return (
    <>
      {found.is === "never" && (
        <div class="warn">
          The clocks go forward: {value.local.slice(11)} does not exist on that day. It is taken as
          {" "}
          {found.instead.slice(11)}.
        </div>
      )}
      {[...others].map(([zone, name]) => (
        <div key={zone}>
          {echo(found.at, zone)} {name === "here" ? `here (${zone.replaceAll("_", " ")})` : name}
        </div>
      ))}
    </>
  );
}
