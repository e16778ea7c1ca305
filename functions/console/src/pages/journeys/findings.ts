/** What the linter says of a plan while it is edited. */

import { useEffect, useState } from "preact/hooks";
import { api, ask, type Schemas } from "../../api.ts";
import type { Plan } from "../../logic/plan/document.ts";
import { partAt } from "../../logic/plan/graph.ts";
import type { Wrong } from "./forms/fields.tsx";

export type Finding = Schemas["ShownFinding"];

/** Typing goes on for so long before the plan is sent. */
const WAIT_MS = 400;

/** Return the findings of a plan as it is; undefined while they are not known. */
export function useFindings(plan: Plan): readonly Finding[] | undefined {
  const [told, setTold] = useState<{ plan: Plan; findings: readonly Finding[] } | undefined>();
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      const body = { plan: plan as unknown as Schemas["Plan"] };
      const asked = ask(api.POST("/plans/lint", { body, signal: stop.signal }));
      const answer = await asked.catch(() => undefined);
      if (answer) setTold({ plan, findings: answer.findings });
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [plan]);
  return told?.plan === plan ? told.findings : undefined;
}

/** Return how many problems each part has. */
export function byPart(plan: Plan, findings: readonly Finding[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { pointer } of findings) {
    const id = partAt(plan, pointer);
    if (id) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** Return what is wrong with the members of a place, such as `/nodes/3`. */
export function wrongAt(findings: readonly Finding[], place: string): Wrong {
  return (member) =>
    findings.find(({ pointer }) => {
      const here = `${place}/${member}`;
      return pointer === here || pointer.startsWith(`${here}/`);
    })?.sentence;
}
