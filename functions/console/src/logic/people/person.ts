/** What is said of a person: where they are, how they are looked for, what of them was changed. */

interface Zoned {
  zone?: string | null;
  zones: readonly string[];
  phone?: string | null;
  region?: string | null;
}

/** Where somebody is, and how that is known. */
export function zonesTold({ zone, zones, phone, region }: Zoned): string {
  if (zone) return `${zone}, as it was given`;
  if (zones.length === 1) return `${zones[0]}, by their number`;
  if (zones.length) {
    return `${zones.join(" or ")}, by their number: reached when all of these allow it`;
  }
  return phone
    ? `unknown${region ? ` in ${region}` : ""}`
    : "unknown: the organisation's zone counts";
}

/** How a number, an address or another id is looked for; undefined: all are shown. */
export function soughtBy(text: string): Record<string, string> | undefined {
  const given = text.trim();
  if (!given) return undefined;
  if (given.includes("@")) return { email: given };
  return /^[+(]?[\d\s().-]+$/.test(given) ? { phone: given } : { external_id: given };
}

/** Attributes as lines of `name = value`. */
export function attributeLines(attributes: Readonly<Record<string, string>>): string {
  return Object.entries(attributes).map(([name, value]) => `${name} = ${value}`).join("\n");
}

/** Lines as attributes; undefined where a line is none. */
export function attributesOf(text: string): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  for (const line of text.split("\n").filter((each) => each.trim())) {
    const at = line.indexOf("=");
    if (at < 1) return undefined;
    found[line.slice(0, at).trim()] = line.slice(at + 1).trim();
  }
  return found;
}

/** What of a form differs from what is stored; empty texts are taken away (null). */
export function changes(
  stored: Readonly<Record<string, unknown>>,
  form: Readonly<Record<string, string>>,
): Record<string, string | null> {
  const changed = Object.entries(form).filter(([name, value]) => (stored[name] ?? "") !== value);
  return Object.fromEntries(changed.map(([name, value]) => [name, value || null]));
}
