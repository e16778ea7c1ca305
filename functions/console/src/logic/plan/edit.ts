/** Changes of a plan: each returns another plan, whose lines all lead to parts that it has. */

import {
  actionOf,
  freeId,
  isSequence,
  type Journey,
  type Node,
  parts,
  type Plan,
  type Sequence,
  type Step,
  type Way,
} from "./document.ts";
import { ENTRY, type Line } from "./graph.ts";

/** What a new part of an action begins with. */
function blank(plan: Journey, action: string, to: string): Node {
  const id = freeId(plan, action.replace("_contact", ""));
  const onwards: Way[] = to ? [{ on: "elapsed", to, after: "P1D" }] : [];
  switch (action) {
    case "send":
      return { id, action, body: "", transitions: to ? [{ on: "sent", to }] : [] };
    case "webhook":
      return { id, action, url: "", transitions: to ? [{ on: "sent", to }] : [] };
    case "split":
      return { id, action, branches: [{ to, weight: 1 }, { to, weight: 1 }] };
    case "update_contact":
      return { id, action, fields: { stage: "" }, to };
    case "stop":
      return { id, action };
    default:
      return { id, action, transitions: onwards };
  }
}

/** Put a new part onto a line of the plan; return the plan and the part's id. */
export function insert(plan: Plan, line: Line, action: string): [Plan, string] {
  if (isSequence(plan)) return insertStep(plan, line.to);
  const node = blank(plan, action, action === "stop" ? "" : line.to);
  const led = redirect(plan, line, node.id);
  return [{ ...led, nodes: [...led.nodes, node] }, node.id];
}

/** Add a new part behind a part, at the end of a new way of it. */
export function append(plan: Plan, after: string, action: string): [Plan, string] {
  if (isSequence(plan)) {
    const step: Step = { id: freeId(plan, "step"), offset: "P1D", body: "" };
    return [{ ...plan, steps: [...plan.steps, step] }, step.id];
  }
  const node = blank(plan, action, "");
  const nodes = plan.nodes.map((each) => each.id === after ? withWay(each, node.id) : each);
  return [{ ...plan, nodes: [...nodes, node] }, node.id];
}

function insertStep(plan: Sequence, before: string): [Sequence, string] {
  const step: Step = { id: freeId(plan, "step"), offset: "P1D", body: "" };
  const at = plan.steps.findIndex((each) => each.id === before);
  const steps = [...plan.steps];
  steps.splice(at < 0 ? steps.length : at, 0, step);
  return [{ ...plan, steps }, step.id];
}

/** Give a node one way more; what has its ways in another form gets them in that. */
function withWay(node: Node, to: string): Node {
  switch (actionOf(node)) {
    case "split":
      return { ...node, branches: [...(node.branches ?? []), { to, weight: 1 }] };
    case "update_contact":
      return { ...node, to };
    case "wait":
      return {
        ...node,
        transitions: [...(node.transitions ?? []), { on: "elapsed", to, after: "P1D" }],
      };
    default:
      return { ...node, transitions: [...(node.transitions ?? []), { on: "sent", to }] };
  }
}

/** Lead one line to another part. */
function redirect(plan: Journey, line: Line, to: string): Journey {
  if (line.from === ENTRY) return { ...plan, startNodeId: to };
  const [, , index, member, number] = line.pointer.split("/");
  const nodes = plan.nodes.map((node, at) => {
    if (at !== Number(index)) return node;
    if (member === "to") return { ...node, to };
    const ways = (node[member] as { to: string }[]).map((way, which) =>
      which === Number(number) ? { ...way, to } : way
    );
    return { ...node, [member]: ways };
  });
  return { ...plan, nodes };
}

/** Take a part out; what led to it leads to where it went on, or nowhere. */
export function takeOut(plan: Plan, id: string): Plan {
  return isSequence(plan) ? takeOutStep(plan, id) : takeOutNode(plan, id);
}

function takeOutStep(plan: Sequence, id: string): Sequence {
  const gone = plan.steps.find((step) => step.id === id);
  const steps = plan.steps.filter((step) => step.id !== id)
    .map((step) => step.after === id ? { ...step, after: gone?.after ?? undefined } : step);
  return { ...plan, steps };
}

function takeOutNode(plan: Journey, id: string): Journey {
  const gone = plan.nodes.find((node) => node.id === id);
  const next = gone && onward(gone);
  const left = plan.nodes.filter((node) => node.id !== id);
  const startNodeId = plan.startNodeId === id ? next ?? left[0]?.id ?? "" : plan.startNodeId;
  return { ...plan, startNodeId, nodes: left.map((node) => mended(node, id, next)) };
}

/** Where a node goes on, by the first of its ways that leads to another one. */
function onward(node: Node): string | undefined {
  const targets = [
    ...(node.transitions ?? []).map((way) => way.to),
    ...(node.branches ?? []).map((branch) => branch.to),
    ...(node.to ? [node.to] : []),
  ];
  return targets.find((to) => to !== node.id);
}

function mended(node: Node, gone: string, next: string | undefined): Node {
  const lead = <T extends { to: string }>(ways: T[]): T[] =>
    ways.flatMap((way) => way.to !== gone ? [way] : next ? [{ ...way, to: next }] : []);
  const changed: Node = { ...node };
  if (node.transitions) changed.transitions = lead(node.transitions);
  if (node.branches) changed.branches = lead(node.branches);
  if (node.to === gone) changed.to = next ?? "";
  return changed;
}

/** Change members of a part; one that is undefined goes. */
export function change(plan: Plan, id: string, members: Record<string, unknown>): Plan {
  const changed = <T extends Node | Step>(part: T): T => {
    if (part.id !== id) return part;
    const whole: Record<string, unknown> = { ...part, ...members };
    for (const [name, value] of Object.entries(members)) {
      if (value === undefined) delete whole[name];
    }
    return whole as T;
  };
  return isSequence(plan)
    ? { ...plan, steps: plan.steps.map(changed) }
    : { ...plan, nodes: plan.nodes.map(changed) };
}

/** Give a part another id; whatever names it names it so. An id that is taken changes nothing. */
export function rename(plan: Plan, from: string, to: string): Plan {
  if (!to || parts(plan).some((part) => part.id === to)) return plan;
  if (isSequence(plan)) {
    const steps = plan.steps.map((step) => ({
      ...step,
      id: step.id === from ? to : step.id,
      ...(step.after === from ? { after: to } : {}),
    }));
    return { ...plan, steps };
  }
  const startNodeId = plan.startNodeId === from ? to : plan.startNodeId;
  const nodes = plan.nodes.map((node) => ({
    ...mended(node, from, to),
    id: node.id === from ? to : node.id,
  }));
  return { ...plan, startNodeId, nodes };
}

/** Return a list with one of its members moved up (-1) or down (1). */
export function moved<T>(list: readonly T[], index: number, by: 1 | -1): T[] {
  const to = index + by;
  if (to < 0 || to >= list.length) return [...list];
  const changed = [...list];
  [changed[index], changed[to]] = [changed[to], changed[index]];
  return changed;
}
