/** API keys: how one stands, and what each area and role lets it see and do. */

import type { components } from "../../../schema.d.ts";

type Schemas = components["schemas"];
export type Key = Schemas["ShownKey"];
export type Area = Schemas["Area"];

/** Return how a key stands at a moment. */
export function standing({ revoked_at, expires_at }: Key, now: number): string {
  if (revoked_at) return "revoked";
  return expires_at && Date.parse(expires_at) <= now ? "expired" : "active";
}

/** All areas, and what of people each shows. */
export const AREAS: readonly (readonly [area: Area, name: string, shows: string])[] = [
  ["campaigns", "Campaigns", "no names, numbers or texts"],
  ["enrollments", "Enrollments", "no names, numbers or texts"],
  ["messages", "Messages", "numbers, addresses and what was written"],
  ["contacts", "People", "all that is known of them"],
  ["lists", "Lists", "no names, numbers or texts"],
  ["segments", "Segments", "no names, numbers or texts"],
  ["suppressions", "Suppressions", "numbers and addresses"],
  ["templates", "Templates", "texts as they are written"],
  ["subscriptions", "Subscriptions", "no names, numbers or texts"],
  ["settings", "Settings and audit", "what the organisation has decided"],
  ["api-keys", "API keys", "names of keys, no key itself"],
  ["status", "Status", "counts"],
  ["events", "Events", "events that are told to Clarion"],
];

export const ROLES = [
  ["viewer", "Viewer", "reads"],
  ["operator", "Operator", "also writes and sends"],
  ["admin", "Admin", "also keeps keys, settings and subscriptions"],
] as const;

export function areaName(area: Area): string {
  return AREAS.find(([each]) => each === area)?.[1] ?? area;
}
