/** How late something was: half of it, most of it, nearly all of it. */

import type { Schemas } from "../../api.ts";
import { span } from "../../parts/time.tsx";

type Spread = Schemas["Spread"];

/** Return a lateness in words; what is below a second is said in tenths. */
export function late(seconds: number | null): string {
  if (seconds === null) return "–";
  return seconds < 10
    ? `${seconds.toLocaleString("en-GB", { maximumFractionDigits: 1 })} s`
    : span(seconds);
}

/** The shares, one on a line; `what` was late. */
export function Lateness({ of: { count, p50_s, p95_s, p99_s }, what }: {
  of: Spread;
  what: string;
}) {
  if (!count) return <p class="soft">{what}: nothing to tell how late yet.</p>;
  return (
    <p>
      {what} were late: half of them {late(p50_s)} at most, 95 of 100 {late(p95_s)}, 99 of 100{" "}
      {late(p99_s)}.
    </p>
  );
}
