import { deepEqual, equal } from "node:assert/strict";
import { type Counted, countsOf } from "./counts.ts";
import type { Journey } from "./document.ts";

Deno.test("a line has the count of its event, unless another line of its node has that, too", () => {
  const plan: Journey = {
    startNodeId: "a",
    nodes: [
      {
        id: "a",
        action: "send",
        transitions: [
          { on: "clicked", to: "b", within: "P1D" },
          { on: "clicked", to: "c" },
          { on: "no_click", to: "c", after: "P3D" },
        ],
      },
      { id: "b", action: "wait", transitions: [{ on: "elapsed", to: "c" }] },
      { id: "c", action: "stop" },
    ],
  };
  const counted: Counted[] = [
    { id: "a", here: 2, entered: 9, left: { clicked: 4, no_click: 3 } },
    { id: "b", here: 1, entered: 2, left: {} },
  ];

  const counts = countsOf(plan, counted);

  deepEqual([...counts.lines], [["/nodes/0/transitions/2", 3], ["/nodes/1/transitions/0", 0]]);
  equal(counts.here.get("a"), 2);
  equal(counts.entered.get("b"), 2);
});
