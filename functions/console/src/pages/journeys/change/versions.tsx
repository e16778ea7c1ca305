/** The versions of a plan, and the migration of those under way to the newest. */

import { useState } from "preact/hooks";
import { useAction } from "../../../action.ts";
import { api, ask, type Schemas } from "../../../api.ts";
import { useLive } from "../../../live.ts";
import { asPlan, parts, type Plan } from "../../../logic/plan/document.ts";
import { Confirm, Dialog } from "../../../parts/dialog.tsx";
import { Waiting } from "../../../parts/failure.tsx";
import { SelectField } from "../../../parts/field.tsx";
import { tell } from "../../../parts/notes.tsx";
import { PagesFoot, usePages } from "../../../parts/pages.tsx";
import { Table } from "../../../parts/table.tsx";
import { When } from "../../../parts/time.tsx";
import { PlanView } from "../plan_view.tsx";

interface VersionsProps {
  campaign: Schemas["WarnedCampaign"];
  /** The version in force. */
  plan: Plan;
  mayMigrate: boolean;
  again(): void;
}

export function Versions({ campaign, plan, mayMigrate, again }: VersionsProps) {
  const [shown, setShown] = useState<number | undefined>();
  const [asked, setAsked] = useState(false);
  const path = { campaign_id: campaign.id };
  const pages = usePages(
    `versions ${campaign.id} ${campaign.plan_version}`,
    (cursor, signal) =>
      ask(
        api.GET("/campaigns/{campaign_id}/plans", { params: { path, query: { cursor } }, signal }),
      ),
  );
  const walking = campaign.walks?.versions ?? {};
  const behind = Object.keys(walking).some((number) => Number(number) !== campaign.plan_version);
  if (!pages.rows) return null;
  return (
    <section class="stack" aria-label="Versions">
      <div class="beside apart">
        <h2>Versions</h2>
        {mayMigrate && behind && (
          <button type="button" onClick={() => setAsked(true)}>
            Take those under way over to the newest
          </button>
        )}
      </div>
      {campaign.migration && <MigrationShown of={campaign.migration} />}
      <Table
        caption="Versions"
        rows={pages.rows}
        id={(row) => String(row.version)}
        columns={[
          {
            name: "Version",
            cell: (row) => (
              <button
                type="button"
                class="plain"
                onClick={() => setShown(row.version)}
              >
                Version {row.version}
              </button>
            ),
          },
          { name: "Stored", cell: (row) => <When at={row.created_at} /> },
          { name: "By", cell: (row) => row.created_by },
          {
            name: "Under way by it",
            number: true,
            cell: (row) => (walking[row.version] ?? 0).toLocaleString(),
          },
        ]}
        foot={<PagesFoot pages={pages} what="versions" one="version" />}
      />
      {shown !== undefined && (
        <OneVersion
          campaign={campaign.id}
          number={shown}
          close={() => setShown(undefined)}
        />
      )}
      {asked && (
        <Migrate
          campaign={campaign}
          plan={plan}
          close={() => setAsked(false)}
          again={again}
        />
      )}
    </section>
  );
}

function OneVersion(
  { campaign, number, close }: { campaign: string; number: number; close(): void },
) {
  const read = useLive(`version ${campaign} ${number}`, (signal) =>
    ask(
      api.GET("/campaigns/{campaign_id}/plans/{number}", {
        params: { path: { campaign_id: campaign, number } },
        signal,
      }),
    ));
  const plan = asPlan(read.value?.plan);
  return (
    <Dialog title={`Version ${number}`} close={close} kind="drawer">
      {plan ? <PlanView plan={plan} choose={() => {}} /> : <Waiting />}
    </Dialog>
  );
}

function MigrationShown({ of }: { of: Schemas["ShownMigration"] }) {
  const stuck = Object.entries(of.stuck);
  return (
    <div class={stuck.length || of.failed ? "notice warn" : "notice"}>
      <p>
        {of.running ? "Going over" : "Went over"} to version {of.to}: {of.migrated.toLocaleString()}
        {" "}
        people, {of.exited.toLocaleString()} left with it, {of.looked_at.toLocaleString()}{" "}
        looked at.
      </p>
      {stuck.map(([node, count]) => (
        <p key={node}>
          {String(count)} stand at{" "}
          {node}, which is no more: ask once more, and say where they go on.
        </p>
      ))}
    </div>
  );
}

interface MigrateProps {
  campaign: Schemas["WarnedCampaign"];
  plan: Plan;
  close(): void;
  again(): void;
}

/** Where somebody goes on who stands at a node that the newest version has no more. */
function Migrate({ campaign, plan, close, again }: MigrateProps) {
  const known = new Set(parts(plan).map((part) => part.id));
  const gone = (campaign.nodes ?? []).filter((node) => node.here && !known.has(node.id));
  const [map, setMap] = useState<Record<string, string>>({});
  const path = { campaign_id: campaign.id };
  const action = useAction(async (key) => {
    const params = { path, header: { "Idempotency-Key": key } };
    await ask(api.POST("/campaigns/{campaign_id}/migrate", { params, body: { map } }));
    tell("They are being taken over.");
    close();
    again();
  });
  return (
    <Confirm
      title={`Take those under way over to version ${campaign.plan_version}?`}
      does="Take them over"
      complete={gone.every((node) => map[node.id])}
      action={action}
      close={close}
    >
      <p>
        Nobody gets again what they had. A message that waits is made anew where its step says
        something else.
      </p>
      {gone.map((node) => (
        <SelectField
          key={node.id}
          label={`${node.here.toLocaleString()} at ${node.id}, which is no more, go on at`}
          value={map[node.id] ?? ""}
          change={(to) => setMap({ ...map, [node.id]: to })}
          options={[
            ["", "Choose"],
            ...[...known].map((id) => [id, id] as const),
            ["exit", "Nowhere: they leave"],
          ]}
        />
      ))}
    </Confirm>
  );
}
