/** A column for each day: what arrived, what did not, what nobody knows. */

import { daysOf, type Report } from "../../../logic/campaigns/delivery.ts";
import { Chart, Legend, type Part } from "../../../parts/drawings.tsx";

export function Days({ report }: { report: Report }) {
  const days = daysOf(report);
  const columns = days.map(({ day, delivered, failed, unknown }) => ({
    label: day.slice(5),
    parts: [
      { name: "delivered", value: delivered, fill: "good" },
      { name: "failed", value: failed, fill: "bad" },
      { name: "unknown", value: unknown, fill: "warn" },
    ] as const satisfies readonly Part[],
  }));
  return (
    <section class="sheet stack">
      <div class="beside apart">
        <h2>By day</h2>
        <Legend parts={columns[0].parts} />
      </div>
      <Chart
        columns={columns}
        title={`Delivered, failed and unknown by day, ${report.from} to ${report.to}`}
      />
    </section>
  );
}
