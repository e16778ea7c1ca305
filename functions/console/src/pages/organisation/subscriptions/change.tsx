/** A subscription is changed; where somebody else has changed it meanwhile, both are shown. */

import { useState } from "preact/hooks";
import { useAction } from "../../../action.ts";
import { api, askTagged, Refused } from "../../../api.ts";
import {
  changed,
  type Draft,
  type Subscription,
} from "../../../logic/organisation/subscription.ts";
import { Dialog } from "../../../parts/dialog.tsx";
import { tell } from "../../../parts/notes.tsx";
import type { ControlProps } from "./control.tsx";
import { SubscriptionForm } from "./form.tsx";

export function Change({ held, tag, put, close }: ControlProps & { close(): void }) {
  const { url, description, events } = held;
  const [draft, setDraft] = useState({ url, description, events } as Draft);
  const [over, setOver] = useState<[Subscription, string] | undefined>();
  const params = { path: { subscription_id: held.id } };
  const save = useAction(async () => {
    const [base, seen] = over ?? [held, tag];
    const body = changed(base, draft);
    const headers = { "If-Match": seen };
    const asked = api.PATCH("/subscriptions/{subscription_id}", { params, body, headers });
    try {
      put(await askTagged(asked));
    } catch (error) {
      if (error instanceof Refused && error.status === 412) {
        setOver(await askTagged(api.GET("/subscriptions/{subscription_id}", { params })));
      }
      throw error;
    }
    tell("The subscription is changed.");
    close();
  });
  return (
    <Dialog title="Change the subscription" close={close} kind="drawer">
      <SubscriptionForm
        draft={draft}
        change={setDraft}
        action={save}
        does={over ? "Save mine" : "Save"}
        close={close}
      >
        {over && <Overtaken by={over[0]} />}
      </SubscriptionForm>
    </Dialog>
  );
}

function Overtaken({ by }: { by: Subscription }) {
  return (
    <div class="notice warn stack" role="alert">
      <p>Somebody else has changed it meanwhile. It is now:</p>
      <dl class="facts">
        <dt>URL</dt>
        <dd>{by.url}</dd>
        <dt>Description</dt>
        <dd>{by.description || "none"}</dd>
        <dt>Events</dt>
        <dd>{by.events.join(", ")}</dd>
      </dl>
      <p>What stands in the form takes its place if you save it.</p>
    </div>
  );
}
