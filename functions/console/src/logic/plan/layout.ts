/** Where boxes and lines of a plan stand: layers from top to bottom, found anew for each plan. */

import { Graph, layout as place } from "@dagrejs/dagre";
import { parts, type Plan } from "./document.ts";
import { ENTRY, type Line, lines } from "./graph.ts";

export const BOX = { width: 184, height: 58 } as const;
const ENTRY_BOX = { width: 92, height: 26 } as const;
/** The entry's name where a name must not be empty; no part's id begins with a blank. */
const named = (id: string): string => id || " entry";
/** What a line's words take. */
const LABEL = { width: 118, height: 34 } as const;

export interface Point {
  x: number;
  y: number;
}

export interface DrawnLine {
  line: Line;
  path: string;
  /** Where its words stand. */
  middle: Point;
}

export interface Drawing {
  width: number;
  height: number;
  /** The centre of each box, by the part's id. */
  boxes: ReadonlyMap<string, Point>;
  lines: readonly DrawnLine[];
}

/** Return the drawing of a plan. A line to a part that is not there is left out. */
export function draw(plan: Plan): Drawing {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: 36, ranksep: 26, marginx: 12, marginy: 12 });
  graph.setNode(named(ENTRY), { ...ENTRY_BOX });
  for (const part of parts(plan)) graph.setNode(part.id, { ...BOX });
  const shown = lines(plan).filter((line) =>
    graph.hasNode(named(line.from)) && graph.hasNode(line.to)
  );
  for (const line of shown) {
    graph.setEdge(named(line.from), line.to, { ...LABEL, labelpos: "c" }, line.pointer);
  }
  place(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  const centre = (id: string): Point => {
    const { x, y } = graph.node(named(id)) as Point;
    return { x, y };
  };
  return {
    width,
    height,
    boxes: new Map([ENTRY, ...parts(plan).map((part) => part.id)].map((id) => [id, centre(id)])),
    lines: shown.map((line) => {
      const { points, x, y } = graph.edge(named(line.from), line.to, line.pointer) as unknown as {
        points: Point[];
        x: number;
        y: number;
      };
      return { line, path: curve(points), middle: { x, y } };
    }),
  };
}

/** Return a path through points, round at each. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const told = [`M${at(first)}`];
  for (const [index, point] of rest.entries()) {
    const next = rest[index + 1];
    if (next) {
      told.push(`Q${at(point)} ${at({ x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 })}`);
    } else told.push(`L${at(point)}`);
  }
  return told.join("");
}

function at({ x, y }: Point): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}
