/** Who enters a plan, and how often the same person may. */

import { api, ask, type Schemas } from "../../../api.ts";
import { useLive } from "../../../live.ts";
import { SelectField } from "../../../parts/field.tsx";
import { OptionalField } from "./fields.tsx";

export interface EntryWish {
  by: Schemas["EntryBy"];
  /** The list's or segment's id, or the event's name. */
  which: string;
  /** As the API spells it; empty: never again. */
  reentry: string;
}

/** Return the members that say it to the API. */
export function entryBody({ by, which, reentry }: EntryWish) {
  const named = { list: "list_id", segment: "segment_id", event: "event" } as const;
  const entry = by === "api" ? { by } : { by, [named[by]]: which };
  return { entry, ...(reentry ? { reentry } : {}) };
}

interface EntryProps {
  wish: EntryWish;
  change(wish: EntryWish): void;
  kind: string;
}

const BY = [
  ["api", "Whoever is named, here or over the API"],
  ["list", "The members of a list, at the start"],
  ["segment", "Those of a segment, at the start"],
  ["event", "Whoever an event is told of"],
] as const;

export function EntryForm({ wish, change, kind }: EntryProps) {
  const set = (part: Partial<EntryWish>) => change({ ...wish, ...part });
  const again: (readonly [string, string])[] = [
    ["", "Never again"],
    ["after_exit", "Once they have left"],
    ["P30D", "30 days after they left"],
    ["parallel", "Several at once, each by a key of its own"],
  ];
  if (kind === "sequence") again.push(["continue", "For the steps they have not had"]);
  if (!again.some(([value]) => value === wish.reentry)) again.push([wish.reentry, wish.reentry]);
  return (
    <div class="stack">
      <SelectField
        label="Who enters"
        value={wish.by}
        change={(by) => set({ by: by as EntryWish["by"], which: "" })}
        options={BY}
      />
      {wish.by === "list" && <Lists which={wish.which} change={(which) => set({ which })} />}
      {wish.by === "segment" && <Segments which={wish.which} change={(which) => set({ which })} />}
      {wish.by === "event" && (
        <OptionalField
          label="The event"
          hint="Its name, as signed_up"
          value={wish.which}
          change={(which) => set({ which: which?.trim() ?? "" })}
        />
      )}
      <SelectField
        label="The same person enters again"
        value={wish.reentry}
        change={(reentry) => set({ reentry })}
        options={again}
      />
    </div>
  );
}

interface WhichProps {
  which: string;
  change(which: string): void;
}

function Lists({ which, change }: WhichProps) {
  const lists = useLive(
    "lists",
    (signal) => ask(api.GET("/lists", { params: { query: { limit: 200 } }, signal })),
  );
  const options = lists.value?.data.map((each) => [each.id, each.name] as const) ?? [];
  return (
    <SelectField
      label="The list"
      value={which}
      change={change}
      options={[["", "Choose"], ...options]}
    />
  );
}

function Segments({ which, change }: WhichProps) {
  const segments = useLive(
    "segments",
    (signal) => ask(api.GET("/segments", { params: { query: { limit: 200 } }, signal })),
  );
  const options = segments.value?.data.map((each) => [each.id, each.name] as const) ?? [];
  return (
    <SelectField
      label="The segment"
      value={which}
      change={change}
      options={[["", "Choose"], ...options]}
    />
  );
}
