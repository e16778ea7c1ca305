/** Everything that failed since a moment is told again. */

import { useState } from "preact/hooks";
import { useAction } from "../../../action.ts";
import { api, ask, Refused } from "../../../api.ts";
import { instant, momentOf } from "../../../logic/moment.ts";
import { Dialog } from "../../../parts/dialog.tsx";
import { Failure } from "../../../parts/failure.tsx";
import { MomentField } from "../../../parts/moment.tsx";
import { tell } from "../../../parts/notes.tsx";
import { HERE } from "../../../parts/time.tsx";

const DAY_MS = 86_400_000;

export function FailedAgain({ id, done }: { id: string; done(): void }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>Replay what failed</button>
      {open && <Since id={id} close={() => setOpen(false)} done={done} />}
    </>
  );
}

function Since({ id, close, done }: { id: string; close(): void; done(): void }) {
  const dayAgo = new Date(Date.now() - DAY_MS).toISOString();
  const [since, setSince] = useState(() => momentOf(dayAgo, HERE));
  const [sent, setSent] = useState(0);
  const replay = useAction(async (key) => {
    let number = 0;
    for (let part = 0, more = true; more; part++) {
      const params = { path: { subscription_id: id } };
      const body = { since: instant(since) ?? since.local };
      const headers = { "Idempotency-Key": `${key}-${part}` };
      const asked = api.POST("/subscriptions/{subscription_id}/replay", { params, body, headers });
      const answer = await ask(asked);
      number += answer.replayed;
      more = answer.more;
      setSent(number);
    }
    tell(number ? `${number.toLocaleString()} are sent again.` : "None has failed since then.");
    done();
    close();
  });
  const failed = replay.failed;
  return (
    <Dialog title="Replay what failed" close={close}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          replay.run();
        }}
      >
        <p>Everything that was given up of what happened since then is sent again.</p>
        <MomentField
          label="Since"
          value={since}
          change={setSince}
          error={failed instanceof Refused ? failed.of("since") : undefined}
        />
        <Failure of={failed} />
        <div class="beside">
          <button type="submit" class="main-action" aria-disabled={replay.busy}>
            {replay.busy ? `${sent.toLocaleString()} so far…` : "Send them again"}
          </button>
          <button type="button" onClick={close}>Leave it</button>
        </div>
      </form>
    </Dialog>
  );
}
