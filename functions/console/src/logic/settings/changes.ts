/** What an organisation has decided: what is written of it, what that changes, and who else has. */

import type { components } from "../../../schema.d.ts";

type Schemas = components["schemas"];
export type Wish = Schemas["Settings"];

/** What people decide, in the order in which it is shown. */
export const FIELDS = [
  "name",
  "unsubscribe_email",
  "default_zone",
  "default_country",
  "senders",
  "allowed_senders",
  "quiet_hours",
  "frequency_caps",
  "rates",
  "warm_up",
  "polling_schedule_s",
  "country_rules",
  "opt_out_words",
  "opt_in_words",
] as const;

export type Decided = Pick<Schemas["ShownSettings"], typeof FIELDS[number]>;

/** Fields that are decided for each channel, language or country. */
const BY_PART: ReadonlySet<string> = new Set([
  "senders",
  "rates",
  "warm_up",
  "opt_out_words",
  "opt_in_words",
]);

type Values = Record<string, unknown>;

/** Return what a PATCH says that makes one of the other: nothing of what is alike. */
export function changesOf(before: Decided, after: Decided): Wish {
  const changes: Values = {};
  for (const name of FIELDS) {
    if (same(before[name], after[name])) continue;
    if (name === "country_rules") changes[name] = rules(before[name], after[name]);
    else if (BY_PART.has(name)) changes[name] = parts(before[name], after[name]);
    else changes[name] = after[name] === "" ? null : after[name];
  }
  return changes as Wish;
}

/** Tell whether two values say the same, whatever the order of their members. */
export function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([k, v]) => [k, sorted(v)]);
}

function parts(before: unknown, after: unknown): Values {
  const [was, is] = [before as Values, after as Values];
  const names = Object.keys({ ...was, ...is }).filter((part) => !same(was[part], is[part]));
  return Object.fromEntries(names.map((part) => [part, is[part] ?? null]));
}

function rules(before: Decided["country_rules"], after: Decided["country_rules"]): Values {
  const regions = Object.keys({ ...before, ...after });
  const changed = regions.filter((region) => !same(before[region], after[region]));
  return Object.fromEntries(
    changed.map((region) => [region, parts(before[region] ?? {}, after[region] ?? {})]),
  );
}

/** Return what is decided once these changes are laid on it, as the API lays them. */
export function laidOn(decided: Decided, changes: Wish): Decided {
  const laid: Values = { ...decided };
  for (const [name, value] of Object.entries(changes)) {
    if (name === "country_rules") laid[name] = laidRules(decided.country_rules, value as Values);
    else if (BY_PART.has(name)) laid[name] = merged(laid[name] as Values, value as Values);
    else laid[name] = value === null && typeof laid[name] === "string" ? "" : value;
  }
  return laid as Decided;
}

function merged(before: Values, said: Values): Values {
  return Object.fromEntries(
    Object.entries({ ...before, ...said }).filter(([, value]) => value !== null),
  );
}

function laidRules(before: Values, said: Values): Values {
  const regions = Object.keys({ ...before, ...said });
  const laid = regions.map((region): [string, Values] => [
    region,
    merged((before[region] ?? {}) as Values, (said[region] ?? {}) as Values),
  ]);
  return Object.fromEntries(laid.filter(([, rules]) => Object.keys(rules).length));
}

/** Return each single thing that changes: `senders.sms`, `country_rules.US.voice`, `name`. */
export function leaves(changes: Wish): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [name, value] of Object.entries(changes)) {
    const deep = name === "country_rules" ? 2 : BY_PART.has(name) ? 1 : 0;
    for (const [path, leaf] of under(name, value, deep)) found.set(path, leaf);
  }
  return found;
}

function under(path: string, value: unknown, deep: number): [string, unknown][] {
  if (!deep) return [[path, value]];
  return Object.entries(value as Values).flatMap(([part, each]) =>
    under(`${path}.${part}`, each, deep - 1)
  );
}

export interface Conflict {
  field: string;
  theirs: unknown;
  /** undefined: not changed here. */
  mine: unknown;
}

/** Return what others have changed since `base` was read, beside what was changed here. */
export function conflicts(base: Decided, theirs: Decided, mine: Wish): Conflict[] {
  const here = leaves(mine);
  return [...leaves(changesOf(base, theirs))].map(([field, value]) => ({
    field,
    theirs: value,
    mine: here.get(field),
  }));
}

/** Return changes but for some single things among them. */
export function without(changes: Wish, fields: readonly string[]): Wish {
  const kept = [...leaves(changes)].filter(([field]) => !fields.includes(field));
  const built: Values = {};
  for (const [field, value] of kept) put(built, field.split("."), value);
  return built as Wish;
}

function put(into: Values, [first, ...others]: string[], value: unknown): void {
  if (!others.length) into[first] = value;
  else put((into[first] ??= {}) as Values, others, value);
}
