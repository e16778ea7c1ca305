import assert from "node:assert/strict";
import {
  added,
  campaigns,
  changed,
  type Comparison,
  comparison,
  depthWithin,
  type Group,
  group,
  history,
  nodeAt,
  read,
  write,
} from "./conditions.ts";
import { choiceOf, comparisonWords, withChoice, withField } from "./condition_words.ts";

const NAIROBI = { field: "location", op: "eq", value: "Nairobi" };
const GOLD = { field: "attributes.plan", op: "in", value: ["gold", 5] };
const GOT = { campaign: "c1", status: ["delivered", "read"] };
const OLD = { field: "created_at", op: "lt", value: "2026-01-01T00:00:00Z" };

/** Documents that come back as they are. */
const KEPT: unknown[] = [
  NAIROBI,
  GOT,
  { campaign: "c1", status: "none" },
  { all: [NAIROBI, GOLD] },
  { any: [NAIROBI, { all: [GOLD, { any: [GOT, OLD] }] }] },
  { not: NAIROBI },
  { not: { not: NAIROBI } },
  { not: { all: [NAIROBI] } },
  { not: { any: [NAIROBI, GOLD] } },
  { not: { any: [NAIROBI] } },
  { any: [NAIROBI] },
  { any: [{ all: [NAIROBI] }] },
  { all: [{ not: { any: [{ not: { all: [GOT, OLD] } }, NAIROBI] } }, GOLD] },
  { field: "location", op: "eq", value: "" },
  { field: "first_name", op: "exists" },
  { field: "first_name", op: "exists", value: null },
  { field: "phone", op: "gt", value: 12.5 },
  { any: [NAIROBI, { near: "Bonn", within: 5 }] },
  { any: [NAIROBI, { field: "location", op: "sounds_like", value: "x" }] },
  { field: "location", op: "in", value: [" a", "b\nc"] },
  { all: [{ campaign: "c", status: 5 }, { any: "x" }, 7, null, ["a"], {}] },
];

Deno.test("every document that the API may hold comes back as it was", () => {
  for (const document of KEPT) {
    const text = JSON.stringify(document);
    const { document: again, incomplete } = write(read(document));
    assert.equal(JSON.stringify(again), text);
    assert.deepEqual(incomplete, [], text);
  }
});

Deno.test("a document as deep as may be, and deeper, comes back too", () => {
  let deep: unknown = NAIROBI;
  for (let level = 0; level < 40; level++) {
    deep = [{ all: [deep, GOLD] }, { any: [deep, GOT] }, { not: deep }][level % 3];
  }
  assert.deepEqual(write(read(deep)).document, deep);
});

Deno.test("a group of one that need not be one is not written", () => {
  assert.deepEqual(write(read({ all: [NAIROBI] })).document, NAIROBI);
});

Deno.test("not all and none are groups of their own", () => {
  assert.equal(read({ not: { all: [NAIROBI, GOLD] } }).how, "notall");
  assert.equal(read({ not: { any: [NAIROBI, GOLD] } }).how, "none");
  const none = read({ not: NAIROBI });
  assert.equal(none.how, "none");
  assert.deepEqual(write(added(none, none.id, read(GOLD).parts[0])).document, {
    not: { any: [NAIROBI, GOLD] },
  });
});

Deno.test("what is changed is written as the page has it, and the rest as it was", () => {
  const root = read({ all: [NAIROBI, { field: "zone", op: "eq", value: 5 }] });
  const id = root.parts[0].id;
  const next = changed(root, id, (node) => ({
    ...withChoice(node as Comparison, "in"),
    text: "Bonn\n\n Kiel ",
  }));
  assert.deepEqual(write(next).document, {
    all: [
      { field: "location", op: "in", value: ["Bonn", "Kiel"] },
      { field: "zone", op: "eq", value: 5 },
    ],
  });
  assert.deepEqual(write(changed(root, id, () => undefined)).document, {
    field: "zone",
    op: "eq",
    value: 5,
  });
});

Deno.test("what is still to be filled in is told", () => {
  const empty = group("any");
  let root: Group = group("all", [comparison(), history(), empty]);
  assert.equal(write(root).incomplete.length, 3);
  root = added(root, empty.id, { ...comparison("attributes."), text: "x" });
  assert.equal(write(root).incomplete.length, 3);
  const filled = { ...comparison(), text: "Bonn" };
  assert.deepEqual(write(group("all", [filled])).incomplete, []);
});

Deno.test("a mistake that the API tells is found where it stands", () => {
  const root = read({ any: [NAIROBI, { not: GOLD }, { not: { any: [GOT, NAIROBI] } }] });
  const { places } = write(root);
  const [first, negation, none] = root.parts as [Comparison, Group, Group];
  assert.equal(nodeAt(places, "conditions.any[0].value"), first.id);
  assert.equal(nodeAt(places, "conditions.any[1].not.value[3]"), negation.parts[0].id);
  assert.equal(nodeAt(places, "conditions.any[2].not.any[1].op"), none.parts[1].id);
  assert.equal(nodeAt(places, "conditions.any"), root.id);
  assert.equal(nodeAt(places, "name"), undefined);
});

Deno.test("campaigns are named once, and negations lie deeper", () => {
  assert.deepEqual(campaigns(read({ any: [GOT, { not: GOT }, NAIROBI] })), ["c1"]);
  assert.deepEqual([depthWithin("any", 1), depthWithin("none", 1)], [2, 3]);
});

Deno.test("a comparison is chosen and told in words", () => {
  const place = read(NAIROBI).parts[0] as Comparison;
  assert.equal(comparisonWords(place), "Location is “Nairobi”");
  const missing = withChoice(place, "missing");
  assert.equal(choiceOf(missing), "missing");
  assert.equal(comparisonWords(missing), "Location is not known");
  assert.deepEqual(write(group("all", [missing])).document, {
    field: "location",
    op: "exists",
    value: false,
  });
  assert.equal(withChoice(missing, "eq").text, "");
  assert.deepEqual(
    [withField(place, "created_at").op, withField(place, "zone").text],
    ["gte", "Nairobi"],
  );
  assert.equal(withField(withField(place, "created_at"), "zone").op, "eq");
});
