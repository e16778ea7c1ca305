/** How many people stand at each part of a plan, came by it and took each of its lines. */

import type { Schemas } from "../../api.ts";
import { parts, type Plan } from "../../logic/plan/document.ts";
import { ENTRY, lines } from "../../logic/plan/graph.ts";

export interface Counts {
  here: ReadonlyMap<string, number>;
  entered: ReadonlyMap<string, number>;
  /** By the line's JSON pointer; lines that the counts do not tell apart have none. */
  lines: ReadonlyMap<string, number>;
}

/** Return the counts of a campaign, as its plan has its parts. */
export function countsOf(plan: Plan, campaign: Schemas["WarnedCampaign"]): Counts | undefined {
  const nodes = campaign.nodes;
  if (!nodes) return;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const entered = new Map(nodes.map((node) => [node.id, node.entered]));
  return {
    here: new Map(nodes.map((node) => [node.id, node.here])),
    entered,
    lines: new Map(
      lines(plan).flatMap((line): [string, number][] => {
        if (line.from === ENTRY) return [];
        const told = byId.get(line.from);
        if (!told || !parts(plan).some((part) => part.id === line.from)) return [];
        const count = line.on ? told.left[line.on] ?? 0 : undefined;
        return count === undefined ? [] : [[line.pointer, count]];
      }),
    ),
  };
}
