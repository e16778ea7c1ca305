import { deepEqual, equal } from "node:assert/strict";
import { compared, inserted, offsetOf, placeholder } from "./source.ts";

Deno.test("a mistake is found by its line and column, behind signs of two units too", () => {
  equal(offsetOf("Hello\n{{ a", 2, 1), 6);
  equal(offsetOf("🎉🎉{{ a", 1, 3), 4);
  equal(offsetOf("short", 9, 9), 5);
});

Deno.test("a field is put where the caret stands, in place of what is chosen", () => {
  deepEqual(inserted("Hello NAME!", "{first_name}", 6, 10), {
    text: "Hello {first_name}!",
    at: 18,
  });
});

Deno.test("a field is named as a text names it", () => {
  equal(placeholder("first_name"), "{first_name}");
  equal(placeholder("plan"), "{{ plan }}");
  equal(placeholder("Loyalty tier"), '{{ ["Loyalty tier"] }}');
});

Deno.test("two versions are told apart line by line", () => {
  deepEqual(compared("Hello\nold\nBye", "Hello\nnew\nnewer\nBye"), [
    { in: "both", line: "Hello" },
    { in: "old", line: "old" },
    { in: "new", line: "new" },
    { in: "new", line: "newer" },
    { in: "both", line: "Bye" },
  ]);
});
