import { deepEqual, equal } from "node:assert/strict";
import { addressed, addresses, barred } from "./suppression.ts";

Deno.test("pasted addresses are told apart, each once", () => {
  deepEqual(addresses("+1 202 555 0142\na@b.example; +1 202 555 0142,\n"), [
    "+1 202 555 0142",
    "a@b.example",
  ]);
  deepEqual(addressed("a@b.example"), { email: "a@b.example" });
  deepEqual(addressed("+1"), { phone: "+1" });
});

Deno.test("a scope is told in words, also one that is not known here", () => {
  equal(barred("all"), "Everything");
  equal(barred("fax"), "fax");
});
