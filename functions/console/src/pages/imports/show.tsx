/** One import: how far it has come, what it did, which rows were left out, and its undoing. */

import { useState } from "preact/hooks";
import { useAction } from "../../action.ts";
import { api, ask } from "../../api.ts";
import { BUSY, NEVER, useLive } from "../../live.ts";
import {
  canUndo,
  hasDone,
  type Import,
  isAtWork,
  statusWords,
} from "../../logic/files/import_words.ts";
import { Confirm } from "../../parts/dialog.tsx";
import { Bar } from "../../parts/drawings.tsx";
import { Missing, Waiting } from "../../parts/failure.tsx";
import { Tag } from "../../parts/tag.tsx";
import { inWords, When } from "../../parts/time.tsx";
import type { PageProps } from "../../routes.ts";
import { useMay } from "../../session.ts";
import { BadRows } from "./bad_rows.tsx";

export default function ShowImport({ params: { id } }: PageProps) {
  const path = { import_id: id };
  const live = useLive(
    id,
    (signal) => ask(api.GET("/contacts/imports/{import_id}", { params: { path }, signal })),
    (last) => last && isAtWork(last) ? BUSY : NEVER,
  );
  if (live.refused) return <Missing of={live.refused} />;
  const found = live.value;
  if (!found) return <Waiting />;
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>{found.name || "A file without a name"}</h1>
          <div class="beside">
            <Tag name={found.status} words={statusWords(found.status)} />
            <span class="soft">
              sent in by {found.created_by}, <When at={found.created_at} />
            </span>
          </div>
        </div>
        <Controls found={found} again={live.again} />
      </div>
      <div class="hidden" role="status">{said(found)}</div>
      <Told found={found} />
      {isAtWork(found) && found.status !== "undoing" && <Progress found={found} />}
      <Figures found={found} />
      <Facts found={found} />
      {found.invalid + found.duplicates > 0 && <BadRows of={found} />}
    </div>
  );
}

/** What is announced: outcomes, and no figures that tick. */
function said(found: Import): string {
  return isAtWork(found) ? "" : `The import is ${statusWords(found.status) ?? found.status}.`;
}

function Told({ found }: { found: Import }) {
  const { error, warnings, undone, status } = found;
  return (
    <>
      {error && (
        <div class="notice bad">
          <p>It could not be read on: {error}. What stands before is stored.</p>
        </div>
      )}
      {status === "cancelled" && (
        <div class="notice warn">
          <p>It was cancelled. The rows that had been read by then are stored.</p>
        </div>
      )}
      {status === "undone" && (
        <div class="notice">
          <p>It was undone: {undoneWords(undone)}.</p>
        </div>
      )}
      {(warnings ?? []).map((each) => (
        <div class="notice warn" key={each.message}>
          <p>{each.message}</p>
        </div>
      ))}
    </>
  );
}

function undoneWords({ removed, restored, left }: Import["undone"]): string {
  const told = [
    removed && `${people(removed)} removed`,
    restored && `${people(restored)} given their former fields back`,
    left && `${people(left)} left as they are, since they were changed afterwards`,
  ].filter(Boolean);
  return told.join(", ") || "nobody had to be changed";
}

function people(count: number): string {
  return `${count.toLocaleString()} ${count === 1 ? "person" : "people"}`;
}

function Progress({ found }: { found: Import }) {
  const { progress } = found;
  return (
    <div class="stack tight">
      <Bar
        parts={[{ name: "percent read", value: progress.percent, fill: "accent" }]}
        total={100}
      />
      <p class="soft">
        {progress.rows.toLocaleString()} rows read, {progress.percent.toLocaleString()}{" "}
        % of the file
      </p>
    </div>
  );
}

function Figures({ found }: { found: Import }) {
  const figures: [string, number][] = [
    ["rows", found.progress.rows],
    ["new people", found.created],
    ["changed", found.updated],
    ["unchanged", found.unchanged],
    ["invalid", found.invalid],
    ["duplicates", found.duplicates],
  ];
  return (
    <section class="sheet">
      <dl class="figures">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value.toLocaleString()}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

const KEPT = { update: "get what the file says", keep: "stay as they are" } as const;

function Facts({ found }: { found: Import }) {
  const { list_id: list, encoding, default_country: country, on_existing: existing } = found;
  return (
    <dl class="facts">
      {list && found.status !== "undone" && (
        <>
          <dt>List</dt>
          <dd>
            {found.status === "completed"
              ? <a href={`#/lists/${list}`}>The people on it</a>
              : "made, or added to, by this import"}
          </dd>
        </>
      )}
      {existing && (
        <>
          <dt>People who were known</dt>
          <dd>{KEPT[existing]}</dd>
        </>
      )}
      <dt>Read as</dt>
      <dd>
        {found.format === "xlsx" ? "a workbook" : found.format === "jsonl" ? "JSON lines" : "CSV"}
        {encoding && `, ${encoding.replace("cp125", "windows-125")}`}
        {country && `, numbers without a plus dialled in ${country}`}
      </dd>
      <dt>Began</dt>
      <dd>
        <When at={found.started_at} />
      </dd>
      {found.ended_at && (
        <>
          <dt>Ended</dt>
          <dd>
            <When at={found.ended_at} />
          </dd>
        </>
      )}
      {found.undo_until && !["undone", "undoing"].includes(found.status) && (
        <>
          <dt>Can be undone until</dt>
          <dd>
            <When at={found.undo_until} />
          </dd>
        </>
      )}
    </dl>
  );
}

/** Cancelling and undoing, for those who may. */
function Controls({ found, again }: { found: Import; again(): void }) {
  const may = useMay("operator", "contacts");
  const [asked, setAsked] = useState<"cancel" | "undo" | undefined>();
  const path = { import_id: found.id };
  const act = useAction(async (key) => {
    const options = { params: { path }, headers: { "Idempotency-Key": key } };
    if (asked === "cancel") await ask(api.POST("/contacts/imports/{import_id}/cancel", options));
    else await ask(api.POST("/contacts/imports/{import_id}/undo", options));
    setAsked(undefined);
    again();
  });
  function close(): void {
    setAsked(undefined);
    act.forget();
  }
  if (!may) return null;
  return (
    <div class="beside">
      {["queued", "running"].includes(found.status) && (
        <button
          type="button"
          onClick={() => setAsked("cancel")}
        >
          Cancel
        </button>
      )}
      {canUndo(found, new Date()) && hasDone(found) && (
        <button
          type="button"
          onClick={() => setAsked("undo")}
        >
          Undo
        </button>
      )}
      <a class="button" href="#/imports/new">Import another file</a>
      {asked === "cancel" && (
        <Confirm
          title={`Cancel the import of ${found.name}?`}
          does="Cancel the import"
          action={act}
          close={close}
          danger
        >
          <p>
            {found.progress.rows.toLocaleString()}{" "}
            rows have been read; what they did stays, and can be undone afterwards. The rows behind
            them are not imported.
          </p>
        </Confirm>
      )}
      {asked === "undo" && (
        <Confirm
          title={`Undo the import of ${found.name}?`}
          does="Undo the import"
          action={act}
          close={close}
          danger
        >
          <p>
            {people(found.created)} whom it created are removed, {people(found.updated)}{" "}
            whom it changed get their former fields back
            {found.list_id && ", and whom it put on its list is taken off"}. People who were changed
            since then are left as they are.
          </p>
          <p class="soft">
            It can be undone until {found.undo_until && inWords(found.undo_until)}.
          </p>
        </Confirm>
      )}
    </div>
  );
}
