/** A template as a form holds it, and as the API takes it. */

import type { components } from "../../../schema.d.ts";

type Schemas = components["schemas"];
type Version = Schemas["ShownVersion"];

export interface Template {
  name: string;
  /** Empty: for any channel. */
  channel: string;
  text: string;
  subject: string;
  html: string;
  missing: Version["missing"];
  defaults: readonly (readonly [field: string, value: string])[];
}

export const EMPTY: Template = {
  ...{ name: "", channel: "sms", text: "", subject: "", html: "", missing: "blank", defaults: [] },
};

/** Return what a version says as a form, under a name. */
export function templateOf(version: Version, name: string): Template {
  const { channel, text, subject, html, missing, defaults } = version;
  return {
    ...{ name, text, subject, html, missing },
    channel: channel ?? "",
    defaults: Object.entries(defaults),
  };
}

/** Tell whether mails may be written by it. */
export function isMail({ channel }: Template): boolean {
  return channel === "email" || channel === "";
}

/** Return what it says, as the API takes it. */
export function wordsOf(template: Template) {
  const mail = isMail(template);
  return {
    text: template.text,
    subject: mail ? template.subject : "",
    html: mail ? template.html : "",
    channel: (template.channel || null) as Version["channel"],
    missing: template.missing,
    defaults: Object.fromEntries(template.defaults.filter(([field]) => field)),
  };
}

export function bodyOf(template: Template): Schemas["NewTemplate"] {
  return { name: template.name.trim(), ...wordsOf(template) };
}

/** Return what a version says in lines, to be compared with another. */
export function inLines(template: Template): string {
  const { text, subject, html, missing, defaults } = wordsOf(template);
  const stands = Object.entries(defaults).map(([field, value]) => `${field}: ${value}`);
  return [
    ...(subject ? [`Subject: ${subject}`] : []),
    text,
    ...(html ? ["HTML:", html] : []),
    `Who lacks a field: ${missing}`,
    ...(missing === "default" ? stands : []),
  ].join("\n");
}
