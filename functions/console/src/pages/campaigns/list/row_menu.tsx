/** What can be done with a campaign from the list. */

import { api, ask } from "../../../api.ts";
import { useAction } from "../../../action.ts";
import { Button } from "../../../parts/button.tsx";
import { Dialog } from "../../../parts/dialog.tsx";
import { Failure } from "../../../parts/failure.tsx";
import { tell } from "../../../parts/notes.tsx";
import type { Item } from "../list.tsx";
import { removeDrafts } from "../removal.ts";

interface Props {
  of: Item;
  close(): void;
  changed(): void;
}

export function RowMenu({ of, close, changed }: Props) {
  const path = { campaign_id: of.id };
  const pause = useAction(async (key) => {
    const told = await ask(
      api.POST("/campaigns/{campaign_id}/pause", {
        params: { path, header: { "Idempotency-Key": key } },
      }),
    );
    const going = told.in_flight ? `; ${told.in_flight.toLocaleString()} are with the carrier` : "";
    tell(`${of.name} is paused${going}.`);
    close();
    changed();
  });
  const duplicate = useAction(async (key) => {
    const made = await ask(
      api.POST("/campaigns/{campaign_id}/duplicate", {
        params: { path, header: { "Idempotency-Key": key } },
      }),
    );
    tell(`${made.name} is a draft now.`);
    close();
    changed();
  });
  return (
    <Dialog title={of.name} close={close}>
      <div class="stack">
        <Failure of={pause.failed ?? duplicate.failed} />
        <div class="beside">
          <a class="button" href={`#/campaigns/${of.id}`}>Open</a>
          {of.status === "running" && <Button action={pause}>Pause</Button>}
          {of.kind !== "single" && <Button action={duplicate}>Duplicate</Button>}
          {of.status === "draft" && (
            <button
              type="button"
              class="danger"
              onClick={() => {
                close();
                removeDrafts([of], changed);
              }}
            >
              Delete
            </button>
          )}
        </div>
      </div>
    </Dialog>
  );
}
