/** The secret that webhook messages are signed with: asked for by a press, and gone with the page. */

import { useState } from "preact/hooks";
import { useAction } from "../../../action.ts";
import { api, ask, Refused } from "../../../api.ts";
import { Button } from "../../../parts/button.tsx";
import { Failure } from "../../../parts/failure.tsx";
import { Secret } from "../../../parts/secret.tsx";

export function WebhookSecret() {
  const [secret, setSecret] = useState<string | undefined>();
  const show = useAction(async () => {
    setSecret((await ask(api.GET("/settings/webhook-secret"))).secret);
  });
  const none = show.failed instanceof Refused && show.failed.status === 404;
  return (
    <section class="sheet stack">
      <h2>Webhook messages</h2>
      <p class="soft">
        Your server verifies by this secret that a webhook message comes from Clarion (Standard
        Webhooks). Subscriptions have secrets of their own.
      </p>
      {secret
        ? (
          <Secret
            label="Secret"
            value={secret}
            hint="It is gone from here when you leave the page."
          />
        )
        : (
          <div>
            <Button action={show}>Show the secret</Button>
          </div>
        )}
      {none
        ? (
          <p class="notice warn">
            This deployment signs no webhook messages: whoever runs Clarion sets SIGNING_SECRET.
          </p>
        )
        : <Failure of={show.failed} />}
    </section>
  );
}
