/** One journey or sequence: its plan with people on it, its versions, and the way to change it. */

import { useState } from "preact/hooks";
import { api, ask, askTagged } from "../../api.ts";
import { CALM, useLive } from "../../live.ts";
import { asPlan } from "../../logic/plan/document.ts";
import { Missing, Waiting } from "../../parts/failure.tsx";
import { Tag } from "../../parts/tag.tsx";
import { When } from "../../parts/time.tsx";
import type { PageProps } from "../../routes.ts";
import { useMay } from "../../session.ts";
import { countsOf } from "../../logic/plan/counts.ts";
import { Enter } from "./enter.tsx";
import { Here } from "./here.tsx";
import { PlanView } from "./plan_view.tsx";
import { Rewrite } from "./change/rewrite.tsx";
import { Steps } from "./change/steps.tsx";
import { Versions } from "./change/versions.tsx";

const ENDED = new Set(["completed", "cancelled", "failed"]);

export default function Journey({ params }: PageProps) {
  const path = { campaign_id: params.id };
  const [chosen, setChosen] = useState("");
  const [writing, setWriting] = useState(false);
  const campaign = useLive(
    `journey ${params.id}`,
    (signal) => ask(api.GET("/campaigns/{campaign_id}", { params: { path }, signal })),
    (last) => last?.status === "running" ? CALM / 3 : CALM,
  );
  const stored = useLive(
    `plan ${params.id} ${campaign.value?.plan_version}`,
    (signal) => askTagged(api.GET("/campaigns/{campaign_id}/plan", { params: { path }, signal })),
  );
  const mayWrite = useMay("operator", "campaigns");
  const mayEnter = useMay("operator", "enrollments");
  const mayRead = useMay("viewer", "enrollments");

  const refused = campaign.refused ?? stored.refused;
  if (!campaign.value || !stored.value) return refused ? <Missing of={refused} /> : <Waiting />;
  const [{ plan: document, version }, tag] = stored.value;
  const plan = asPlan(document);
  const it = campaign.value;
  const ended = ENDED.has(it.status);
  if (!plan) return <Waiting />;
  const again = () => {
    campaign.again();
    stored.again();
  };
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>{it.name}</h1>
          <div class="beside soft">
            <Tag name={it.status} />
            <span>{it.kind}, version {version}</span>
            {it.started_at && (
              <span>
                since <When at={it.started_at} />
              </span>
            )}
            <a href={`#/campaigns/${it.id}`}>Messages and reasons</a>
          </div>
        </div>
        {mayWrite && !ended && (
          <div class="beside">
            <Steps campaign={it} again={again} />
            <button type="button" aria-pressed={writing} onClick={() => setWriting(!writing)}>
              {writing ? "Leave the editor" : "Edit the plan"}
            </button>
          </div>
        )}
      </div>
      {it.walks && <Walks of={it.walks} />}
      {writing
        ? (
          <Rewrite
            campaign={it}
            plan={plan}
            tag={tag}
            done={() => {
              setWriting(false);
              again();
            }}
          />
        )
        : (
          <>
            <PlanView
              plan={plan}
              counts={it.nodes ? countsOf(plan, it.nodes) : undefined}
              chosen={chosen}
              choose={setChosen}
            />
            {mayRead && it.started_at && (
              <Here campaign={it.id} plan={plan} node={chosen || undefined} />
            )}
            {mayEnter && it.status === "running" && it.entry_open && (
              <Enter campaign={it.id} again={campaign.again} />
            )}
            <Versions campaign={it} plan={plan} mayMigrate={mayWrite && !ended} again={again} />
          </>
        )}
    </div>
  );
}

interface WalksProps {
  of: { active: number; paused: number; completed: number; exited: number; goal: number };
}

function Walks({ of }: WalksProps) {
  const figures = [
    ["Under way", of.active],
    ["Paused", of.paused],
    ["Through", of.completed],
    ["Left", of.exited],
    ["Reached the goal", of.goal],
  ] as const;
  return (
    <dl class="figures sheet">
      {figures.map(([name, count]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{count.toLocaleString()}</dd>
        </div>
      ))}
    </dl>
  );
}
