/** What is decided, to be read. */

import { type Decided, FIELDS, leaves } from "../../../logic/settings/changes.ts";
import { fieldName, valueInWords } from "../../../logic/settings/words.ts";

export function Facts({ shown }: { shown: Decided }) {
  const decided = Object.fromEntries(FIELDS.map((name) => [name, shown[name]]));
  const said = [...leaves(decided)];
  const open = FIELDS.filter((name) => !said.some(([field]) => field.split(".")[0] === name));
  return (
    <section class="sheet">
      <h2>What is decided</h2>
      <dl class="facts">
        {[...said, ...open.map((name) => [name, null] as const)].map(([field, value]) => [
          <dt key={field}>{fieldName(field)}</dt>,
          <dd key={`${field} says`}>{valueInWords(field, value)}</dd>,
        ])}
      </dl>
    </section>
  );
}
