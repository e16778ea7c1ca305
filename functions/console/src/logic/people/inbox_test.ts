import { equal } from "node:assert/strict";
import { replayed, takenIn, written } from "./inbox.ts";

Deno.test("a filter that means nothing filters nothing", () => {
  equal(takenIn(new URLSearchParams("taken_for=opt_out")), "opt_out");
  equal(takenIn(new URLSearchParams("taken_for=toString")), undefined);
  equal(takenIn(new URLSearchParams()), undefined);
});

Deno.test("who may not read what people write is told so", () => {
  equal(written("STOP", true), "STOP");
  equal(written(null, false), "(operators alone read what people write)");
  equal(written("", true), "(no words)");
});

Deno.test("it is told how many stray receipts have found their message", () => {
  equal(replayed(0, 3), "None of them has found its message: all are kept.");
  equal(replayed(1, 0), "1 receipt has found the message that it belongs to; none is left.");
  equal(replayed(2, 5), "2 receipts have found the message that it belongs to; 5 are kept.");
});
