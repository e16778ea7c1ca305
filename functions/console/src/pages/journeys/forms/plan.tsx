/** What holds for a whole plan: its zone, hours, goal, exits and the usual channel. */

import type { Plan } from "../../../logic/plan/document.ts";
import { zones } from "../../../logic/moment.ts";
import { CHANNELS } from "../../../logic/plan/words.ts";
import { AreaField, SelectField } from "../../../parts/field.tsx";
import { HERE } from "../../../parts/time.tsx";
import { OptionalField, type Wrong } from "./fields.tsx";

type Members = Record<string, unknown>;

interface PlanFormProps {
  plan: Plan;
  edit(plan: Plan): void;
  wrong: Wrong;
}

export function PlanForm({ plan, edit, wrong }: PlanFormProps) {
  const set = (members: Members) => {
    const whole: Members = { ...plan, ...members };
    for (const [name, value] of Object.entries(members)) {
      if (value === undefined) delete whole[name];
    }
    edit(whole as unknown as Plan);
  };
  const hours = (plan.quietHours ?? undefined) as { start?: string; end?: string } | undefined;
  const goal = (plan.goal ?? undefined) as { on?: string } | undefined;
  const exits = (plan.exits ?? []) as { on: string; as?: string }[];
  const zone = String(plan.timezone ?? "Etc/UTC");
  const setHours = (part: Members) => {
    const next = { ...hours, ...part };
    set({ quietHours: next.start || next.end ? next : undefined });
  };
  return (
    <section class="stack" aria-label="The whole plan">
      <h2>The whole plan</h2>
      <SelectField
        label="Zone of people without one"
        error={wrong("timezone")}
        value={zone}
        change={(timezone) => set({ timezone })}
        options={zones([zone, HERE, "Etc/UTC"]).map((each) => [each, each] as const)}
      />
      <SelectField
        label="Usual channel"
        error={wrong("defaults/channel")}
        value={String(plan.defaults?.channel ?? "email")}
        change={(channel) => set({ defaults: { ...plan.defaults, channel } })}
        options={Object.entries(CHANNELS).filter(([name]) => name !== "callback")}
      />
      <OptionalField
        label="Goal"
        hint="The event upon which somebody leaves with success; empty: none"
        error={wrong("goal") ?? wrong("goal/on")}
        value={goal?.on}
        change={(on) => set({ goal: on ? { ...goal, on } : undefined })}
      />
      <AreaField
        label="Exits, one event a line"
        rows={2}
        error={wrong("exits")}
        hint="Whoever has one of these leaves, wherever they stand"
        value={exits.map((exit) => exit.on).join("\n")}
        change={(text) => {
          const wanted = text.split("\n").map((line) => line.trim());
          if (!text.trim()) set({ exits: undefined });
          else set({ exits: wanted.map((on) => exits.find((exit) => exit.on === on) ?? { on }) });
        }}
      />
      <div class="columns">
        <OptionalField
          label="Quiet from"
          hint="As 21:00, by the person's clocks"
          error={wrong("quietHours") ?? wrong("quietHours/start")}
          value={hours?.start}
          change={(start) => setHours({ start })}
        />
        <OptionalField
          label="Quiet until"
          hint="As 09:00"
          error={wrong("quietHours/end")}
          value={hours?.end}
          change={(end) => setHours({ end })}
        />
      </div>
    </section>
  );
}
