/** One campaign: how it goes, why it stopped, who got it, and what can be done. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { api, ask, type Schemas } from "../../api.ts";
import { BUSY, CALM, type Live, useLive } from "../../live.ts";
import { isBusy, type Progress } from "../../logic/campaigns/campaign.ts";
import { Missing, Waiting } from "../../parts/failure.tsx";
import type { PageProps } from "../../routes.ts";
import { useMay } from "../../session.ts";
import { About } from "./campaign/about.tsx";
import { Audience } from "./campaign/audience.tsx";
import { Audit } from "./campaign/audit.tsx";
import { Control } from "./campaign/control.tsx";
import { Course } from "./campaign/course.tsx";
import { Head } from "./campaign/head.tsx";
import { Notices } from "./campaign/notices.tsx";
import { People } from "./campaign/people.tsx";
import { Reasons } from "./campaign/reasons.tsx";
import { Series } from "./campaign/series.tsx";
import { Timeline } from "./campaign/timeline.tsx";

export type Campaign = Schemas["WarnedCampaign"];

/** So often what seldom changes is read anew while it runs, ms. */
const SELDOM = 60_000;

/** What the parts of the page are told. */
export interface Shown {
  campaign: Campaign;
  progress: Progress;
  /** Read it all again: something was done. */
  again(): void;
}

export default function CampaignPage({ params, query }: PageProps) {
  const { whole, progress, again } = useCampaign(params.id);
  const mayRead = useMay("viewer", "messages");
  const refused = whole.refused ?? progress.refused;
  if (refused && (refused.status === 404 || !whole.value)) return <Missing of={refused} />;
  if (!whole.value || !progress.value) return <Waiting />;
  const shown: Shown = { campaign: whole.value, progress: progress.value, again };
  const { campaign } = shown;
  const started = campaign.started_at !== null;
  return (
    <div class="page">
      <Announced of={shown} />
      <div class="page-head">
        <Head {...shown} />
        <Control {...shown} />
      </div>
      <Notices {...shown} />
      {started && (
        <>
          <Course {...shown} />
          <div class="two-thirds">
            <Timeline {...shown} />
            <Reasons {...shown} query={query} />
          </div>
        </>
      )}
      {!started && <Audience {...shown} />}
      {!started && <About campaign={campaign} />}
      {campaign.repeat && <Series campaign={campaign} />}
      {mayRead && started && <People {...shown} query={query} />}
      {started && <About campaign={campaign} />}
      <Audit {...shown} />
    </div>
  );
}

/** Follow a campaign: its progress closely, all of it when its status changes. */
function useCampaign(id: string) {
  const scheduled = useRef<string | null>(null);
  const latest = useRef<Progress | undefined>(undefined);
  const progress = useLive<Progress>(
    `progress ${id}`,
    (signal) =>
      ask(
        api.GET("/campaigns/{campaign_id}/progress", {
          params: { path: { campaign_id: id } },
          signal,
        }),
      ),
    (last = latest.current) => last && isBusy(last, scheduled.current, Date.now()) ? BUSY : CALM,
  );
  const whole: Live<Campaign> = useLive(
    `campaign ${id}`,
    (signal) =>
      ask(api.GET("/campaigns/{campaign_id}", { params: { path: { campaign_id: id } }, signal })),
    (last) => last?.plan_version ? CALM : SELDOM,
  );
  latest.current = progress.value;
  scheduled.current = whole.value?.scheduled_at ?? null;
  const changed = `${progress.value?.status} ${progress.value?.updated_at}`;
  const known = whole.value && `${whole.value.status} ${whole.value.updated_at}`;
  useEffect(() => {
    if (known && progress.value && !alike(whole.value!, progress.value)) whole.again();
  }, [changed, known]);
  const again = useCallback(() => {
    progress.again();
    whole.again();
  }, [progress.again, whole.again]);
  return { whole, progress, again };
}

function alike(campaign: Campaign, progress: Progress): boolean {
  return campaign.status === progress.status &&
    Date.parse(campaign.updated_at ?? "") === Date.parse(progress.updated_at ?? "");
}

/** Says a change of status to those who do not see it; the figures, which tick, it does not. */
function Announced({ of }: { of: Shown }) {
  const { status } = of.progress;
  const first = useRef(status);
  const [said, say] = useState("");
  useEffect(() => {
    if (status !== first.current) say(`${of.campaign.name} is now ${status}.`);
    first.current = status;
  }, [status]);
  return <div class="hidden" role="status">{said}</div>;
}
