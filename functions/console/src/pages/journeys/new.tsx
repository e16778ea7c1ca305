/** A new journey or sequence. */

import { useState } from "preact/hooks";
import { useAction } from "../../action.ts";
import { api, ask, type Schemas } from "../../api.ts";
import type { Plan } from "../../logic/plan/document.ts";
import { Failure } from "../../parts/failure.tsx";
import { TextField } from "../../parts/field.tsx";
import { go, type PageProps } from "../../routes.ts";
import { Editor } from "./editor.tsx";
import { entryBody, EntryForm, type EntryWish } from "./forms/entry.tsx";
import { HERE } from "../../parts/time.tsx";

/** What somebody begins with: it says little, and lints clean but for that. */
function blank(kind: "journey" | "sequence"): Plan {
  return kind === "sequence"
    ? { timezone: HERE, steps: [{ id: "step", offset: "PT0S", body: "" }] }
    : {
      timezone: HERE,
      startNodeId: "send",
      nodes: [
        {
          id: "send",
          action: "send",
          body: "",
          transitions: [{ on: "elapsed", to: "end", after: "P1D" }],
        },
        { id: "end", action: "stop" },
      ],
    };
}

export default function NewJourney({ query }: PageProps) {
  const kind = query.get("kind") === "sequence" ? "sequence" : "journey";
  const [name, setName] = useState("");
  const [entry, setEntry] = useState<EntryWish>({ by: "api", which: "", reentry: "" });
  const store = useAction(async (key, plan: Plan, stored: () => void) => {
    const body = {
      kind,
      name: name.trim(),
      plan: plan as unknown as Schemas["Plan"],
      ...entryBody(entry),
    };
    const made = await ask(
      api.POST("/campaigns", {
        params: { header: { "Idempotency-Key": key } },
        body: body as Schemas["NewPlanCampaign"],
      }),
    );
    stored();
    go(`/journeys/${made.id}`);
  });
  return (
    <div class="page">
      <h1>New {kind}</h1>
      <div class="columns">
        <TextField label="Name" required value={name} change={setName} />
        <EntryForm wish={entry} change={setEntry} kind={kind} />
      </div>
      <Failure of={store.failed} />
      <Editor name={`new ${kind}`} plan={blank(kind)}>
        {(plan, ready, stored) => (
          <button
            type="button"
            class="main-action"
            disabled={!ready || !name.trim()}
            aria-disabled={store.busy}
            onClick={() => store.run(plan, stored)}
          >
            Store it as a draft
          </button>
        )}
      </Editor>
    </div>
  );
}
