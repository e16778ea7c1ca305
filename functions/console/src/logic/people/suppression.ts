/** What a suppression bars, in words. */

/** Scopes and what each bars, as forms offer them. */
export const SCOPES = [
  ["all", "Everything"],
  ["voice", "Calls"],
  ["sms", "SMS"],
  ["whatsapp", "WhatsApp"],
  ["email", "E-mail"],
  ["webhook", "Webhooks"],
  ["broadcast", "Broadcasts"],
  ["journey", "Journeys"],
  ["sequence", "Sequences"],
] as const;

export type Scope = (typeof SCOPES)[number][0];

/** What a scope bars. */
export function barred(scope: string): string {
  return SCOPES.find(([name]) => name === scope)?.[1] ?? scope;
}

/** Addresses that were pasted: one a line, or with commas and semicolons between. */
export function addresses(text: string): string[] {
  return [...new Set(text.split(/[\n,;]+/).map((each) => each.trim()).filter(Boolean))];
}

/** How an address is told to the API. */
export function addressed(address: string): { email: string } | { phone: string } {
  return address.includes("@") ? { email: address } : { phone: address };
}
