/** How it is sent: at which hours, how fast, and when it stops by itself. */

import { DAYS, type Form } from "../../logic/campaigns/draft.ts";
import { CheckField, SelectField, TextField } from "../../parts/field.tsx";
import { MomentField } from "../../parts/moment.tsx";
import { type Draft, sentence } from "./draft.ts";

const DAY_NAMES = {
  mon: "Mon",
  tue: "Tue",
  wed: "Wed",
  thu: "Thu",
  fri: "Fri",
  sat: "Sat",
  sun: "Sun",
};

interface MannersProps {
  draft: Draft;
  organisation: string | undefined;
}

export function MannersPart({ draft, organisation }: MannersProps) {
  const { form } = draft;
  return (
    <>
      <Window draft={draft} />
      <div class="columns">
        <MomentField
          label="Not after"
          value={form.not_after}
          change={(not_after) => draft.change({ not_after })}
          error={sentence(draft, "not_after")}
          hint="What is not sent by then expires; empty: nothing does"
          organisation={organisation}
        />
        <TextField
          label="Messages a second, at most"
          type="number"
          min={0}
          step="any"
          value={form.rate}
          change={(rate) => draft.change({ rate })}
          error={sentence(draft, "rate_per_s")}
          hint="Empty: as many as the organisation's settings and the provider allow"
        />
        <SelectField
          label="If it starts too late"
          value={form.late_start}
          change={(late) => draft.change({ late_start: late as Form["late_start"] })}
          error={sentence(draft, "late_start")}
          options={[
            ["run", "it is sent all the same"],
            ["skip", "it is cancelled"],
            ["ask", "it is paused until somebody decides"],
          ]}
        />
        <TextField
          label="Minutes that are not too late"
          type="number"
          min={0}
          value={form.grace_min}
          change={(grace_min) => draft.change({ grace_min })}
          error={sentence(draft, "grace_s")}
        />
      </div>
      <Limits draft={draft} />
    </>
  );
}

function Window({ draft }: { draft: Draft }) {
  const { window } = draft.form;
  const change = (part: Partial<Form["window"]>) =>
    draft.change({ window: { ...window, ...part } });
  const toggle = (day: string) =>
    change({
      days: window.days.includes(day)
        ? window.days.filter((each) => each !== day)
        : [...window.days, day],
    });
  return (
    <div class="stack">
      <CheckField
        label="Only at certain hours of each person's own day"
        checked={window.on}
        change={(on) => change({ on })}
      />
      {window.on && (
        <div class="stack inset">
          <div class="columns">
            <TextField
              label="From"
              type="time"
              value={window.start}
              change={(start) => change({ start })}
              error={sentence(draft, "send_window.start")}
            />
            <TextField
              label="Until"
              type="time"
              value={window.end}
              change={(end) => change({ end })}
              error={sentence(draft, "send_window.end")}
            />
          </div>
          <fieldset>
            <legend>On</legend>
            <div class="beside">
              {DAYS.map((day) => (
                <CheckField
                  key={day}
                  label={DAY_NAMES[day]}
                  checked={window.days.includes(day)}
                  change={() => toggle(day)}
                />
              ))}
            </div>
          </fieldset>
          <Sentence draft={draft} field="send_window" />
        </div>
      )}
    </div>
  );
}

/** What is said of a group of fields as a whole. */
function Sentence({ draft, field }: { draft: Draft; field: string }) {
  const told = sentence(draft, field);
  return told ? <p class="bad">{told}</p> : null;
}

function Limits({ draft }: { draft: Draft }) {
  const { canary, guardrail } = draft.form;
  const setCanary = (part: Partial<Form["canary"]>) =>
    draft.change({ canary: { ...canary, ...part } });
  const setGuardrail = (part: Partial<Form["guardrail"]>) =>
    draft.change({ guardrail: { ...guardrail, ...part } });
  return (
    <>
      <div class="stack">
        <CheckField
          label="Send to a few first, and pause if too many of those fail"
          checked={canary.on}
          change={(on) => setCanary({ on })}
        />
        {canary.on && (
          <div class="columns inset">
            <TextField
              label="To so many first"
              type="number"
              min={1}
              value={canary.first}
              change={(first) => setCanary({ first })}
              error={sentence(draft, "canary.first")}
            />
            <TextField
              label="Pause at so many percent failed"
              type="number"
              min={1}
              max={100}
              value={canary.failed_percent}
              change={(failed_percent) => setCanary({ failed_percent })}
              error={sentence(draft, "canary.failed_percent")}
            />
            <TextField
              label="Minutes to wait for them"
              type="number"
              min={0}
              step="any"
              value={canary.wait_min}
              change={(wait_min) => setCanary({ wait_min })}
              error={sentence(draft, "canary.wait_s")}
            />
          </div>
        )}
      </div>
      <div class="stack">
        <CheckField
          label="Pause whenever too many of the last messages have failed"
          checked={guardrail.on}
          change={(on) => setGuardrail({ on })}
        />
        {guardrail.on && (
          <div class="columns inset">
            <TextField
              label="Pause at so many percent failed"
              type="number"
              min={1}
              max={100}
              value={guardrail.failed_percent}
              change={(failed_percent) => setGuardrail({ failed_percent })}
              error={sentence(draft, "guardrail.failed_percent")}
            />
            <TextField
              label="Of the last so many"
              type="number"
              min={10}
              value={guardrail.of_last}
              change={(of_last) => setGuardrail({ of_last })}
              error={sentence(draft, "guardrail.of_last")}
            />
          </div>
        )}
      </div>
    </>
  );
}
