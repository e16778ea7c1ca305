/** A plan as its document says it: a journey of nodes, or a sequence of steps. Nothing is lost of it. */

/** Whatever a member may hold; what a form does not know of stays as it is. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

export interface Way {
  on: string;
  to: string;
  within?: string | null;
  after?: string | null;
}

export interface Branch {
  to: string;
  weight: number;
}

/** A node of a journey, by what it does. */
export interface Node {
  id: string;
  action: string;
  transitions?: Way[];
  branches?: Branch[];
  /** Where an `update_contact` goes on. */
  to?: string;
  [member: string]: unknown;
}

export interface Step {
  id: string;
  after?: string | null;
  [member: string]: unknown;
}

export interface Journey {
  startNodeId: string;
  nodes: Node[];
  defaults?: { channel?: string; [member: string]: unknown };
  [member: string]: unknown;
}

export interface Sequence {
  steps: Step[];
  defaults?: { channel?: string; [member: string]: unknown };
  [member: string]: unknown;
}

export type Plan = Journey | Sequence;

export function isSequence(plan: Plan): plan is Sequence {
  return "steps" in plan;
}

/** What a plan is made of, whichever kind it is of. */
export function parts(plan: Plan): readonly (Node | Step)[] {
  return isSequence(plan) ? plan.steps : plan.nodes;
}

/** What a part does; a step always sends. */
export function actionOf(part: Node | Step): string {
  return "action" in part ? String(part.action) : "send";
}

/** The channel that a part sends by, where it sends. */
export function channelOf(plan: Plan, part: Node | Step): string {
  return String(part.channel ?? plan.defaults?.channel ?? "email");
}

/** Return a document as a plan, where it has the members that make one. */
export function asPlan(document: unknown): Plan | undefined {
  if (typeof document !== "object" || document === null) return;
  const given = document as Record<string, unknown>;
  if (Array.isArray(given.steps)) return given as unknown as Sequence;
  if (Array.isArray(given.nodes)) return given as unknown as Journey;
}

/** Return an id that no part has: "send", "send-2" and so on. */
export function freeId(plan: Plan, wish: string): string {
  const taken = new Set(parts(plan).map((part) => part.id));
  if (!taken.has(wish)) return wish;
  let number = 2;
  while (taken.has(`${wish}-${number}`)) number++;
  return `${wish}-${number}`;
}
