/** Subscriptions: the events they can hear of, and what came of telling them. */

import type { components } from "../../../schema.d.ts";

type Schemas = components["schemas"];
export type Subscription = Schemas["ShownSubscription"];
export type Notification = Schemas["ShownNotification"];
export type EventType = Schemas["EventType"];

/** The events by what they are about. */
export const EVENTS: readonly (readonly [group: string, events: readonly Told[]])[] = [
  ["Campaigns", [
    ["campaign.scheduled", "it has a time to start, or another one than before"],
    ["campaign.started", "it starts"],
    ["campaign.paused", "it is paused"],
    ["campaign.resumed", "it goes on"],
    ["campaign.completed", "it is done"],
    ["campaign.cancelled", "it is cancelled"],
    ["campaign.failed", "it has failed"],
  ]],
  ["Messages", [
    ["message.delivered", "an attempt has reached the person's device"],
    ["message.failed", "the last attempt has failed"],
    ["message.replied", "somebody has written to one of our numbers"],
  ]],
  ["People", [["contact.opted_out", "an address is suppressed, whoever asked for it"]]],
  ["Journeys and sequences", [
    ["enrollment.entered", "somebody enters"],
    ["enrollment.moved", "somebody comes to another node: several times a person"],
    ["enrollment.completed", "somebody has come to the end"],
    ["enrollment.exited", "somebody has left before that"],
    ["goal.reached", "somebody has done what the plan is for"],
  ]],
];
type Told = readonly [event: EventType, when: string];

/** What is written in a form of a subscription. */
export interface Draft {
  url: string;
  description: string;
  events: readonly EventType[];
}

export const EMPTY: Draft = { url: "", description: "", events: [] };

/** Return what of a form is another than what is held. */
export function changed(held: Draft, draft: Draft): Partial<Schemas["SubscriptionChanges"]> {
  const changes: Partial<Schemas["SubscriptionChanges"]> = {};
  if (draft.url.trim() !== held.url) changes.url = draft.url;
  if (draft.description.trim() !== held.description) changes.description = draft.description;
  if ([...draft.events].sort().join() !== [...held.events].sort().join()) {
    changes.events = [...draft.events];
  }
  return changes;
}

const ERRORS: Readonly<Record<string, string>> = {
  timeout: "no answer came within 10 seconds",
  unreachable: "no connection came about",
  refused_url: "the URL names our own network",
  refused_address: "its name leads into our own network",
  subscription_inactive: "the subscription was switched off before it was sent",
  sender_lost: "the last attempt was begun, and never finished",
};

/** Return what the receiver answered at the last attempt, or why it did not. */
export function answerInWords({ attempts, last_status, last_error }: Notification): string {
  if (last_status !== null) return `HTTP ${last_status}`;
  if (last_error) return ERRORS[last_error] ?? last_error;
  return attempts ? "no answer yet" : "not sent yet";
}

/** Return the body that the receiver is posted, spread over lines to be read. */
export function bodyOf({ id, type, created_at, data }: Notification, org: string): string {
  return JSON.stringify({ id, type, timestamp: created_at, org, data }, null, 2);
}

/** Return why Clarion itself has switched a subscription off. */
export function reasonInWords(reason: string): string {
  return reason === "gone"
    ? "Clarion switched it off: the receiver answered 410, which asks for nothing more."
    : `Clarion switched it off: ${reason}.`;
}
