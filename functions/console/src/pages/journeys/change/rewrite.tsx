/** Changing a stored plan: what it means for people under way is shown before it is done. */

import { useState } from "preact/hooks";
import { useAction } from "../../../action.ts";
import { api, ask, Refused, type Schemas } from "../../../api.ts";
import type { Plan } from "../../../logic/plan/document.ts";
import { Confirm } from "../../../parts/dialog.tsx";
import { Failure } from "../../../parts/failure.tsx";
import { tell } from "../../../parts/notes.tsx";
import { Difference } from "./difference.tsx";
import { Editor } from "../editor.tsx";

interface RewriteProps {
  campaign: Schemas["WarnedCampaign"];
  plan: Plan;
  /** The tag of what was read: somebody else's change in between is not written over. */
  tag: string;
  done(): void;
}

interface Asked {
  plan: Plan;
  stored(): void;
  difference: Schemas["PlanDifference"];
}

export function Rewrite({ campaign, plan: first, tag, done }: RewriteProps) {
  const [asked, setAsked] = useState<Asked | undefined>();
  const path = { campaign_id: campaign.id };
  const put = (plan: Plan, query: { dry_run?: boolean }) =>
    ask(
      api.PUT("/campaigns/{campaign_id}/plan", {
        params: { path, query, header: { "If-Match": tag } },
        body: plan as unknown as Schemas["Plan"],
      }),
    );
  const store = useAction(async (_key, plan: Plan, stored: () => void) => {
    await put(plan, {});
    stored();
    setAsked(undefined);
    tell("The plan is stored.");
    done();
  });
  const look = useAction(async (_key, plan: Plan, stored: () => void) => {
    const difference = await put(plan, { dry_run: true }) as Schemas["PlanDifference"];
    setAsked({ plan, stored, difference });
  });
  const draft = campaign.status === "draft";
  const overtaken = store.failed instanceof Refused && store.failed.status === 412;
  return (
    <>
      <Failure of={asked ? look.failed : store.failed ?? look.failed} />
      {overtaken && (
        <p class="notice warn">
          Somebody else has changed the plan since you began.{" "}
          <button type="button" class="plain" onClick={done}>See theirs</button>{" "}
          (yours is kept: edit again to go on with it and store it over theirs)
        </p>
      )}
      <Editor name={campaign.id} plan={first}>
        {(plan, ready, stored) => (
          <button
            type="button"
            class="main-action"
            disabled={!ready}
            aria-disabled={store.busy || look.busy}
            onClick={() => (draft ? store : look).run(plan, stored)}
          >
            {draft ? "Store it" : "Store it as the next version"}
          </button>
        )}
      </Editor>
      {asked && (
        <Confirm
          title="Store this as the next version?"
          does="Store it"
          action={{ ...store, run: () => store.run(asked.plan, asked.stored) }}
          close={() => setAsked(undefined)}
        >
          <Difference of={asked.difference} />
          <p class="soft">
            Whoever is under way goes on by the version that they entered; whoever enters from then
            on walks by this one. Below the plan, under its versions, those under way can be taken
            over.
          </p>
        </Confirm>
      )}
    </>
  );
}
