/** One entry of the trail, whole. */

import { useState } from "preact/hooks";
import { useAction } from "../../../action.ts";
import { api, ask, Refused, type Schemas } from "../../../api.ts";
import { details, done, subjectOf, whoDid } from "../../../logic/organisation/audit.ts";
import { Dialog } from "../../../parts/dialog.tsx";
import { Failure } from "../../../parts/failure.tsx";
import { When } from "../../../parts/time.tsx";
import { withQuery } from "../../../routes.ts";
import { useMay } from "../../../session.ts";

export function Entry({ entry, close }: { entry: Schemas["Entry"]; close(): void }) {
  const { what, to } = subjectOf(entry);
  return (
    <Dialog title={done(entry.action)} close={close} kind="drawer">
      <div class="stack wide">
        <dl class="facts">
          <dt>When</dt>
          <dd>
            <When at={entry.at} seconds />
          </dd>
          <dt>By</dt>
          <dd>{whoDid(entry.by)}</dd>
          {entry.reason && (
            <>
              <dt>Reason</dt>
              <dd>{entry.reason}</dd>
            </>
          )}
          <dt>Action</dt>
          <dd class="mono">{entry.action}</dd>
          {details(entry.about).map(([name, value]) => [
            <dt key={name}>{name}</dt>,
            <dd key={`${name} is`} class="as-written">{value}</dd>,
          ])}
          <dt>Entry</dt>
          <dd class="mono">{entry.id}</dd>
        </dl>
        {to && (
          <p>
            <a href={`#${to}`} onClick={close}>Go to: {what}</a>
          </p>
        )}
        <Barred id={entry.about.suppression} close={close} />
      </div>
    </Dialog>
  );
}

/** Whose suppression it was: the trail names no address, and looks it up for whoever asks. */
function Barred({ id, close }: { id: unknown; close(): void }) {
  const mayLook = useMay("viewer", "suppressions");
  const [address, setAddress] = useState<string | undefined>();
  const look = useAction(async () => {
    const params = { path: { suppression_id: String(id) } };
    setAddress((await ask(api.GET("/suppressions/{suppression_id}", { params }))).address);
  });
  if (!mayLook || !id) return null;
  if (address) {
    return (
      <p>
        <a href={`#${withQuery("/suppressions", { address })}`} onClick={close}>Go to: {address}</a>
      </p>
    );
  }
  if (look.failed instanceof Refused && look.failed.status === 404) {
    return <p class="soft">Nothing is barred for this address any more.</p>;
  }
  return (
    <div class="stack">
      <Failure of={look.failed} />
      <div>
        <button type="button" aria-disabled={look.busy} onClick={() => look.run()}>
          Whose address is it?
        </button>
      </div>
    </div>
  );
}
