/** The people at a part of a plan: where each stands, why, and what can be done with them. */

import { useState } from "preact/hooks";
import { useAction } from "../../action.ts";
import { api, ask, type Schemas } from "../../api.ts";
import { useLive } from "../../live.ts";
import { parts, type Plan } from "../../logic/plan/document.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Failure, Waiting } from "../../parts/failure.tsx";
import { SelectField } from "../../parts/field.tsx";
import { tell } from "../../parts/notes.tsx";
import { PagesFoot, usePages } from "../../parts/pages.tsx";
import { Table } from "../../parts/table.tsx";
import { Tag } from "../../parts/tag.tsx";
import { When } from "../../parts/time.tsx";
import { useMay } from "../../session.ts";

type Enrollment = Schemas["ListedEnrollment"];

interface HereProps {
  campaign: string;
  plan: Plan;
  /** Whoever stands there; undefined: whoever has entered. */
  node?: string;
}

export function Here({ campaign, plan, node }: HereProps) {
  const [open, setOpen] = useState<Enrollment | undefined>();
  const pages = usePages(`here ${campaign} ${node ?? ""}`, (cursor, signal) =>
    ask(
      api.GET("/campaigns/{campaign_id}/enrollments", {
        params: { path: { campaign_id: campaign }, query: { node, cursor, limit: 50 } },
        signal,
      }),
    ));
  if (!pages.rows) return pages.refused ? <Failure of={pages.refused} /> : <Waiting />;
  return (
    <section class="stack" aria-label="People">
      <h2>{node ? `People at ${node}` : "People who entered"}</h2>
      <Table
        caption="People"
        rows={pages.rows}
        id={(row) => row.id}
        columns={[
          {
            name: "Who",
            cell: (row) => (
              <button type="button" class="plain" onClick={() => setOpen(row)}>
                {row.name || row.subject}
              </button>
            ),
          },
          {
            name: "Status",
            cell: (row) => <Tag name={row.status} words={row.reason_words || undefined} />,
          },
          { name: "Entered", cell: (row) => <When at={row.entered_at} /> },
          { name: "Next at", cell: (row) => <When at={row.next_at} /> },
        ]}
        empty={<p>{node ? "Nobody stands here now." : "Nobody has entered yet."}</p>}
        foot={<PagesFoot pages={pages} what="people" one="person" />}
      />
      {open && (
        <Walk
          id={open.id}
          name={open.name || open.subject}
          plan={plan}
          close={() => {
            setOpen(undefined);
            pages.again();
          }}
        />
      )}
    </section>
  );
}

interface WalkProps {
  id: string;
  name: string;
  plan: Plan;
  close(): void;
}

/** One person's walk: where they stand in words, each move and why, and the steering of it. */
function Walk({ id, name, plan, close }: WalkProps) {
  const path = { enrollment_id: id };
  const whole = useLive(
    `walk ${id}`,
    (signal) => ask(api.GET("/enrollments/{enrollment_id}", { params: { path }, signal })),
  );
  const may = useMay("operator", "enrollments");
  const walk = whole.value;
  return (
    <Dialog title={name} close={close} kind="drawer">
      {!walk
        ? (whole.refused ? <Failure of={whole.refused} /> : <Waiting />)
        : (
          <div class="stack wide">
            <div class="stack tight">
              <Tag name={walk.status} words={walk.reason_words || undefined} />
              <p>{walk.sentence}</p>
              {walk.standing.map((stand) => (
                <div key={stand.start} class="stack tight">
                  <p>{stand.sentence}</p>
                  <ul>
                    {stand.waits_for.map((awaited) => (
                      <li key={awaited.on + awaited.to}>{awaited.sentence}</li>
                    ))}
                  </ul>
                </div>
              ))}
              {walk.contact_id && <a href={`#/people/${walk.contact_id}`}>To the person</a>}
            </div>
            <section>
              <h3>Moves, the newest first</h3>
              {!walk.moves.length && <p class="soft">None since they entered.</p>}
              <ol class="trail">
                {[...walk.moves].reverse().map((move) => (
                  <li key={`${move.start} ${move.at} ${move.target}`}>
                    <div>
                      {move.source || "Entry"} → {move.target || "the end"}, <When at={move.at} />
                    </div>
                    <div class="soft">{move.why}</div>
                  </li>
                ))}
              </ol>
            </section>
            {may && (walk.status === "active" || walk.status === "paused") && (
              <Steering id={id} paused={walk.status === "paused"} plan={plan} again={whole.again} />
            )}
          </div>
        )}
    </Dialog>
  );
}

interface SteeringProps {
  id: string;
  paused: boolean;
  plan: Plan;
  again(): void;
}

function Steering({ id, paused, plan, again }: SteeringProps) {
  const [to, setTo] = useState("");
  const path = { enrollment_id: id };
  const done = (words: string) => {
    tell(words);
    again();
  };
  const header = (key: string) => ({ "Idempotency-Key": key });
  const pause = useAction(async (key) => {
    await ask(
      api.POST("/enrollments/{enrollment_id}/pause", { params: { path, header: header(key) } }),
    );
    done("Paused: nothing is sent to them until they go on.");
  });
  const resume = useAction(async (key) => {
    await ask(
      api.POST("/enrollments/{enrollment_id}/resume", { params: { path, header: header(key) } }),
    );
    done("They go on.");
  });
  const move = useAction(async (key) => {
    await ask(
      api.POST("/enrollments/{enrollment_id}/move", {
        params: { path, header: header(key) },
        body: { node: to },
      }),
    );
    done(`They are at ${to} now.`);
  });
  const leave = useAction(async () => {
    await ask(api.DELETE("/enrollments/{enrollment_id}", { params: { path } }));
    done("They have left the plan.");
  });
  const failed = [pause, resume, move, leave].find((action) => action.failed)?.failed;
  return (
    <section class="stack">
      <h3>Steer this person</h3>
      <div class="beside">
        {paused
          ? <button type="button" onClick={() => resume.run()}>Let them go on</button>
          : <button type="button" onClick={() => pause.run()}>Pause them</button>}
        <button type="button" class="danger" onClick={() => leave.run()}>Take them out</button>
      </div>
      {!("steps" in plan) && (
        <div class="beside">
          <SelectField
            label="Move them to"
            value={to}
            change={setTo}
            options={[
              ["", "Choose a step"],
              ...parts(plan).map((part) => [part.id, part.id] as const),
            ]}
          />
          <button type="button" disabled={!to} onClick={() => move.run()}>Move</button>
        </div>
      )}
      <Failure of={failed} />
    </section>
  );
}
