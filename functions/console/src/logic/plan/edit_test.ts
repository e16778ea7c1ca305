import { deepEqual, equal, ok } from "node:assert/strict";
import { type Journey, parts, type Plan, type Sequence } from "./document.ts";
import { append, change, insert, moved, rename, takeOut } from "./edit.ts";
import { ENTRY, lines, partAt, reading } from "./graph.ts";
import { begin, commit, redo, undo } from "./history.ts";

const JOURNEY: Journey = {
  timezone: "Europe/Berlin",
  startNodeId: "hello",
  nodes: [
    {
      id: "hello",
      action: "send",
      channel: "email",
      later: { kept: true },
      transitions: [{ on: "clicked", to: "tips" }, { on: "no_click", to: "nudge", after: "P3D" }],
    },
    { id: "nudge", action: "send", channel: "sms", transitions: [{ on: "elapsed", to: "bye" }] },
    {
      id: "tips",
      action: "split",
      branches: [{ to: "bye", weight: 1 }, { to: "nudge", weight: 3 }],
    },
    { id: "bye", action: "stop" },
  ],
};

const SEQUENCE: Sequence = {
  steps: [{ id: "a", offset: "P1D" }, { id: "b", after: "a" }, { id: "c", after: "b" }],
};

/** Every line of a plan leads to a part that it has. */
function holdsTogether(plan: Plan): void {
  const ids = new Set(parts(plan).map((part) => part.id));
  equal(ids.size, parts(plan).length);
  for (const line of lines(plan)) {
    ok(ids.has(line.to), `${line.pointer} leads to ${line.to}`);
    ok(line.from === ENTRY || ids.has(line.from));
  }
}

Deno.test("lines say when they are taken", () => {
  deepEqual(lines(JOURNEY).map(({ from, to, words }) => [from, to, words]), [
    ["", "hello", ""],
    ["hello", "tips", "clicked"],
    ["hello", "nudge", "no click, after 3 days"],
    ["nudge", "bye", "in time"],
    ["tips", "bye", "25 %"],
    ["tips", "nudge", "75 %"],
  ]);
  deepEqual(lines(SEQUENCE).map(({ from, to }) => [from, to]), [["", "a"], ["a", "b"], ["b", "c"]]);
});

Deno.test("a part is put onto any line, and nothing comes loose", () => {
  for (const plan of [JOURNEY, SEQUENCE]) {
    for (const line of lines(plan)) {
      for (const action of ["send", "wait", "split", "update_contact", "webhook"]) {
        const [changed, id] = insert(plan, line, action);
        holdsTogether(changed);
        ok(parts(changed).some((part) => part.id === id));
      }
    }
  }
});

Deno.test("a part put onto a line and taken out again leaves the plan as it was", () => {
  for (const line of lines(JOURNEY)) {
    const [changed, id] = insert(JOURNEY, line, "send");
    deepEqual(takeOut(changed, id), JOURNEY);
  }
});

Deno.test("any part can be taken out, and its lines are mended", () => {
  for (const plan of [JOURNEY, SEQUENCE]) {
    for (const part of parts(plan)) holdsTogether(takeOut(plan, part.id));
  }
  equal((takeOut(JOURNEY, "hello") as Journey).startNodeId, "tips");
  equal((takeOut(SEQUENCE, "b") as Sequence).steps[1].after, "a");
});

Deno.test("a renamed part is named so by all that name it, and what a form does not know stays", () => {
  for (const part of parts(JOURNEY)) holdsTogether(rename(JOURNEY, part.id, "other"));
  for (const part of parts(SEQUENCE)) holdsTogether(rename(SEQUENCE, part.id, "other"));
  equal(rename(JOURNEY, "hello", "bye"), JOURNEY);
  const changed = change(JOURNEY, "hello", { channel: "sms" }) as Journey;
  deepEqual(changed.nodes[0].later, { kept: true });
  equal(changed.timezone, "Europe/Berlin");
  ok(!("channel" in (change(changed, "hello", { channel: undefined }) as Journey).nodes[0]));
});

Deno.test("a part behind another one is reached by a new way of it", () => {
  for (const part of JOURNEY.nodes.filter((node) => node.action !== "stop")) {
    const [changed, id] = append(JOURNEY, part.id, "stop");
    holdsTogether(changed);
    ok(lines(changed).some((line) => line.from === part.id && line.to === id));
  }
});

Deno.test("a finding is told at its part, and parts are read from the entry on", () => {
  equal(partAt(JOURNEY, "/nodes/1/transitions/0/to"), "nudge");
  equal(partAt(SEQUENCE, "/steps/2/offset"), "c");
  equal(partAt(JOURNEY, "/timezone"), undefined);
  deepEqual(reading(JOURNEY), ["hello", "tips", "nudge", "bye"]);
});

Deno.test("changes are taken back and done again, until something else is done", () => {
  let history = commit(commit(begin(1), 2), 3);
  history = undo(undo(undo(history)));
  equal(history.now, 1);
  history = redo(history);
  equal(history.now, 2);
  equal(redo(commit(history, 9)).now, 9);
  deepEqual(moved(["a", "b", "c"], 1, -1), ["b", "a", "c"]);
  deepEqual(moved(["a", "b"], 0, -1), ["a", "b"]);
});
