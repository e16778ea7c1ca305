/** Fields of a campaign as the page calls them, and what they hold in words. */

/** What fields are called on the page, by their names in the API. */
const CALLED: Readonly<Record<string, string>> = {
  name: "Name",
  channel: "Channel",
  sender: "Sender",
  template_id: "Template",
  base_template: "Text",
  subject: "Subject",
  html: "HTML",
  provider_template: "Provider's template",
  language: "Language",
  parameters: "Parameters",
  bot_url: "Bot",
  webhook_url: "Webhook",
  missing_fields: "Who lacks a field",
  defaults: "Stand-ins",
  audience: "Audience",
  rate_per_s: "Rate",
  send_window: "Send window",
  not_after: "Not after",
  late_start: "Late start",
  grace_s: "On time until",
  guardrail: "Guardrail",
  canary: "Canary",
  fallbacks: "Fallbacks",
  scheduled_at: "Start",
  repeat: "Repetition",
  customer_ids: "Audience",
};

/** Return what a field of the API is called on the page. */
export function called(field: string): string {
  return CALLED[field.split(".")[0]] ?? field;
}

/** Return a value of a request in words, for a comparison. */
export function inText(value: unknown): string {
  if (value == null || value === "") return "nothing";
  return typeof value === "string" ? value : JSON.stringify(value, null, 1);
}
