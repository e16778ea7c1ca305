/** Conditions in words. */

import { ATTRIBUTE, type Comparison, type History, type How, TIMES } from "./conditions.ts";

export const FIELDS: readonly (readonly [field: string, words: string])[] = [
  ["location", "Location"],
  ["preferred_product", "Preferred product"],
  ["first_name", "First name"],
  ["last_name", "Last name"],
  ["phone", "Phone number"],
  ["email", "E-mail address"],
  ["region", "Country (of the number)"],
  ["zone", "Time zone"],
  ["created_at", "Known since"],
  ["updated_at", "Last changed"],
];

/** How groups are called where they are chosen. */
export const HOWS: readonly (readonly [How, string])[] = [
  ["all", "All of these hold"],
  ["any", "Any of these holds"],
  ["notall", "Not all of these hold"],
  ["none", "None of these holds"],
];

/** "exists" is two choices, told apart by this. */
export const MISSING = "missing";

type Choice = readonly [op: string, words: string];

const EXISTS: readonly Choice[] = [["exists", "is known"], [MISSING, "is not known"]];
const OF_TEXTS: readonly Choice[] = [
  ["eq", "is"],
  ["ne", "is not"],
  ["in", "is one of"],
  ["contains", "contains"],
  ["starts_with", "begins with"],
  ["gt", "is more than"],
  ["gte", "is at least"],
  ["lt", "is less than"],
  ["lte", "is at most"],
  ...EXISTS,
];
const OF_TIMES: readonly Choice[] = [
  ["lt", "before"],
  ["lte", "at or before"],
  ["gt", "after"],
  ["gte", "at or after"],
  ["eq", "exactly at"],
  ["ne", "not at"],
  ["in", "at one of"],
  ...EXISTS,
];

/** Return how a field can be compared. */
export function opsOf(field: string): readonly Choice[] {
  return TIMES.includes(field) ? OF_TIMES : OF_TEXTS;
}

/** Return what stands in the choice of a comparison. */
export function choiceOf({ op, text }: Comparison): string {
  return op === "exists" && text === "false" ? MISSING : op;
}

/** Return a comparison with another choice; a value that the new one can hold stays. */
export function withChoice(node: Comparison, choice: string): Comparison {
  const { kept: _, ...rest } = node;
  if (choice === "exists" || choice === MISSING) {
    return { ...rest, op: "exists", text: String(choice === "exists") };
  }
  const text = node.op === "exists" ? "" : choice === "in" ? node.text : node.text.split("\n")[0];
  return { ...rest, op: choice, text };
}

/** Return a comparison of another field; times and texts are not compared alike. */
export function withField(node: Comparison, field: string): Comparison {
  const { kept: _, ...rest } = node;
  if (TIMES.includes(field) === TIMES.includes(node.field)) return { ...rest, field };
  const op = opsOf(field).some(([each]) => each === node.op && each !== "eq") ? node.op : "gte";
  return { ...rest, field, op: TIMES.includes(field) ? op : "eq", text: "" };
}

export const STATUSES: readonly (readonly [status: string, words: string])[] = [
  ["none", "got no message"],
  ["pending", "waits to be sent"],
  ["sending", "is being sent"],
  ["sent", "sent"],
  ["delivered", "delivered"],
  ["answered", "answered"],
  ["read", "read"],
  ["completed", "call completed"],
  ["failed", "failed"],
  ["skipped", "skipped"],
  ["unknown", "outcome unknown"],
  ["cancelled", "cancelled"],
  ["expired", "expired"],
];

export function fieldWords(field: string): string {
  if (field.startsWith(ATTRIBUTE)) return field.slice(ATTRIBUTE.length);
  return FIELDS.find(([each]) => each === field)?.[1] ?? field;
}

/** Return a comparison as a sentence. */
export function comparisonWords(node: Comparison): string {
  const choice = choiceOf(node);
  const words = opsOf(node.field).find(([each]) => each === choice)?.[1] ?? choice;
  if (node.op === "exists") return `${fieldWords(node.field)} ${words}`;
  const values = node.text.split("\n").map((value) => `“${value}”`).join(", ");
  return `${fieldWords(node.field)} ${words} ${values}`;
}

/** Return a campaign's history as a sentence, given what the campaign is called. */
export function historyWords({ statuses }: History, campaign: string): string {
  const words = statuses.map((each) => STATUSES.find(([status]) => status === each)?.[1] ?? each);
  return `Message of ${campaign}: ${words.join(" or ")}`;
}
