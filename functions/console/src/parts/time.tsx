/** Times: the browser's own zone, and UTC for whoever points at it. */

const SHORT: Intl.DateTimeFormatOptions = {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
};

/** "UTC" is no region's zone: the API wants it by its name in the zone database. */
function region(zone: string): string {
  return zone === "UTC" ? "Etc/UTC" : zone;
}

/** The zone that the browser is in. */
export const HERE = region(Intl.DateTimeFormat().resolvedOptions().timeZone);

/** Return a moment in words, with its zone's short name. */
export function inWords(at: string, zone: string = HERE, second?: "2-digit"): string {
  const date = new Date(at);
  const year = date.getFullYear() === new Date().getFullYear() ? undefined : "numeric";
  const more = { year, second, timeZone: zone, timeZoneName: "short" } as const;
  return date.toLocaleString("en-GB", { ...SHORT, ...more });
}

interface WhenProps {
  at: string | null | undefined;
  zone?: string;
  /** To the second: where one thing comes after another. */
  seconds?: boolean;
}

/** A moment; UTC stands in its title. */
export function When({ at, zone, seconds }: WhenProps) {
  if (!at) return <span class="soft">–</span>;
  const utc = `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return <time dateTime={at} title={utc}>{inWords(at, zone, seconds ? "2-digit" : undefined)}
  </time>;
}

const UNITS: readonly (readonly [number, string])[] = [[86_400, "d"], [3_600, "h"], [60, "min"], [
  1,
  "s",
]];

/** Return a length in its two largest units: 95 is "1 min 35 s". */
export function span(seconds: number): string {
  let left = Math.max(0, Math.round(seconds));
  const told: string[] = [];
  for (const [size, name] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count) told.push(`${count} ${name}`);
    if (told.length === 2) break;
  }
  return told.join(" ") || "0 s";
}
