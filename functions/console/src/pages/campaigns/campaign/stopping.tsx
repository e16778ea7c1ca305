/** Pausing, resuming and cancelling: each says first what becomes of people, and asks why. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { api, ask } from "../../../api.ts";
import { type Action, useAction } from "../../../action.ts";
import { count, unreached } from "../../../logic/campaigns/campaign.ts";
import { Confirm } from "../../../parts/dialog.tsx";
import { TextField } from "../../../parts/field.tsx";
import type { Shown } from "../campaign.tsx";
import { useAudience } from "./audience.tsx";

/** What a question about a campaign is given. */
export interface Asked extends Shown {
  close(): void;
}

type Steer =
  | "/campaigns/{campaign_id}/pause"
  | "/campaigns/{campaign_id}/resume"
  | "/campaigns/{campaign_id}/cancel";

/** Above so many people who get nothing, a word must be typed. */
const MANY = 1_000;

interface Steering {
  action: Action<[]>;
  reason: string;
  setReason(reason: string): void;
}

function useSteer(path: Steer, { campaign, again, close }: Asked): Steering {
  const [reason, setReason] = useState("");
  const action = useAction(async (key) => {
    await ask(
      api.POST(path, {
        params: { path: { campaign_id: campaign.id }, header: { "Idempotency-Key": key } },
        body: { reason: reason.trim() || null },
      }),
    );
    close();
    again();
  });
  return { action, reason, setReason };
}

function Why({ of }: { of: Steering }) {
  const { action, reason, setReason } = of;
  const { failed } = action;
  return (
    <TextField
      label="Why? (kept in the audit)"
      value={reason}
      change={setReason}
      error={failed && "of" in failed ? failed.of("reason") : undefined}
    />
  );
}

export function Pause(asked: Asked) {
  const steering = useSteer("/campaigns/{campaign_id}/pause", asked);
  const { progress, campaign } = asked;
  return (
    <Confirm
      title={`Pause ${campaign.name}?`}
      does="Pause"
      action={steering.action}
      close={asked.close}
    >
      <p>
        New ones stop within 2 s;{" "}
        {withCarrier(progress.in_flight)}. It keeps its place, and goes on when it is resumed.
      </p>
      <Why of={steering} />
    </Confirm>
  );
}

function withCarrier(inFlight: number): string {
  if (!inFlight) return "none is with the carrier just now";
  return inFlight === 1
    ? "1 is with the carrier and goes on"
    : `${inFlight.toLocaleString()} are with the carrier and go on`;
}

export function Resume(asked: Asked) {
  const steering = useSteer("/campaigns/{campaign_id}/resume", asked);
  const { progress, campaign } = asked;
  const left = unreached(progress);
  return (
    <Confirm
      title={`Resume ${campaign.name}?`}
      does="Resume"
      action={steering.action}
      close={asked.close}
    >
      <p>
        {campaign.started_at
          ? `It goes on where it was: ${
            count(left, "person is", "people are")
          } still to be reached.`
          : "It starts now, with all of its people."}
      </p>
      {campaign.attention && (
        <p>
          It was stopped because {campaign.attention.why}. Before: {campaign.attention.next_step}.
        </p>
      )}
      <Why of={steering} />
    </Confirm>
  );
}

export function Cancel(asked: Asked) {
  return asked.campaign.started_at ? <CancelAtWork {...asked} /> : <CancelBefore {...asked} />;
}

function CancelAtWork(asked: Asked) {
  const { progress, campaign } = asked;
  const left = unreached(progress);
  const walks = campaign.plan_version !== null;
  return (
    <Cancelling {...asked} lost={left}>
      <p>
        {walks
          ? `${count(left, "person")} under way will get nothing more. `.replace(
            "persons",
            "people",
          )
          : `${count(left, "person", "people")} will get nothing. `}
        {progress.in_flight
          ? `${
            count(progress.in_flight, "message is", "messages are")
          } with the carrier and beyond` +
            " recall, but for what it still holds in its queue: that is taken back."
          : "Nothing is with the carrier just now."}
      </p>
      <p>It cannot be resumed after that.</p>
    </Cancelling>
  );
}

function CancelBefore(asked: Asked) {
  const { campaign } = asked;
  const counted = useAudience(campaign.id, "to be cancelled");
  const found = counted.value && counted.value.reached + counted.value.by_fallback;
  const lost = campaign.status === "scheduled" ? found : campaign.stats.total;
  return (
    <Cancelling {...asked} lost={counted.refused ? campaign.stats.total : lost}>
      <p>
        Nobody has been sent anything. {lost === undefined
          ? counted.refused ? "" : "Counting who will get nothing…"
          : `${count(lost, "person", "people")} will get nothing.`}
      </p>
      <p>
        {campaign.repeat
          ? "It ends the series: no further run comes. To leave out this one alone, skip it."
          : "It cannot be resumed after that."}
      </p>
    </Cancelling>
  );
}

interface CancellingProps extends Asked {
  /** How many people get nothing; undefined: not known yet. */
  lost: number | undefined;
  children: ComponentChildren;
}

function Cancelling(props: CancellingProps) {
  const { campaign, lost, children } = props;
  const steering = useSteer("/campaigns/{campaign_id}/cancel", props);
  const series = campaign.repeat !== null && !campaign.started_at;
  return (
    <Confirm
      title={series ? `End the series of ${campaign.name}?` : `Cancel ${campaign.name}?`}
      does={series ? "End the series" : "Cancel for good"}
      action={steering.action}
      close={props.close}
      typed={lost === undefined || lost > MANY ? "cancel" : undefined}
      danger
    >
      {children}
      <Why of={steering} />
    </Confirm>
  );
}
