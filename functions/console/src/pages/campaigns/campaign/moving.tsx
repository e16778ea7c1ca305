/** Another start for a campaign that waits, or none for this run of a series. */

import { useState } from "preact/hooks";
import { api, ask, Refused } from "../../../api.ts";
import { useAction } from "../../../action.ts";
import { instant, type Moment, momentOf } from "../../../logic/moment.ts";
import { Confirm } from "../../../parts/dialog.tsx";
import { TextField } from "../../../parts/field.tsx";
import { MomentField } from "../../../parts/moment.tsx";
import { tell } from "../../../parts/notes.tsx";
import { HERE, inWords, When } from "../../../parts/time.tsx";
import { go } from "../../../routes.ts";
import type { Asked } from "./stopping.tsx";

interface MovingProps {
  campaign: { id: string; name: string; scheduled_at: string | null; repeat: unknown };
  /** Whose clocks the time is given by at first. */
  zone?: string;
  again(): void;
  close(): void;
}

export function Reschedule({ campaign, zone = HERE, again, close }: MovingProps) {
  const [start, setStart] = useState<Moment>(momentOf(campaign.scheduled_at, zone));
  const [missing, setMissing] = useState(false);
  const action = useAction(async (key) => {
    const scheduled_at = instant(start);
    setMissing(!scheduled_at);
    if (!scheduled_at) return;
    await ask(
      api.POST("/campaigns/{campaign_id}/reschedule", {
        params: { path: { campaign_id: campaign.id }, header: { "Idempotency-Key": key } },
        body: { scheduled_at },
      }),
    );
    tell(`${campaign.name} starts ${inWords(scheduled_at, zone)}.`);
    close();
    again();
  });
  const refused = action.failed instanceof Refused ? action.failed.of("scheduled_at") : undefined;
  return (
    <Confirm title={`Move ${campaign.name}`} does="Move" action={action} close={close}>
      <p>
        It is to start <When at={campaign.scheduled_at} zone={zone} />.
        {campaign.repeat && " This run alone is moved; the others keep their times."}
      </p>
      <MomentField
        label="New start"
        value={start}
        change={setStart}
        error={refused ?? (missing ? "A date and a time are needed." : undefined)}
      />
    </Confirm>
  );
}

export function Skip({ campaign, again, close }: Asked) {
  const [reason, setReason] = useState("");
  const action = useAction(async (key) => {
    const told = await ask(
      api.POST("/campaigns/{campaign_id}/skip", {
        params: { path: { campaign_id: campaign.id }, header: { "Idempotency-Key": key } },
        body: { reason: reason.trim() || null },
      }),
    );
    close();
    again();
    if (!told.following) return tell("The run is left out. It was the last one.");
    tell(`The run is left out. The next one starts ${inWords(told.scheduled_at!)}.`);
    go(`/campaigns/${told.following}`);
  });
  return (
    <Confirm title={`Skip this run of ${campaign.name}?`} does="Skip" action={action} close={close}>
      <p>
        Nobody gets it <When at={campaign.scheduled_at} />; the next run comes at its time,{" "}
        {campaign.repeat?.words}.
      </p>
      <TextField label="Why? (kept in the audit)" value={reason} change={setReason} />
    </Confirm>
  );
}
