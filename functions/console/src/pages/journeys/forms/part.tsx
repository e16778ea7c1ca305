/** The form of one part of a plan. Members that it does not show stay as they are. */

import { useEffect, useState } from "preact/hooks";
import {
  actionOf,
  type Branch,
  isSequence,
  type Node,
  parts,
  type Plan,
  type Step,
  type Way,
} from "../../../logic/plan/document.ts";
import { append, change as changed, moved, rename, takeOut } from "../../../logic/plan/edit.ts";
import { headline } from "../../../logic/plan/words.ts";
import { AreaField, SelectField, TextField } from "../../../parts/field.tsx";
import { DurationField, OptionalField, type Wrong } from "./fields.tsx";
import { FallbacksForm } from "./fallbacks.tsx";
import { MessageForm } from "./message.tsx";
import { TimingForm } from "./timing.tsx";
import { BranchesForm, Target, WaysForm } from "./ways.tsx";

type Members = Record<string, unknown>;

interface PartFormProps {
  plan: Plan;
  id: string;
  edit(plan: Plan, chosen?: string): void;
  wrong: Wrong;
}

export const ADDED = [
  ["send", "Send something"],
  ["wait", "Wait"],
  ["split", "Split by lot"],
  ["update_contact", "Update the contact"],
  ["webhook", "Post to your server"],
  ["stop", "End"],
] as const;

export function PartForm({ plan, id, edit, wrong }: PartFormProps) {
  const part = parts(plan).find((each) => each.id === id);
  if (!part) return null;
  const set = (members: Members) => edit(changed(plan, id, members));
  const form = { plan, part, set, wrong };
  return (
    <section class="stack" aria-label={`Step ${id}`}>
      <h2>{headline(plan, part)}</h2>
      <IdField plan={plan} id={id} edit={edit} error={wrong("id")} />
      {isSequence(plan)
        ? <StepMembers {...form} part={part} />
        : <NodeMembers {...form} part={part as Node} />}
      <div class="beside">
        {!isSequence(plan) && actionOf(part) !== "stop" && (
          <button
            type="button"
            onClick={() => edit(...append(plan, id, "send"))}
          >
            Add a step behind it
          </button>
        )}
        {isSequence(plan) && <StepOrder plan={plan} id={id} edit={edit} />}
        <button
          type="button"
          class="danger"
          disabled={parts(plan).length === 1}
          onClick={() => edit(takeOut(plan, id), "")}
        >
          Take it out
        </button>
      </div>
    </section>
  );
}

/** The id is taken over when the field is left: on the way to it other ids may stand there. */
function IdField(
  { plan, id, edit, error }: {
    plan: Plan;
    id: string;
    edit: PartFormProps["edit"];
    error?: string;
  },
) {
  const [text, setText] = useState(id);
  useEffect(() => setText(id), [id]);
  const taken = text !== id && parts(plan).some((part) => part.id === text);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (text && !taken && text !== id) edit(rename(plan, id, text), text);
      }}
      onFocusOut={(event) => event.currentTarget.requestSubmit()}
    >
      <TextField
        label="Name of the step"
        error={taken ? "Another step is called so." : error}
        value={text}
        change={(given) => setText(given.trim())}
      />
    </form>
  );
}

interface MembersProps<T> {
  plan: Plan;
  part: T;
  set(members: Members): void;
  wrong: Wrong;
}

function StepMembers({ plan, part, set, wrong }: MembersProps<Node | Step>) {
  const others = parts(plan).map((each) => each.id).filter((each) => each !== part.id);
  return (
    <>
      <SelectField
        label="Counted from"
        error={wrong("after")}
        value={String(part.after ?? "")}
        change={(after) => set({ after: after || undefined })}
        options={[
          ["", "The entry"],
          ...others.map((each) => [each, `The end of ${each}`] as const),
        ]}
      />
      <TimingForm of={part} delay="offset" change={set} wrong={wrong} />
      <Repeat of={part} set={set} wrong={wrong} />
      <Message plan={plan} part={part} set={set} wrong={wrong} />
    </>
  );
}

/** A step that comes again, by a rule of the calendar. */
function Repeat({ of, set, wrong }: { of: Members; set(members: Members): void; wrong: Wrong }) {
  const repeat = (of.repeat ?? undefined) as Members | undefined;
  const change = (members: Members) => set({ repeat: { ...repeat, ...members } });
  return (
    <>
      <OptionalField
        label="Comes again by the rule"
        hint="As FREQ=WEEKLY;BYDAY=MO (RFC 5545); empty: it comes once"
        error={wrong("repeat") ?? wrong("repeat/rrule")}
        value={repeat?.rrule}
        change={(rrule) =>
          rrule || repeat?.interval ? change({ rrule }) : set({ repeat: undefined })}
      />
      {repeat && (
        <OptionalField
          label="So many times in all"
          hint="Empty: for as long as somebody walks"
          error={wrong("repeat/count")}
          value={repeat.count}
          change={(count) => change({ count: count && Number(count) })}
        />
      )}
    </>
  );
}

function Message({ plan, part, set, wrong }: MembersProps<Node | Step>) {
  return (
    <>
      <MessageForm
        of={part}
        usual={String(plan.defaults?.channel ?? "email")}
        change={set}
        wrong={wrong}
      />
      <DurationField
        label="Not worth sending any more after"
        hint="Empty: however late hours and pauses make it"
        error={wrong("expiresAfter")}
        value={part.expiresAfter}
        change={(expiresAfter) => set({ expiresAfter })}
      />
      <FallbacksForm
        of={(part.fallbacks ?? []) as Members[]}
        change={(fallbacks) => set({ fallbacks: fallbacks.length ? fallbacks : undefined })}
        wrong={wrong}
      />
    </>
  );
}

function NodeMembers({ plan, part, set, wrong }: MembersProps<Node>) {
  const targets = parts(plan).map((each) => each.id);
  const action = actionOf(part);
  const schedule = (part.schedule ?? {}) as Members;
  const timing = (
    <TimingForm
      of={schedule}
      delay="delay"
      change={(members) => set({ schedule: without({ ...schedule, ...members }) })}
      wrong={(member) => wrong(`schedule/${member}`)}
    />
  );
  const ways = (
    <WaysForm
      ways={part.transitions ?? []}
      targets={targets}
      change={(transitions: Way[]) => set({ transitions })}
      wrong={wrong}
    />
  );
  switch (action) {
    case "send":
      return (
        <>
          {timing}
          <Message plan={plan} part={part} set={set} wrong={wrong} />
          {ways}
        </>
      );
    case "webhook":
      return (
        <>
          {timing}
          <OptionalField
            label="URL of your server"
            error={wrong("url")}
            value={part.url}
            change={(url) => set({ url: url ?? "" })}
          />
          <AreaField
            label="Body"
            error={wrong("body")}
            value={String(part.body ?? "")}
            change={(body) => set({ body: body || undefined })}
          />
          {ways}
        </>
      );
    case "split":
      return (
        <BranchesForm
          ways={part.branches ?? []}
          targets={targets}
          change={(branches: Branch[]) => set({ branches })}
          wrong={wrong}
        />
      );
    case "update_contact":
      return (
        <>
          <UpdatedFields
            of={(part.fields ?? {}) as Record<string, string>}
            set={set}
            wrong={wrong}
          />
          <Target
            label="Then goes on to"
            to={part.to ?? ""}
            targets={targets}
            error={wrong("to")}
            change={(to) => set({ to })}
          />
        </>
      );
    case "wait":
      return ways;
    default:
      return <p class="soft">Whoever comes here has come to the end.</p>;
  }
}

/** Return members without those that say nothing. */
function without(members: Members): Members | undefined {
  const kept = Object.entries(members).filter(([, value]) => value !== undefined && value !== null);
  return kept.length ? Object.fromEntries(kept) : undefined;
}

interface UpdatedProps {
  of: Record<string, string>;
  set(members: Members): void;
  wrong: Wrong;
}

/** A line for each field: `name = what is written into it`. */
function UpdatedFields({ of, set, wrong }: UpdatedProps) {
  const [text, setText] = useState(() =>
    Object.entries(of).map((pair) => pair.join(" = ")).join("\n")
  );
  return (
    <AreaField
      label="Fields, one a line"
      error={wrong("fields")}
      hint="As stage = trial; what is written may be a template"
      value={text}
      change={(given) => {
        setText(given);
        const pairs = given.split("\n").filter((line) => line.trim())
          .map((line) => line.split(/=(.*)/s).slice(0, 2).map((each) => each.trim()));
        set({ fields: Object.fromEntries(pairs.map(([name, value = ""]) => [name, value])) });
      }}
    />
  );
}

function StepOrder({ plan, id, edit }: { plan: Plan; id: string; edit: PartFormProps["edit"] }) {
  if (!isSequence(plan)) return null;
  const at = plan.steps.findIndex((step) => step.id === id);
  const move = (by: 1 | -1) => edit({ ...plan, steps: moved(plan.steps, at, by) });
  return (
    <>
      <button type="button" disabled={at === 0} onClick={() => move(-1)}>Up</button>
      <button type="button" disabled={at === plan.steps.length - 1} onClick={() => move(1)}>
        Down
      </button>
    </>
  );
}
