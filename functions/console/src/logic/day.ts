/** Days as they stand in addresses, and the instants that they are by the browser's clocks. */

/** Tell whether a text is a day, such as `2026-03-02`. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !isNaN(Date.parse(text));
}

/** Return the instant at which a day begins by the browser's clocks, or the next one. */
export function beginOf(day: string, later = 0): string {
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}

/** Return what a list by time is asked for between two days, both of them included. */
export function between(
  from: string | undefined,
  to: string | undefined,
): { since?: string; before?: string } {
  return {
    since: from && isDay(from) ? beginOf(from) : undefined,
    before: to && isDay(to) ? beginOf(to, 1) : undefined,
  };
}
