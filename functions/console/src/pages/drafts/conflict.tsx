/** Two people have written one draft: both versions, to choose from. */

import { useState } from "preact/hooks";
import { bodyOf, formOf } from "../../logic/campaigns/draft.ts";
import { called, inText } from "../../logic/words/field_names.ts";
import { When } from "../../parts/time.tsx";
import { type Draft, ZONE } from "./draft.ts";

export function Conflict({ draft }: { draft: Draft }) {
  const [busy, setBusy] = useState(false);
  const { conflict } = draft;
  if (!conflict) return null;
  const theirs = bodyOf(formOf(conflict.shown, ZONE));
  const mine = bodyOf(draft.form);
  const settle = (whose: "theirs" | "mine") => {
    setBusy(true);
    draft.settle(whose).finally(() => setBusy(false));
  };
  return (
    <section class="notice warn stack" role="alert" aria-label="Two versions">
      <h2>Somebody else changed it</h2>
      <p>
        They saved their version at{" "}
        <When at={conflict.shown.updated_at} />. Nothing of yours is saved until you choose one.
      </p>
      <div class="table-wrap">
        <table class="cards-on-phone">
          <caption class="hidden">What differs</caption>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Theirs, saved</th>
              <th scope="col">Yours, not saved</th>
            </tr>
          </thead>
          <tbody>
            {conflict.fields.map((field) => (
              <tr key={field}>
                <td>{called(field)}</td>
                <td data-label="Theirs">
                  <pre>{inText(theirs[field])}</pre>
                </td>
                <td data-label="Yours">
                  <pre>{inText(mine[field])}</pre>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="beside">
        <button type="button" aria-disabled={busy} onClick={() => settle("mine")}>
          Keep mine
        </button>
        <button type="button" aria-disabled={busy} onClick={() => settle("theirs")}>
          Take theirs
        </button>
      </div>
    </section>
  );
}
