/** What can be done with a subscription: tried, changed, switched, given a new secret, deleted. */

import { useState } from "preact/hooks";
import { type Action, useAction } from "../../../action.ts";
import { api, ask, askTagged, Refused } from "../../../api.ts";
import { answerInWords, type Subscription } from "../../../logic/organisation/subscription.ts";
import { Button } from "../../../parts/button.tsx";
import { Confirm } from "../../../parts/dialog.tsx";
import { Failure } from "../../../parts/failure.tsx";
import { tell } from "../../../parts/notes.tsx";
import { go } from "../../../routes.ts";
import { Change } from "./change.tsx";
import { SecretShown } from "./secret_shown.tsx";

export interface ControlProps {
  held: Subscription;
  tag: string;
  mayKeep: boolean;
  mayTell: boolean;
  put(value: [Subscription, string]): void;
  again(): void;
  /** Called when it was told something. */
  told(): void;
}

type Open = "change" | "rotate" | "delete" | undefined;

const ROTATED =
  "For 24 hours the secret before signs as well. If that has become known, rotate once more: then it signs no longer, at once.";

export function Control(props: ControlProps) {
  const { held, mayKeep, mayTell, put } = props;
  const [open, setOpen] = useState<Open>();
  const [secret, setSecret] = useState<string | undefined>();
  const close = () => setOpen(undefined);
  const test = useTest(props);
  const turn = useSwitch(props);
  return (
    <div class="control">
      <div class="beside">
        {mayTell && held.active && <Button action={test}>Send a test</Button>}
        {mayKeep && (
          <>
            <button type="button" onClick={() => setOpen("change")}>Change</button>
            <Button action={turn}>{held.active ? "Switch off" : "Switch on"}</Button>
            <button type="button" onClick={() => setOpen("rotate")}>Rotate the secret</button>
            <button type="button" class="danger" onClick={() => setOpen("delete")}>Delete</button>
          </>
        )}
      </div>
      <Failure of={test.failed ?? turn.failed} />
      {open === "change" && <Change {...props} close={close} />}
      {open === "rotate" && (
        <Rotate
          {...props}
          close={close}
          done={(next, tag, secret) => {
            close();
            put([next, tag]);
            setSecret(secret);
          }}
        />
      )}
      {open === "delete" && <Delete {...props} close={close} />}
      {secret && <SecretShown secret={secret} note={ROTATED} close={() => setSecret(undefined)} />}
    </div>
  );
}

function useTest({ held, told }: ControlProps): Action<[]> {
  return useAction(async (key) => {
    const params = { path: { subscription_id: held.id } };
    const headers = { "Idempotency-Key": key };
    const sent = await ask(
      api.POST("/subscriptions/{subscription_id}/test", { params, headers }),
    );
    told();
    tell(
      sent.status === "delivered"
        ? `The test was taken: ${answerInWords(sent)}.`
        : `The test was not taken: ${answerInWords(sent)}.`,
    );
  });
}

function useSwitch({ held, tag, put, again }: ControlProps): Action<[]> {
  return useAction(async () => {
    const params = { path: { subscription_id: held.id } };
    const body = { active: !held.active };
    const headers = { "If-Match": tag };
    const asked = api.PATCH("/subscriptions/{subscription_id}", { params, body, headers });
    try {
      put(await askTagged(asked));
    } catch (error) {
      if (error instanceof Refused && error.status === 412) again();
      throw error;
    }
    tell(held.active ? "Switched off: it hears of nothing now." : "Switched on.");
  });
}

interface RotateProps extends ControlProps {
  close(): void;
  done(held: Subscription, tag: string, secret: string): void;
}

function Rotate({ held, close, done }: RotateProps) {
  const rotate = useAction(async (key) => {
    const params = { path: { subscription_id: held.id } };
    const headers = { "Idempotency-Key": key };
    const asked = api.POST("/subscriptions/{subscription_id}/rotate-secret", { params, headers });
    const [{ secret, ...next }, tag] = await askTagged(asked);
    done(next, tag, secret);
  });
  return (
    <Confirm title="Rotate the secret?" does="Make a new secret" action={rotate} close={close}>
      <p>
        A new secret signs from now on, and is shown once. The one that signs now goes on beside it
        for 24 hours, so that your system can take the new one over.
      </p>
    </Confirm>
  );
}

function Delete({ held, close }: ControlProps & { close(): void }) {
  const remove = useAction(async () => {
    const params = { path: { subscription_id: held.id } };
    await ask(api.DELETE("/subscriptions/{subscription_id}", { params }));
    tell(`The subscription of ${held.url} is deleted.`);
    go("/subscriptions");
  });
  return (
    <Confirm
      title="Delete the subscription?"
      does="Delete it"
      action={remove}
      close={close}
      danger
    >
      <p class="breaks">
        {held.url}{" "}
        is told nothing more, and what it was told is gone too. To hear of nothing for a while,
        switch it off instead.
      </p>
    </Confirm>
  );
}
