/** The campaigns that a list or a segment is kept for. */

import type { Schemas } from "../../../api.ts";
import { Tag } from "../../../parts/tag.tsx";

export type Uses = Schemas["UsesAnswer"];

export function UsedBy({ uses, what }: { uses: Uses | undefined; what: "list" | "segment" }) {
  if (!uses) return null;
  return (
    <section class="stack">
      <h2>Used by</h2>
      {uses.data.length === 0
        ? (
          <p class="soft">
            {uses.complete
              ? `No campaign that is still to come or runs is to this ${what}.`
              : `None of the campaigns that were looked through is to this ${what}; there are more.`}
          </p>
        )
        : (
          <ul class="choices">
            {uses.data.map((each) => (
              <li key={each.id}>
                <a href={`#/campaigns/${each.id}`}>{each.name}</a>
                <Tag name={each.status} />
              </li>
            ))}
            {!uses.complete && <li class="soft">and perhaps more</li>}
          </ul>
        )}
    </section>
  );
}
