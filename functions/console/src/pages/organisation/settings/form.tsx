/** The form of all settings: only what was changed is sent, over nobody else's change. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { useAction } from "../../../action.ts";
import { api, askTagged, Refused, type Schemas } from "../../../api.ts";
import { changesOf, conflicts, laidOn, leaves, without } from "../../../logic/settings/changes.ts";
import { decidedOf, type Draft, draftOf } from "../../../logic/settings/draft.ts";
import { fieldName } from "../../../logic/settings/words.ts";
import { Failure } from "../../../parts/failure.tsx";
import { tell } from "../../../parts/notes.tsx";
import { Both } from "./both.tsx";
import { Countries } from "./countries.tsx";
import { Limits } from "./limits.tsx";
import { Organisation } from "./organisation.tsx";
import type { ShownRules } from "./rules.tsx";
import { Senders } from "./senders.tsx";
import { Words } from "./words.tsx";

type Shown = Schemas["ShownSettings"];

/** What each part of the form is given. */
export interface PartProps {
  draft: Draft;
  change(part: Partial<Draft>): void;
  /** The sentence that refuses a field, or something in it. */
  problem(field: string): string | undefined;
}

interface FormProps {
  shown: Shown;
  tag: string;
  rules: ShownRules | undefined;
  put(next: [Shown, string]): void;
}

export function SettingsForm({ shown, tag, rules, put }: FormProps) {
  const [draft, setDraft] = useState(() => draftOf(shown));
  const [theirs, setTheirs] = useState<[Shown, string] | undefined>();
  const before = useMemo(() => decidedOf(draftOf(shown)), [shown]);
  const changes = changesOf(before, decidedOf(draft));
  const names = [...leaves(changes).keys()];
  const save = useAction(async () => {
    const headers = { "If-Match": tag };
    try {
      const next = await askTagged(api.PATCH("/settings", { body: changes, headers }));
      setDraft(draftOf(next[0]));
      put(next);
      tell(`Saved: ${names.map(fieldName).join("; ")}.`);
    } catch (error) {
      if (!(error instanceof Refused && error.status === 412)) throw error;
      setTheirs(await askTagged(api.GET("/settings")));
    }
  });
  useUnsaved(names.length > 0);
  const part: PartProps = {
    draft,
    change: (changed) => setDraft((last) => ({ ...last, ...changed })),
    problem: (field) => problemOf(save.failed, field),
  };
  return (
    <form
      class="stack wide"
      onSubmit={(event) => {
        event.preventDefault();
        if (names.length && !theirs) save.run();
      }}
    >
      <Organisation {...part} />
      <Senders {...part} />
      <Limits {...part} />
      <Countries {...part} rules={rules} />
      <Words {...part} shown={shown} />
      {theirs && (
        <Both
          by={theirs[0].updated_by}
          at={theirs[0].updated_at}
          conflicts={conflicts(before, theirs[0], changes)}
          take={(dropped) => {
            setDraft(draftOf(laidOn(theirs[0], without(changes, dropped))));
            put(theirs);
            setTheirs(undefined);
          }}
        />
      )}
      <div class="save-bar" hidden={!names.length}>
        <Failure of={save.failed} />
        <div class="beside apart">
          <span class="small">
            Not saved yet: {names.map(fieldName).join("; ")}
          </span>
          <div class="beside">
            <button
              type="button"
              onClick={() => {
                save.forget();
                setDraft(draftOf(shown));
              }}
            >
              Take back
            </button>
            <button type="submit" class="main-action" aria-disabled={save.busy || !!theirs}>
              {save.busy ? "One moment…" : "Save"}
            </button>
          </div>
        </div>
      </div>
    </form>
  );
}

function problemOf(failed: unknown, field: string): string | undefined {
  if (!(failed instanceof Refused)) return;
  const inside = (rule: { field: string }) =>
    rule.field === field || rule.field.startsWith(`${field}.`);
  return failed.broken.find(inside)?.message;
}

/** Have the browser ask before a page is left on which something is not saved. */
function useUnsaved(is: boolean): void {
  useEffect(() => {
    if (!is) return;
    const ask = (event: Event) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [is]);
}
