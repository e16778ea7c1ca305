/** Whom a campaign would reach that has not started: counted when somebody asks. */

import { useEffect, useState } from "preact/hooks";
import { api, ask, type Schemas } from "../../../api.ts";
import { Failure } from "../../../parts/failure.tsx";
import { useLive } from "../../../live.ts";
import type { Shown } from "../campaign.tsx";

type Counted = Schemas["ShownAudienceCount"];

/** Count whom a campaign would reach; given up when nobody waits for it any more. */
export function useAudience(id: string, wanted: string) {
  return useLive<Counted>(
    `audience ${id} ${wanted}`,
    (signal) =>
      ask(
        api.GET("/campaigns/{campaign_id}/audience", {
          params: { path: { campaign_id: id } },
          signal,
        }),
      ),
  );
}

export function Audience({ campaign, progress }: Shown) {
  const [asked, setAsked] = useState(0);
  const counts = campaign.status === "draft" || campaign.status === "scheduled";
  useEffect(() => setAsked(0), [campaign.updated_at]);
  if (!counts || campaign.status !== progress.status) return null;
  return (
    <section class="sheet stack">
      <div class="beside apart">
        <h2>Whom it would reach</h2>
        <button type="button" onClick={() => setAsked(asked + 1)}>
          {asked ? "Count again" : "Count"}
        </button>
      </div>
      {asked
        ? <Count id={campaign.id} wanted={`${campaign.updated_at} ${asked}`} />
        : (
          <p class="soft">
            Counts who would get a message, who would wait for their hours, and who would get none.
          </p>
        )}
    </section>
  );
}

function Count({ id, wanted }: { id: string; wanted: string }) {
  const { value, refused } = useAudience(id, wanted);
  if (refused) return <Failure of={refused} />;
  if (!value) return <p class="soft" aria-busy="true">Counting. This takes up to ten seconds…</p>;
  return (
    <div class="stack" role="status">
      <p>
        <strong>{about(value)}{value.reached.toLocaleString()}</strong>
        {value.total !== null && ` of ${value.total.toLocaleString()}`}{" "}
        people would be sent a message
        {value.waiting > 0 && `, ${value.waiting.toLocaleString()} of them once their hours open`}.
        {value.by_fallback > 0 &&
          ` ${value.by_fallback.toLocaleString()} would be reached by a fallback at once.`}
        {value.not_reached > 0 && ` ${value.not_reached.toLocaleString()} would get nothing:`}
      </p>
      {value.reasons.length > 0 && (
        <dl class="facts">
          {value.reasons.map((each) => [
            <dt key={each.reason}>{each.count.toLocaleString()}</dt>,
            <dd key={`${each.reason} words`}>{each.reason_words || each.reason}</dd>,
          ])}
        </dl>
      )}
      {!value.exact && (
        <p class="soft small">
          {value.looked_at.toLocaleString()} people were looked at; {value.total === null
            ? "how many there are in all nobody knows."
            : "the figures are projected from them."}
        </p>
      )}
    </div>
  );
}

/** Return how sure a count is. */
function about(counted: Counted): string {
  if (counted.exact) return "";
  return counted.total === null ? "At least " : "About ";
}
