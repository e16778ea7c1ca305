/** Quiet hours, caps, rates and warm-up: when, how often and how fast. */

import { hoursInWords } from "../../../logic/settings/words.ts";
import {
  type CapDraft,
  type ChannelKind,
  type RampDraft,
  RATED,
} from "../../../logic/settings/draft.ts";
import { channelName } from "../../../logic/words/words.ts";
import { CheckField, TextField } from "../../../parts/field.tsx";
import type { PartProps } from "./form.tsx";

export function Limits(part: PartProps) {
  return (
    <>
      <section class="sheet stack">
        <h2>When and how often</h2>
        <QuietHours {...part} />
        <Caps {...part} />
      </section>
      <section class="sheet stack">
        <h2>How fast</h2>
        <p class="soft">
          Messages a second at most, and how a new sender begins: carriers distrust one that nobody
          knows and that sends much at once. Empty: as many as the deployment sends.
        </p>
        {RATED.map((channel) => <Pace key={channel} channel={channel} {...part} />)}
      </section>
    </>
  );
}

function QuietHours({ draft, change, problem }: PartProps) {
  const { quiet } = draft;
  const put = (part: Partial<typeof quiet>) => change({ quiet: { ...quiet, ...part } });
  const whole = problem("quiet_hours");
  return (
    <div class="stack tight">
      <CheckField
        label="Quiet hours: nobody is reached, by each person's own clock"
        checked={quiet.on}
        change={(on) => put({ on })}
      />
      {quiet.on && (
        <div class="row-fields">
          <TextField
            label="From"
            type="time"
            value={quiet.start}
            change={(start) => put({ start })}
            error={problem("quiet_hours.start") ?? whole}
          />
          <TextField
            label="Until"
            type="time"
            value={quiet.end}
            change={(end) => put({ end })}
            error={problem("quiet_hours.end")}
          />
        </div>
      )}
    </div>
  );
}

function Caps({ draft, change, problem }: PartProps) {
  const put = (index: number, cap: CapDraft) => change({ caps: draft.caps.with(index, cap) });
  return (
    <fieldset class="stack">
      <legend>Frequency caps</legend>
      <p class="soft">How often one person is reached, by all campaigns together.</p>
      {draft.caps.map((cap, index) => (
        <Cap
          key={index}
          cap={cap}
          put={(next) => put(index, next)}
          remove={() => change({ caps: draft.caps.filter((_, other) => other !== index) })}
          problem={(field) => problem(`frequency_caps.${index}.${field}`)}
        />
      ))}
      <div>
        <button
          type="button"
          onClick={() =>
            change({ caps: [...draft.caps, { most: "3", hours: "24", channels: [] }] })}
        >
          Add a cap
        </button>
      </div>
    </fieldset>
  );
}

interface CapProps {
  cap: CapDraft;
  put(cap: CapDraft): void;
  remove(): void;
  problem(field: string): string | undefined;
}

function Cap({ cap, put, remove, problem }: CapProps) {
  const all = !cap.channels.length;
  function toggle(channel: ChannelKind, on: boolean): void {
    const others = cap.channels.filter((each) => each !== channel);
    put({ ...cap, channels: on ? [...others, channel] : others });
  }
  return (
    <div class="part stack tight">
      <div class="row-fields">
        <TextField
          label="At most"
          type="number"
          value={cap.most}
          change={(most) => put({ ...cap, most })}
          error={problem("most")}
        />
        <TextField
          label="Within hours"
          type="number"
          hint={hoursInWords(Number(cap.hours))}
          value={cap.hours}
          change={(hours) => put({ ...cap, hours })}
          error={problem("hours")}
        />
        <button type="button" class="plain" onClick={remove}>Take the cap away</button>
      </div>
      <fieldset class="beside">
        <legend class="small soft">
          {all ? "Counts all channels together; choose some to count only those" : "Counts"}
        </legend>
        {RATED.map((channel) => (
          <CheckField
            key={channel}
            label={channelName(channel)}
            checked={cap.channels.includes(channel)}
            change={(on) => toggle(channel, on)}
          />
        ))}
      </fieldset>
      {problem("channels") && <p class="bad">{problem("channels")}</p>}
    </div>
  );
}

function Pace({ channel, draft, change, problem }: PartProps & { channel: string }) {
  const ramp = draft.warm_up[channel];
  const put = (part: Partial<RampDraft>) =>
    change({ warm_up: { ...draft.warm_up, [channel]: { ...ramp, ...part } } });
  const at = `warm_up.${channel}`;
  return (
    <fieldset class="part stack tight">
      <legend>{channelName(channel)}</legend>
      <div class="row-fields">
        <TextField
          label="Messages a second"
          type="number"
          step="any"
          value={draft.rates[channel]}
          change={(text) => change({ rates: { ...draft.rates, [channel]: text } })}
          error={problem(`rates.${channel}`)}
        />
        <CheckField label="Warm up its senders" checked={ramp.on} change={(on) => put({ on })} />
      </div>
      {ramp.on && (
        <div class="row-fields">
          <TextField
            label="From (UTC)"
            type="date"
            value={ramp.starts_on}
            change={(starts_on) => put({ starts_on })}
            error={problem(`${at}.starts_on`)}
          />
          <TextField
            label="On the first day"
            type="number"
            value={ramp.first_day}
            change={(first_day) => put({ first_day })}
            error={problem(`${at}.first_day`)}
          />
          <TextField
            label="Times, each day"
            type="number"
            step="any"
            hint={course(ramp)}
            value={ramp.growth}
            change={(growth) => put({ growth })}
            error={problem(`${at}.growth`)}
          />
        </div>
      )}
    </fieldset>
  );
}

/** Return how many messages the first days allow. */
function course({ first_day, growth }: RampDraft): string {
  const days = [0, 1, 2, 6].map((day) => Math.floor(Number(first_day) * Number(growth) ** day));
  const [first, second, third, week] = days.map((each) => each.toLocaleString());
  return `${first}, ${second}, ${third} …, ${week} on the seventh day`;
}
