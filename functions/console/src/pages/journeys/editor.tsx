/** The editor of a plan: by buttons and a form, or as JSON; what was done can be taken back. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { asPlan, isSequence, parts, type Plan } from "../../logic/plan/document.ts";
import { append, insert } from "../../logic/plan/edit.ts";
import { type Line, partAt } from "../../logic/plan/graph.ts";
import { begin, commit, type History, redo, undo } from "../../logic/plan/history.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { AreaField } from "../../parts/field.tsx";
import { Offered } from "./forms/fields.tsx";
import { byPart, type Finding, useFindings, wrongAt } from "./findings.ts";
import { ADDED, PartForm } from "./forms/part.tsx";
import { PlanForm } from "./forms/plan.tsx";
import { PlanView } from "./plan_view.tsx";

/** Plans under way, so that whoever looks at another page finds theirs again. */
const kept = new Map<string, History<Plan>>();

interface EditorProps {
  /** Whose plan it is: what was edited is kept under this name. */
  name: string;
  plan: Plan;
  /** The buttons that store it. */
  children(plan: Plan, ready: boolean, stored: () => void): ComponentChildren;
}

export function Editor({ name, plan: first, children }: EditorProps) {
  const [history, setHistory] = useState(() => kept.get(name) ?? begin(first));
  const [chosen, setChosen] = useState("");
  const [onto, setOnto] = useState<Line | undefined>();
  const plan = history.now;
  const told = useFindings(plan);
  const findings = told ?? [];
  const errors = findings.filter((finding) => finding.level === "error");

  const turn = (next: History<Plan>) => {
    kept.set(name, next);
    setHistory(next);
  };
  const edit = (next: Plan, now?: string) => {
    turn(commit(history, next));
    if (now !== undefined) setChosen(now);
  };
  const there = parts(plan).findIndex((part) => part.id === chosen);
  const place = there < 0 ? "" : `${isSequence(plan) ? "/steps" : "/nodes"}/${there}`;

  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
      // In a field the browser's own undo is meant.
      if ((event.target as HTMLElement).closest("input, textarea")) return;
      event.preventDefault();
      turn(event.shiftKey ? redo(history) : undo(history));
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [history]);

  return (
    <div class="stack wide">
      <Offered />
      <div class="beside apart">
        <div class="beside">
          <button type="button" disabled={!history.past.length} onClick={() => turn(undo(history))}>
            Undo
          </button>
          <button
            type="button"
            disabled={!history.future.length}
            onClick={() => turn(redo(history))}
          >
            Redo
          </button>
          <button type="button" aria-pressed={!place} onClick={() => setChosen("")}>
            The whole plan
          </button>
          {isSequence(plan) && (
            <button
              type="button"
              onClick={() => edit(...append(plan, "", "send"))}
            >
              Add a step
            </button>
          )}
        </div>
        {children(plan, told !== undefined && !errors.length, () => kept.delete(name))}
      </div>
      <div class="plan-and-form">
        <PlanView
          plan={plan}
          chosen={chosen}
          choose={setChosen}
          problems={byPart(plan, findings)}
          insert={(line) => isSequence(plan) ? edit(...insert(plan, line, "send")) : setOnto(line)}
        />
        <div class="sheet">
          {place
            ? <PartForm plan={plan} id={chosen} edit={edit} wrong={wrongAt(findings, place)} />
            : <PlanForm plan={plan} edit={edit} wrong={wrongAt(findings, "")} />}
        </div>
      </div>
      <Problems
        plan={plan}
        told={told}
        choose={setChosen}
      />
      <AsJson plan={plan} edit={edit} />
      {onto && (
        <Dialog
          title={`A step before ${onto.to}`}
          close={() => setOnto(undefined)}
        >
          <div class="stack">
            {ADDED.filter(([action]) => action !== "stop").map(([action, words]) => (
              <button
                type="button"
                key={action}
                onClick={() => {
                  setOnto(undefined);
                  edit(...insert(plan, onto, action));
                }}
              >
                {words}
              </button>
            ))}
          </div>
        </Dialog>
      )}
    </div>
  );
}

interface ProblemsProps {
  plan: Plan;
  told: readonly Finding[] | undefined;
  choose(id: string): void;
}

function Problems({ plan, told, choose }: ProblemsProps) {
  return (
    <section class="sheet stack" aria-label="Problems">
      <h2>Problems</h2>
      {!told
        ? <p class="soft">The plan is being looked through…</p>
        : !told.length
        ? <p class="good">✓ None: this plan can be stored and started.</p>
        : (
          <ul class="stack tight">
            {told.map((finding) => {
              const id = partAt(plan, finding.pointer);
              return (
                <li key={finding.pointer + finding.code}>
                  <span class={finding.level === "error" ? "bad" : "warn"}>
                    {finding.level === "error" ? "✕ Mistake" : "! Doubt"}
                  </span>{" "}
                  {id
                    ? <button type="button" class="plain" onClick={() => choose(id)}>{id}</button>
                    : <span class="soft">{finding.pointer || "the plan"}</span>} {finding.sentence}
                  {" "}
                  <span class="soft">{finding.hint}</span>
                </li>
              );
            })}
          </ul>
        )}
    </section>
  );
}

/** The plan as it is stored; what is written here is taken over once it is a plan. */
function AsJson({ plan, edit }: { plan: Plan; edit(plan: Plan): void }) {
  const [text, setText] = useState<string | undefined>();
  const [wrong, setWrong] = useState<string | undefined>();
  const shown = text ?? JSON.stringify(plan, undefined, 2);
  return (
    <details class="sheet">
      <summary>As JSON</summary>
      <div class="stack">
        <AreaField
          label="The plan's document"
          mono
          rows={16}
          error={wrong}
          value={shown}
          change={(given) => {
            setText(given);
            setWrong(undefined);
          }}
        />
        <div>
          <button
            type="button"
            disabled={text === undefined}
            onClick={() => {
              const read = readPlan(shown);
              if (typeof read === "string") return setWrong(read);
              setText(undefined);
              edit(read);
            }}
          >
            Take it over
          </button>
        </div>
      </div>
    </details>
  );
}

function readPlan(text: string): Plan | string {
  try {
    return asPlan(JSON.parse(text)) ?? "A plan has nodes, or steps.";
  } catch (error) {
    return `This is no JSON: ${(error as Error).message}`;
  }
}
