/** Entries of the audit trail in words: what was done, to what, and where that is shown. */

import type { Schemas } from "../../api.ts";
import { barred } from "../people/suppression.ts";

type Entry = Schemas["Entry"];

/** What may be done, as entries name it; a filter offers them. */
const ACTIONS: Readonly<Record<string, string>> = {
  create: "Made",
  update: "Changed",
  delete: "Deleted",
  destroy: "Destroyed",
  schedule: "Scheduled",
  reschedule: "Moved to another time",
  skip: "Run passed over",
  send: "Sent",
  start: "Started",
  hold: "Held: its start was missed",
  pause: "Paused",
  resume: "Resumed",
  cancel: "Cancelled",
  complete: "Completed",
  fail: "Failed",
  close: "Closed to new people",
  change_plan: "Plan changed",
  migrate: "People moved to another version",
  suppress: "Suppressed",
  lift: "Suppression lifted",
  opt_in: "Opted in",
  contact_erased: "Person erased",
  change_settings: "Settings changed",
  revoke: "API key revoked",
  pause_enrollment: "Person paused in a journey",
  resume_enrollment: "Person resumed in a journey",
  move_enrollment: "Person moved in a journey",
  exit_enrollment: "Person taken out of a journey",
};

/** Return the actions that can be filtered by, with their words; and one that is none of them. */
export function actionsWith(given: string): readonly (readonly [value: string, words: string])[] {
  const known = Object.entries(ACTIONS);
  const other = given && !Object.hasOwn(ACTIONS, given) ? [[given, given] as const] : [];
  return [["", "All"], ...known, ...other];
}

/** Return what was done. */
export function done(action: string): string {
  return Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : action.replaceAll("_", " ");
}

/** Return who did it. */
export function whoDid(by: string): string {
  return by === "clarion" ? "Clarion" : by;
}

/** What an entry is about. */
export interface Subject {
  what: string;
  /** Where that is shown; undefined: nowhere any more. */
  to?: string;
}

/** Return what an entry is about. */
export function subjectOf({ about, action }: Pick<Entry, "about" | "action">): Subject {
  const id = (name: string) => (typeof about[name] === "string" ? about[name] : undefined);
  const campaign = id("campaign") ?? id("enrollment")?.split(".", 1)[0];
  if (campaign) {
    const isGone = action === "delete" || action === "destroy";
    return { what: "Campaign", to: isGone ? undefined : `/campaigns/${campaign}` };
  }
  if (id("subscription")) {
    const to = `/subscriptions/${id("subscription")}`;
    return { what: "Subscription", to: action === "delete" ? undefined : to };
  }
  if (id("api_key")) return { what: `API key ${id("name") ?? ""}`.trim(), to: "/keys" };
  if (id("suppression")) return { what: "Suppression" };
  if (id("contact")) return { what: "Person" };
  return about.changes ? { what: "Settings", to: "/settings" } : { what: "" };
}

/** Return all that an entry says besides who, when and why, one line each. */
export function details(about: Entry["about"]): [name: string, value: string][] {
  return Object.entries(about)
    .filter(([, value]) => value !== null && value !== "")
    .map(([name, value]) => [name.replaceAll("_", " "), valueOf(value)]);
}

function valueOf(value: unknown): string {
  if (typeof value === "string") return value;
  const isList = Array.isArray(value) && value.every((each) => typeof each === "string");
  return isList ? value.join(", ") : JSON.stringify(value, null, 2);
}

/** Return what a row says besides who and when, in one line. */
export function summary(about: Entry["about"]): string {
  const { status, scope, fields, plan, name } = about;
  const told = [
    status && `now ${status}`,
    plan && `version ${plan}`,
    name && `${name}`,
    scope && barred(`${scope}`),
    Array.isArray(fields) && fields.length > 0 && fields.join(", "),
  ];
  return told.filter(Boolean).join("; ");
}
