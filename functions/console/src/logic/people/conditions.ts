/** A segment's conditions as a tree that is edited, and the document that the API holds. */

/** How the conditions of a group are taken together. */
export type How = "all" | "any" | "notall" | "none";

export interface Group {
  kind: "group";
  id: number;
  how: How;
  parts: readonly Node[];
}

export interface Comparison {
  kind: "comparison";
  id: number;
  field: string;
  op: string;
  /** Of `in` a value on each line; of `exists` "true" or "false". */
  text: string;
  /** As the document has it, until somebody changes it. */
  kept?: unknown;
}

export interface History {
  kind: "history";
  id: number;
  campaign: string;
  statuses: readonly string[];
  kept?: unknown;
}

/** What this page cannot show: it stays as it is. */
export interface Other {
  kind: "other";
  id: number;
  kept: unknown;
}

export type Node = Group | Comparison | History | Other;

/** What the API takes: levels of a document. */
export const MAX_DEPTH = 6;
export const ATTRIBUTE = "attributes.";
export const TIMES: readonly string[] = ["created_at", "updated_at"];
const OPS = ["eq", "ne", "lt", "lte", "gt", "gte", "in", "contains", "starts_with", "exists"];

let made = 0;

export function group(how: How = "all", parts: readonly Node[] = []): Group {
  return { kind: "group", id: ++made, how, parts };
}

/** Return a condition that is still to be filled in. */
export function comparison(field = "location"): Comparison {
  return { kind: "comparison", id: ++made, field, op: "eq", text: "" };
}

export function history(): History {
  return { kind: "history", id: ++made, campaign: "", statuses: [] };
}

/** Return the tree of a document; its root is a group. */
export function read(document: unknown): Group {
  const node = nodeOf(document);
  return node.kind === "group" ? node : group("all", [node]);
}

type Members = Record<string, unknown>;

function nodeOf(document: unknown): Node {
  const other: Other = { kind: "other", id: ++made, kept: document };
  if (typeof document !== "object" || document === null || Array.isArray(document)) return other;
  const members = document as Members;
  const names = Object.keys(members).sort().join(" ");
  if (names === "all" || names === "any") return groupOf(names, members[names]) ?? other;
  if (names === "not") return negated(members.not);
  if (names === "field op" || names === "field op value") return compared(members) ?? other;
  if (names === "campaign status") return happened(members) ?? other;
  return other;
}

function groupOf(how: How, parts: unknown): Group | undefined {
  return Array.isArray(parts) ? group(how, parts.map(nodeOf)) : undefined;
}

function negated(inner: unknown): Group {
  const node = nodeOf(inner);
  // An "any" of one says what its one part says; written as it is, nothing is lost.
  if (node.kind === "group" && node.how === "all") return { ...node, how: "notall" };
  if (node.kind === "group" && node.how === "any" && node.parts.length > 1) {
    return { ...node, how: "none" };
  }
  return group("none", [node]);
}

function compared(members: Members): Comparison | undefined {
  const { field, op, value } = members;
  if (typeof field !== "string" || typeof op !== "string" || !OPS.includes(op)) return;
  const isText = (each: unknown) => typeof each === "string" || typeof each === "number";
  let text: string;
  if (op === "exists") {
    if (value !== undefined && value !== null && typeof value !== "boolean") return;
    text = value === false ? "false" : "true";
  } else if (op === "in") {
    const lines = Array.isArray(value) && value.every(isText) ? value.map(String) : undefined;
    if (!lines || lines.some((line) => line.trim() !== line || !line || /\n/.test(line))) return;
    text = lines.join("\n");
  } else if (isText(value)) text = String(value);
  else return;
  return { kind: "comparison", id: ++made, field, op, text, kept: members };
}

function happened(members: Members): History | undefined {
  const { campaign, status } = members;
  const statuses = Array.isArray(status) ? status : [status];
  if (typeof campaign !== "string" || statuses.some((each) => typeof each !== "string")) return;
  return { kind: "history", id: ++made, campaign, statuses, kept: members };
}

/** A document, where each node stands in it, and what is still to be filled in. */
export interface Written {
  document: Members;
  /** Paths as the API names them, such as `conditions.all[1]`, and the node that each is of. */
  places: ReadonlyMap<string, number>;
  incomplete: readonly number[];
}

/** Return the document of a tree. */
export function write(root: Group): Written {
  const places = new Map<string, number>();
  const incomplete: number[] = [];
  const only = root.how === "all" && root.parts.length === 1 ? root.parts[0] : root;
  const document = written(only, "conditions", places, incomplete) as Members;
  return { document, places, incomplete };
}

function written(
  node: Node,
  at: string,
  places: Map<string, number>,
  incomplete: number[],
): unknown {
  places.set(at, node.id);
  if (!isComplete(node)) incomplete.push(node.id);
  if (node.kind !== "group") return documentOf(node);
  const { how, parts } = node;
  const inside = (path: string) =>
    parts.map((part, index) => written(part, `${path}[${index}]`, places, incomplete));
  switch (how) {
    case "all":
      return { all: inside(`${at}.all`) };
    case "any":
      return { any: inside(`${at}.any`) };
    case "notall":
      return { not: { all: inside(`${at}.not.all`) } };
    case "none":
      return parts.length === 1
        ? { not: written(parts[0], `${at}.not`, places, incomplete) }
        : { not: { any: inside(`${at}.not.any`) } };
  }
}

function documentOf(node: Exclude<Node, Group>): unknown {
  if (node.kept !== undefined) return node.kept;
  if (node.kind === "history") {
    const [first, ...more] = node.statuses;
    return { campaign: node.campaign, status: more.length ? node.statuses : first };
  }
  const { field, op, text } = node as Comparison;
  return { field, op, value: valueOf(op, text) };
}

function valueOf(op: string, text: string): unknown {
  if (op === "exists") return text !== "false";
  return op === "in" ? linesOf(text) : text;
}

function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter(Boolean);
}

function isComplete(node: Node): boolean {
  if (node.kind === "group") return node.parts.length > 0;
  if (node.kept !== undefined) return true;
  if (node.kind === "history") return !!node.campaign && node.statuses.length > 0;
  const { field, text } = node as Comparison;
  return !!field && field !== ATTRIBUTE && !!text.trim();
}

/** Return the node that a path of the API's is about: its own, or the nearest around it. */
export function nodeAt(places: Written["places"], field: string): number | undefined {
  for (let path = field; path; path = path.slice(0, Math.max(0, path.search(/[.[][^.[]*$/)))) {
    const found = places.get(path);
    if (found !== undefined) return found;
  }
}

/** Return a tree in which one node is another one, or gone. */
export function changed(
  root: Group,
  id: number,
  change: (node: Node) => Node | undefined,
): Group {
  if (root.id === id) return change(root) as Group;
  const parts = root.parts.flatMap((part) => {
    if (part.id === id) return change(part) ?? [];
    return part.kind === "group" ? [changed(part, id, change)] : [part];
  });
  return { ...root, parts };
}

/** Return a tree with a further part in one of its groups. */
export function added(root: Group, id: number, part: Node): Group {
  return changed(root, id, (node) => ({
    ...node as Group,
    parts: [...(node as Group).parts, part],
  }));
}

/** Return how deep the parts of a group lie that itself lies at a depth. */
export function depthWithin(how: How, depth: number): number {
  return how === "all" || how === "any" ? depth + 1 : depth + 2;
}

/** Return the campaigns that a tree names. */
export function campaigns(node: Node): string[] {
  if (node.kind === "group") return [...new Set(node.parts.flatMap(campaigns))];
  return node.kind === "history" && node.campaign ? [node.campaign] : [];
}
