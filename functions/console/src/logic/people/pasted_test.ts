import assert from "node:assert/strict";
import { fileOf, pasted } from "./pasted.ts";

Deno.test("numbers and addresses are told apart, and each is there once", () => {
  const found = pasted("+1 212 555 2000\nann@example.com; +1 212 555 2000,\n\n030/1234\t");
  assert.deepEqual(found, {
    numbers: ["+1 212 555 2000", "030/1234"],
    mails: ["ann@example.com"],
  });
  assert.equal(
    fileOf(found),
    "\ufeffphone,email\r\n+1 212 555 2000,\r\n030/1234,\r\n,ann@example.com\r\n",
  );
});
