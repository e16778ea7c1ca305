/** Somebody else has changed the settings meanwhile: what they wrote, beside what stands here. */

import type { Conflict } from "../../../logic/settings/changes.ts";
import { fieldName, valueInWords } from "../../../logic/settings/words.ts";
import { When } from "../../../parts/time.tsx";

interface BothProps {
  by: string;
  at: string | null;
  conflicts: readonly Conflict[];
  /** Go on from what is held now, without one's own change of these fields. */
  take(dropped: readonly string[]): void;
}

export function Both({ by, at, conflicts, take }: BothProps) {
  const disputed = conflicts.filter(({ mine }) => mine !== undefined).map(({ field }) => field);
  return (
    <section class="notice warn stack" role="alert">
      <p>
        <strong>{by} has changed the settings</strong> (<When at={at} />
        ), after you had opened them. Nothing of yours is saved yet.
      </p>
      <table class="cards-on-phone">
        <caption class="hidden">What was changed meanwhile</caption>
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">It is now</th>
            <th scope="col">You wrote</th>
          </tr>
        </thead>
        <tbody>
          {conflicts.map(({ field, theirs, mine }) => (
            <tr key={field}>
              <td data-label="Field">{fieldName(field)}</td>
              <td data-label="It is now">{valueInWords(field, theirs)}</td>
              <td data-label="You wrote">
                {mine === undefined
                  ? <span class="soft">not changed here</span>
                  : valueInWords(field, mine)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div class="beside">
        <button type="button" onClick={() => take([])}>
          {disputed.length ? "Keep mine, and the rest of theirs" : "Go on with both"}
        </button>
        {disputed.length > 0 && (
          <button type="button" onClick={() => take(disputed)}>
            Take theirs where both wrote
          </button>
        )}
      </div>
    </section>
  );
}
