/** A campaign's timeline: pieces of its time, put together for a chart. */

/** What became of messages in a piece of a campaign's time. */
export interface Bucket {
  at: string;
  width_s: number;
  sent: number;
  delivered: number;
  failed: number;
  skipped: number;
}

/** Pieces of one width, without gaps. */
export interface Slots {
  width_s: number;
  slots: readonly Bucket[];
}

const WIDTHS = [60, 300, 900, 3_600, 21_600, 86_400];
/** As many columns as can be told apart. */
const MOST = 60;

/** Return the known pieces with newer ones in the place of older ones of the same time. */
export function merged(known: readonly Bucket[], newer: readonly Bucket[]): readonly Bucket[] {
  const byStart = new Map(known.map((bucket) => [Date.parse(bucket.at), bucket]));
  for (const bucket of newer) byStart.set(Date.parse(bucket.at), bucket);
  return [...byStart].sort(([one], [other]) => one - other).map(([, bucket]) => bucket);
}

/**
 * Return pieces as slots of one width, from the start of the first to the end of the last or until
 * `until`: the pieces are wider the older a campaign is, and those without anything are left out.
 */
export function slotted(buckets: readonly Bucket[], startedAt: string, until?: number): Slots {
  if (!buckets.length) return { width_s: WIDTHS[0], slots: [] };
  const start = Date.parse(startedAt);
  const ends = buckets.map((bucket) => Date.parse(bucket.at) + bucket.width_s * 1_000);
  const whole = (Math.max(...ends, until ?? 0) - start) / 1_000;
  const width = widthOf(whole, Math.max(...buckets.map((bucket) => bucket.width_s)));
  const count = Math.max(1, Math.ceil(whole / width));
  const slots = Array.from({ length: count }, (_, index) => empty(start, index, width));
  for (const bucket of buckets) {
    const index = Math.floor((Date.parse(bucket.at) - start) / 1_000 / width);
    const slot = slots[Math.min(count - 1, Math.max(0, index))];
    for (const name of ["sent", "delivered", "failed", "skipped"] as const) {
      slot[name] += bucket[name];
    }
  }
  return { width_s: width, slots };
}

function widthOf(whole: number, widest: number): number {
  const found = WIDTHS.find((width) => width >= widest && whole / width <= MOST);
  return found ?? 86_400 * Math.ceil(whole / 86_400 / MOST);
}

function empty(start: number, index: number, width: number): Bucket {
  const at = new Date(start + index * width * 1_000).toISOString();
  return { at, width_s: width, sent: 0, delivered: 0, failed: 0, skipped: 0 };
}

/** Return a width in words: "minute", "5 minutes". */
export function perWhat(width_s: number): string {
  const units = [["day", 86_400], ["hour", 3_600], ["minute", 60]] as const;
  const [name, size] = units.find(([, size]) => width_s >= size)!;
  const count = width_s / size;
  return count === 1 ? name : `${count} ${name}s`;
}
