/** The secret of a subscription, once. */

import { Dialog } from "../../../parts/dialog.tsx";
import { Secret } from "../../../parts/secret.tsx";

export function SecretShown({ secret, note, close }: {
  secret: string;
  note?: string;
  close(): void;
}) {
  return (
    <Dialog title="The signing secret" close={close}>
      <div class="stack">
        <Secret
          label="Secret"
          value={secret}
          hint="Your system verifies by it that a notification comes from Clarion (Standard Webhooks). It is not shown again."
        />
        {note && <p>{note}</p>}
        <div>
          <button type="button" class="main-action" onClick={close}>I have kept it</button>
        </div>
      </div>
    </Dialog>
  );
}
