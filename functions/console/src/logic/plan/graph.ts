/** A plan as a picture sees it: boxes, and lines between them. */

import { isSequence, type Journey, type Plan, type Sequence } from "./document.ts";
import { timingWords, wayWords } from "./words.ts";

/** Where a line comes from that nobody drew: from entering the plan. */
export const ENTRY = "";

export interface Line {
  from: string;
  to: string;
  words: string;
  /** What the API calls it: the event; empty: there is one way only. */
  on: string;
  /** Its place in the document, as a JSON pointer. */
  pointer: string;
}

/** Return the lines of a plan, from the entry on. */
export function lines(plan: Plan): Line[] {
  return isSequence(plan) ? ofSequence(plan) : ofJourney(plan);
}

function ofSequence(plan: Sequence): Line[] {
  return plan.steps.map((step, index) => ({
    from: step.after ?? ENTRY,
    to: step.id,
    words: timingWords(step) || "at once",
    on: "",
    pointer: `/steps/${index}`,
  }));
}

function ofJourney(plan: Journey): Line[] {
  const found: Line[] = [{
    from: ENTRY,
    to: plan.startNodeId,
    words: "",
    on: "",
    pointer: "/startNodeId",
  }];
  for (const [index, node] of plan.nodes.entries()) {
    const here = `/nodes/${index}`;
    for (const [number, way] of (node.transitions ?? []).entries()) {
      const pointer = `${here}/transitions/${number}`;
      found.push({ from: node.id, to: way.to, words: wayWords(way), on: way.on, pointer });
    }
    const total = (node.branches ?? []).reduce((sum, branch) => sum + branch.weight, 0);
    for (const [number, branch] of (node.branches ?? []).entries()) {
      const share = total ? Math.round(100 * branch.weight / total) : 0;
      const pointer = `${here}/branches/${number}`;
      found.push({ from: node.id, to: branch.to, words: `${share} %`, on: "", pointer });
    }
    if (node.to) {
      found.push({ from: node.id, to: node.to, words: "", on: "", pointer: `${here}/to` });
    }
  }
  return found;
}

/** Return the id of the part that a JSON pointer leads into; undefined: it is about the whole plan. */
export function partAt(plan: Plan, pointer: string): string | undefined {
  const [, member, index] = pointer.split("/");
  if (member === "steps" && isSequence(plan)) return plan.steps[Number(index)]?.id;
  if (member === "nodes" && !isSequence(plan)) return plan.nodes[Number(index)]?.id;
}

/** Return the parts' ids as somebody reads them: from the entry on, each once, the rest behind. */
export function reading(plan: Plan): string[] {
  const all = lines(plan);
  const seen = new Set<string>([ENTRY]);
  const order: string[] = [];
  const next = [ENTRY];
  while (next.length) {
    const here = next.shift()!;
    for (const line of all) {
      if (line.from !== here || seen.has(line.to)) continue;
      seen.add(line.to);
      order.push(line.to);
      next.push(line.to);
    }
  }
  const known = isSequence(plan) ? plan.steps : plan.nodes;
  const there = new Set(known.map((part) => part.id));
  const rest = known.map((part) => part.id).filter((id) => !seen.has(id));
  return [...order.filter((id) => there.has(id)), ...rest];
}
