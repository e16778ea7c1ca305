import { deepEqual, equal } from "node:assert/strict";
import { attributeLines, attributesOf, changes, soughtBy, zonesTold } from "./person.ts";

Deno.test("zones are told with how they are known", () => {
  equal(
    zonesTold({ zone: "Europe/Paris", zones: ["Europe/Paris"] }),
    "Europe/Paris, as it was given",
  );
  equal(zonesTold({ zones: ["Africa/Nairobi"], phone: "+254" }), "Africa/Nairobi, by their number");
  equal(zonesTold({ zones: [], phone: "+800", region: "001" }), "unknown in 001");
});

Deno.test("one field finds people by number, address and foreign id", () => {
  deepEqual(soughtBy(" +254 (733) 000-111 "), { phone: "+254 (733) 000-111" });
  deepEqual(soughtBy("ann@example.com"), { email: "ann@example.com" });
  deepEqual(soughtBy("crm-17"), { external_id: "crm-17" });
  equal(soughtBy("  "), undefined);
});

Deno.test("attributes are written line by line, and what is none is not taken over", () => {
  deepEqual(attributesOf("plan = gold\n\nnote = a = b"), { plan: "gold", note: "a = b" });
  equal(attributeLines({ plan: "gold" }), "plan = gold");
  equal(attributesOf("nonsense"), undefined);
});

Deno.test("only what was changed is sent", () => {
  deepEqual(changes({ first_name: "Ada", last_name: null }, { first_name: "", last_name: "" }), {
    first_name: null,
  });
});
