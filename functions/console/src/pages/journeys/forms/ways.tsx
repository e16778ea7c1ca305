/** The ways out of a node, tried in their order. */

import type { Branch, Way } from "../../../logic/plan/document.ts";
import { moved } from "../../../logic/plan/edit.ts";
import { SelectField, TextField } from "../../../parts/field.tsx";
import { DurationField, type Wrong } from "./fields.tsx";

interface WaysProps<T> {
  ways: readonly T[];
  /** The parts that a way may lead to. */
  targets: readonly string[];
  change(ways: T[]): void;
  wrong: Wrong;
}

export function WaysForm({ ways, targets, change, wrong }: WaysProps<Way>) {
  const set = (index: number, members: Partial<Way>) =>
    change(ways.map((way, at) => at === index ? { ...way, ...members } : way));
  return (
    <fieldset class="stack">
      <legend>Ways out, tried in this order</legend>
      {ways.map((way, index) => (
        <div class="sheet stack" key={index} role="group" aria-label={`Way ${index + 1}`}>
          <TextField
            label="Upon"
            hint="An event, also one of your own"
            list="events"
            error={wrong(`transitions/${index}`) ?? wrong(`transitions/${index}/on`)}
            value={way.on}
            change={(on) =>
              set(index, { on: on.trim() })}
          />
          <Target
            to={way.to}
            targets={targets}
            error={wrong(`transitions/${index}/to`)}
            change={(to) =>
              set(index, { to })}
          />
          <DurationField
            label="No sooner than"
            hint="Empty: as soon as it happens"
            error={wrong(`transitions/${index}/after`)}
            value={way.after}
            change={(after) =>
              set(index, { after })}
          />
          <DurationField
            label="No later than"
            hint="Empty: however late"
            error={wrong(`transitions/${index}/within`)}
            value={way.within}
            change={(within) =>
              set(index, { within })}
          />
          <Order list={ways} index={index} change={change} />
        </div>
      ))}
      <div>
        <button
          type="button"
          onClick={() => change([...ways, { on: "elapsed", to: targets[0] ?? "", after: "P1D" }])}
        >
          Add a way
        </button>
      </div>
    </fieldset>
  );
}

export function BranchesForm({ ways, targets, change, wrong }: WaysProps<Branch>) {
  const set = (index: number, members: Partial<Branch>) =>
    change(ways.map((way, at) => at === index ? { ...way, ...members } : way));
  return (
    <fieldset class="stack">
      <legend>Ways, drawn by lot</legend>
      {ways.map((branch, index) => (
        <div class="sheet stack" key={index} role="group" aria-label={`Way ${index + 1}`}>
          <TextField
            label="Weight"
            type="number"
            min={0}
            hint="Its part of all weights together"
            error={wrong(`branches/${index}/weight`)}
            value={String(branch.weight)}
            change={(text) =>
              set(index, { weight: Number(text) })}
          />
          <Target
            to={branch.to}
            targets={targets}
            error={wrong(`branches/${index}/to`)}
            change={(to) =>
              set(index, { to })}
          />
          <Order list={ways} index={index} change={change} />
        </div>
      ))}
      <div>
        <button
          type="button"
          onClick={() => change([...ways, { to: targets[0] ?? "", weight: 1 }])}
        >
          Add a way
        </button>
      </div>
    </fieldset>
  );
}

interface TargetProps {
  to: string;
  targets: readonly string[];
  error?: string;
  change(to: string): void;
  label?: string;
}

/** Where a way leads. A target that is not there stays to be seen. */
export function Target({ to, targets, error, change, label = "Leads to" }: TargetProps) {
  const known = targets.includes(to) ? targets : [to, ...targets];
  return (
    <SelectField
      label={label}
      error={error}
      value={to}
      change={change}
      options={known.map((each) => [each, each || "Choose a step"] as const)}
    />
  );
}

/** Buttons that move a member of a list, and take it out. */
export function Order<T>(
  { list, index, change }: { list: readonly T[]; index: number; change(list: T[]): void },
) {
  return (
    <div class="beside">
      <button type="button" disabled={index === 0} onClick={() => change(moved(list, index, -1))}>
        Up
      </button>
      <button
        type="button"
        disabled={index === list.length - 1}
        onClick={() => change(moved(list, index, 1))}
      >
        Down
      </button>
      <button
        type="button"
        class="danger"
        onClick={() => change(list.filter((_, at) => at !== index))}
      >
        Take out
      </button>
    </div>
  );
}
