/** The list of keys. */

import { CheckField } from "../parts/field.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { useSignal } from "../signal.ts";
import { keysOn, listed, switchKeys } from "./keys.ts";

export function Help({ close }: { close(): void }) {
  return (
    <Dialog title="Keys" close={close}>
      <div class="stack">
        <dl class="facts">
          {listed().map(([key, does]) => [
            <dt key={key}>
              <kbd>{key}</kbd>
            </dt>,
            <dd key={`${key} does`}>{does}</dd>,
          ])}
        </dl>
        <CheckField
          label="Single keys do something (Ctrl K always does)"
          checked={useSignal(keysOn)}
          change={switchKeys}
        />
      </div>
    </Dialog>
  );
}
