/** What an address is barred from, scope by scope, with the lifting of each. */

import { useAction } from "../../action.ts";
import { api, ask, type Schemas } from "../../api.ts";
import { addressed, barred, type Scope } from "../../logic/people/suppression.ts";
import { Failure } from "../../parts/failure.tsx";
import { tell } from "../../parts/notes.tsx";
import { When } from "../../parts/time.tsx";

interface BarsProps {
  of: Schemas["ShownSuppression"];
  mayLift: boolean;
  again(): void;
  /** Say the address, too. */
  named?: boolean;
}

export function Bars({ of, mayLift, again, named }: BarsProps) {
  return (
    <div class="stack tight">
      {named && <strong>{of.address}</strong>}
      {of.scopes.map((bar) => (
        <BarShown key={bar.scope} of={of} bar={bar} mayLift={mayLift} again={again} />
      ))}
    </div>
  );
}

function BarShown(
  { of, bar, mayLift, again }: Omit<BarsProps, "named"> & { bar: Schemas["ShownBar"] },
) {
  const scope = bar.scope as Scope;
  /** As it was: the same address, scope, reason and end. */
  const back = async () => {
    await ask(
      api.POST("/suppressions", {
        body: { ...addressed(of.address), scope, reason: bar.reason, until: bar.until },
      }),
    );
    again();
  };
  const lift = useAction(async () => {
    const params = { path: { suppression_id: of.id }, query: { scope } };
    await ask(api.DELETE("/suppressions/{suppression_id}", { params }));
    tell(
      `${of.address} may be contacted again: ${barred(scope).toLowerCase()}.`,
      () => void back(),
    );
    again();
  });
  return (
    <div>
      <div class="beside">
        <span class={bar.active ? undefined : "soft"}>
          {barred(scope)}: {bar.reason}
          {!bar.active && " (expired)"}
        </span>
        {mayLift && (
          <button
            type="button"
            class="plain"
            aria-disabled={lift.busy}
            aria-label={`Lift: ${barred(scope)} of ${of.address}`}
            onClick={() => lift.run()}
          >
            Lift
          </button>
        )}
      </div>
      <div class="small soft">
        since <When at={bar.at} />, by {bar.by}
        {bar.until && (
          <>
            , until <When at={bar.until} />
          </>
        )}
      </div>
      <Failure of={lift.failed} />
    </div>
  );
}
