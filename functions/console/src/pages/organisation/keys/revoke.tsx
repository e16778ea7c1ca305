/** The question before a key ends. */

import { api, ask } from "../../../api.ts";
import { useAction } from "../../../action.ts";
import type { Key } from "../../../logic/organisation/api_key.ts";
import { Confirm } from "../../../parts/dialog.tsx";
import { tell } from "../../../parts/notes.tsx";

export function Revoke({ of: key, close, done }: { of: Key; close(): void; done(): void }) {
  const revoke = useAction(async () => {
    const path = { key_id: key.id };
    await ask(api.DELETE("/api-keys/{key_id}", { params: { path } }));
    tell(`The key ${key.name} is revoked.`);
    close();
    done();
  });
  return (
    <Confirm
      title={`Revoke ${key.name}?`}
      does="Revoke the key"
      action={revoke}
      close={close}
      danger
    >
      <p>
        Whatever asks with it is refused at once and for good, and whoever has signed in with it is
        signed out. This cannot be taken back; a new key can be made at any time.
      </p>
    </Confirm>
  );
}
