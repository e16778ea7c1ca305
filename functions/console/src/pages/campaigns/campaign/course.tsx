/** How a campaign goes: the bar, the figures, the pace, and who works on it. */

import {
  barOf,
  figuresOf,
  healthOf,
  type Progress,
  rate,
  toGo,
} from "../../../logic/campaigns/campaign.ts";
import { Bar, Legend } from "../../../parts/drawings.tsx";
import { Tag } from "../../../parts/tag.tsx";
import { span, When } from "../../../parts/time.tsx";
import { useNow } from "../../../parts/clock.tsx";
import type { Campaign, Shown } from "../campaign.tsx";

export function Course({ campaign, progress }: Shown) {
  const { stats } = progress;
  const parts = barOf(stats);
  const left = toGo(stats);
  return (
    <section class="sheet stack wide" aria-label="Progress">
      <div class="stack">
        <Bar parts={parts} total={stats.total} />
        <Legend
          parts={[...parts, { name: "to go", value: left, fill: "none" as const }]
            .filter((part) => part.value)
            .map((part) => ({ ...part, name: `${part.value.toLocaleString()} ${part.name}` }))}
        />
      </div>
      <dl class="figures">
        {figuresOf(progress, campaign.channel).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value.toLocaleString()}</dd>
          </div>
        ))}
      </dl>
      <div class="columns">
        <Pace campaign={campaign} progress={progress} />
        <Times campaign={campaign} progress={progress} />
      </div>
    </section>
  );
}

/** A worker that was heard of within so long is there. */
const QUIET_S = 30;

interface Told {
  campaign: Campaign;
  progress: Progress;
}

function Pace({ campaign, progress }: Told) {
  const health = healthOf(progress);
  const lateness = campaign.message_lateness;
  return (
    <dl class="facts">
      {progress.status === "running" && (
        <>
          <dt>Rate now</dt>
          <dd>
            <Rate of={progress} />
          </dd>
        </>
      )}
      {health && (
        <>
          <dt>Worker</dt>
          <dd class="stack tight">
            <Tag name={progress.health.status} words={health.words} />
            {progress.health.heartbeat_at && <Heard at={progress.health.heartbeat_at} />}
            {health.doThis && (
              <span class="small">
                {health.doThis} <a href="#/health">Health</a>
              </span>
            )}
          </dd>
        </>
      )}
      {lateness.p95_s !== null && (
        <>
          <dt>Messages late</dt>
          <dd>
            half up to {seconds(lateness.p50_s ?? 0)}, 95 % up to {seconds(lateness.p95_s)}
          </dd>
        </>
      )}
    </dl>
  );
}

function Rate({ of }: { of: Progress }) {
  const { per_s, allowed_per_s, share, whole_again_at } = of.rate;
  return (
    <>
      {per_s === null ? "not known yet" : rate(per_s)}
      {allowed_per_s === null ? ", no limit" : ` of ${rate(allowed_per_s)} allowed`}
      {share < 1 && (
        <div class="small warn">
          The provider has asked us to slow down: {Math.round(share * 100)} % of the usual rate
          {whole_again_at && (
            <>
              , whole again <When at={whole_again_at} />
            </>
          )}.
        </div>
      )}
    </>
  );
}

function Heard({ at }: { at: string }) {
  const ago = Math.max(0, (useNow() - Date.parse(at)) / 1_000);
  return ago < QUIET_S ? null : <span class="small soft">last heard of {span(ago)} ago</span>;
}

function Times({ progress }: Told) {
  const late = progress.start_lateness_s;
  return (
    <dl class="facts">
      <dt>Started</dt>
      <dd>
        <When at={progress.started_at} />
        {late !== null && (
          <span class="soft">
            {late < 1 ? ", on time" : `, ${span(late)} late`}
          </span>
        )}
      </dd>
      {progress.estimated_end_at && (
        <>
          <dt>Expected end</dt>
          <dd>
            <When at={progress.estimated_end_at} />
          </dd>
        </>
      )}
      {progress.status === "paused" && (
        <>
          <dt>Paused</dt>
          <dd>
            <When at={progress.paused_at} />
          </dd>
        </>
      )}
      {progress.ended_at && (
        <>
          <dt>Ended</dt>
          <dd>
            <When at={progress.ended_at} />
          </dd>
        </>
      )}
    </dl>
  );
}

/** Return a short length, to the tenth of a second. */
function seconds(length: number): string {
  return length < 10 ? `${length.toLocaleString("en-GB", { maximumFractionDigits: 1 })} s` : span(
    length,
  );
}
