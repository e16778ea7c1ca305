/** Times of day in a zone, as people give them, and the instants that they are. */

/** What somebody has given: the clock's time, as a control holds it, and whose clock. */
export interface Moment {
  /** `2026-03-29T02:30`; empty: none is given. */
  local: string;
  /** An IANA zone. */
  zone: string;
  /** Of a time that comes twice: the second one is meant. */
  second?: boolean;
}

/** What a given time comes to. */
export type Read =
  | { is: "empty" | "wrong" }
  | { is: "once"; at: string }
  /** The clocks pass over it; `at` is as long after the change as it was meant to be. */
  | { is: "never"; at: string; instead: string }
  /** The clocks show it twice; `offsets` are those of both, the chosen one is `at`. */
  | { is: "twice"; at: string; offsets: readonly [string, string] };

/** Return the instant of a given time, and what is special about it. */
export function read({ local, zone, second }: Moment): Read {
  if (!local) return { is: "empty" };
  let clock: Temporal.PlainDateTime;
  try {
    clock = Temporal.PlainDateTime.from(local);
  } catch {
    return { is: "wrong" };
  }
  const earlier = clock.toZonedDateTime(zone, { disambiguation: "earlier" });
  const later = clock.toZonedDateTime(zone, { disambiguation: "later" });
  if (earlier.epochMilliseconds === later.epochMilliseconds) {
    return { is: "once", at: instantOf(earlier) };
  }
  if (clock.equals(later.toPlainDateTime())) {
    const at = instantOf(second ? later : earlier);
    return { is: "twice", at, offsets: [earlier.offset, later.offset] };
  }
  return { is: "never", at: instantOf(later), instead: clockOf(later) };
}

/** Return the instant that is meant, in UTC; undefined where none is given. */
export function instant(moment: Moment): string | undefined {
  const found = read(moment);
  return "at" in found ? found.at : undefined;
}

/** Return an instant as clocks of a zone show it, to be changed; to the minute. */
export function momentOf(at: string | null | undefined, zone: string): Moment {
  if (!at) return { local: "", zone };
  const there = Temporal.Instant.from(at).toZonedDateTimeISO(zone);
  const before = { local: clockOf(there), zone };
  const second = Temporal.Instant.compare(instant(before)!, instantOf(there, "minute")) !== 0;
  return second ? { ...before, second } : before;
}

/** Return a zone's weekday, date and time at an instant, and its distance from UTC. */
export function echo(at: string, zone: string): string {
  const there = Temporal.Instant.from(at).toZonedDateTimeISO(zone);
  const clock = there.toLocaleString("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return zone === "UTC" ? clock : `${clock} (UTC${there.offset})`;
}

/** The zones that may be chosen, those that matter most first. */
export function zones(first: readonly (string | null | undefined)[]): readonly string[] {
  const wanted = first.filter((zone) => zone) as string[];
  return [...new Set([...wanted, "UTC", ...Intl.supportedValuesOf("timeZone")])];
}

function instantOf(there: Temporal.ZonedDateTime, unit: "second" | "minute" = "second"): string {
  return there.toInstant().round({ smallestUnit: unit, roundingMode: "floor" }).toString();
}

function clockOf(there: Temporal.ZonedDateTime): string {
  return there.toPlainDateTime().toString({ smallestUnit: "minute" });
}
