import { equal, ok } from "node:assert/strict";
import type { Journey } from "./document.ts";
import { BOX, draw } from "./layout.ts";

Deno.test("a plan is drawn from top to bottom, and no two boxes touch", () => {
  const plan: Journey = {
    startNodeId: "a",
    nodes: [
      {
        id: "a",
        action: "send",
        transitions: [{ on: "clicked", to: "b" }, { on: "no_click", to: "c" }],
      },
      {
        id: "b",
        action: "wait",
        transitions: [{ on: "elapsed", to: "d" }, { on: "replied", to: "d" }],
      },
      {
        id: "c",
        action: "wait",
        transitions: [{ on: "elapsed", to: "a" }, { on: "x", to: "nowhere" }],
      },
      { id: "d", action: "stop" },
    ],
  };
  const { boxes, lines } = draw(plan);

  ok(boxes.get("")!.y < boxes.get("a")!.y && boxes.get("a")!.y < boxes.get("b")!.y);
  equal(lines.length, 6);
  const placed = plan.nodes.map((node) => boxes.get(node.id)!);
  for (const [index, one] of placed.entries()) {
    for (const other of placed.slice(index + 1)) {
      ok(Math.abs(one.x - other.x) >= BOX.width || Math.abs(one.y - other.y) >= BOX.height);
    }
  }
});
