/** How many people stand at each part of a plan, came by it and took each of its lines. */

import type { Plan } from "./document.ts";
import { lines } from "./graph.ts";

/** What the API tells of a part: who is there, who came by, and upon what they left. */
export interface Counted {
  id: string;
  here: number;
  entered: number;
  left: Readonly<Record<string, number>>;
}

export interface Counts {
  here: ReadonlyMap<string, number>;
  entered: ReadonlyMap<string, number>;
  /** By the line's JSON pointer; lines that the counts do not tell apart have none. */
  lines: ReadonlyMap<string, number>;
}

/** Return the counts of a campaign, as its plan has its parts. */
export function countsOf(plan: Plan, nodes: readonly Counted[]): Counts {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const all = lines(plan).filter((line) => line.on);
  const alone = all.filter((line) =>
    all.filter((other) => other.from === line.from && other.on === line.on).length === 1
  );
  return {
    here: new Map(nodes.map((node) => [node.id, node.here])),
    entered: new Map(nodes.map((node) => [node.id, node.entered])),
    lines: new Map(alone.flatMap((line): [string, number][] => {
      const from = byId.get(line.from);
      return from ? [[line.pointer, from.left[line.on] ?? 0]] : [];
    })),
  };
}
