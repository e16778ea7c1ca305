import { equal } from "node:assert/strict";
import { between, isDay } from "./day.ts";

Deno.test("a list between two days holds all of the last one, and what is no day is left out", () => {
  const { since, before } = between("2026-03-02", "2026-03-02");
  equal(Date.parse(before!) - Date.parse(since!), 24 * 3_600_000);
  equal(between("yesterday", undefined).since, undefined);
  equal(isDay("2026-13-02"), false);
});
