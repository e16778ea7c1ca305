/** A subscription: what it hears of, what it was told and what it answered. */

import { useState } from "preact/hooks";
import { api, askTagged } from "../../api.ts";
import { useLive } from "../../live.ts";
import { reasonInWords, type Subscription } from "../../logic/organisation/subscription.ts";
import { Missing, Waiting } from "../../parts/failure.tsx";
import { When } from "../../parts/time.tsx";
import type { PageProps } from "../../routes.ts";
import { useMay } from "../../session.ts";
import { Control } from "./subscriptions/control.tsx";
import { Told } from "./subscriptions/told.tsx";
import { Standing } from "./subscriptions.tsx";

export default function OneSubscription({ params: { id } }: PageProps) {
  const [turn, setTurn] = useState(0);
  const path = { subscription_id: id };
  const mayKeep = useMay("admin", "subscriptions");
  const mayTell = useMay("operator", "subscriptions");
  const live = useLive(
    id,
    (signal) =>
      askTagged(api.GET("/subscriptions/{subscription_id}", { params: { path }, signal })),
  );
  if (!live.value) return live.refused ? <Missing of={live.refused} /> : <Waiting />;
  const [held, tag] = live.value;
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1 class="breaks">{held.description || held.url}</h1>
          <div class="beside">
            <Standing of={held} />
            <span class="soft">
              made <When at={held.created_at} /> by {held.created_by}
            </span>
          </div>
        </div>
        <Control
          held={held}
          tag={tag}
          mayKeep={mayKeep}
          mayTell={mayTell}
          put={live.put}
          again={live.again}
          told={() => setTurn(turn + 1)}
        />
      </div>
      {!held.active && held.reason && <p class="notice warn">{reasonInWords(held.reason)}</p>}
      <About held={held} />
      <Told id={id} turn={turn} mayTell={mayTell} />
    </div>
  );
}

function About({ held }: { held: Subscription }) {
  return (
    <section class="sheet">
      <h2>What it hears of</h2>
      <dl class="facts">
        <dt>URL</dt>
        <dd>{held.url}</dd>
        <dt>Events</dt>
        <dd>{held.events.join(", ")}</dd>
        {held.old_secret_until && (
          <>
            <dt>Secret before</dt>
            <dd>
              signs as well until <When at={held.old_secret_until} />
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}
