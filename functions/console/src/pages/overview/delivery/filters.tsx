/** Which days, and of whose messages. */

import type { Refused } from "../../../api.ts";
import { dayAfter, type Report } from "../../../logic/campaigns/delivery.ts";
import { CHANNELS } from "../../../logic/campaigns/campaign_list.ts";
import { channelName } from "../../../logic/words/words.ts";
import { SelectField, TextField } from "../../../parts/field.tsx";
import { go, withQuery } from "../../../routes.ts";
import type { Wanted } from "../delivery.tsx";

interface FiltersProps {
  wanted: Wanted;
  report: Report | undefined;
  refused: Refused | undefined;
}

const SPANS = [[1, "Today"], [7, "7 days"], [30, "30 days"], [90, "90 days"]] as const;

export function Filters({ wanted, report, refused }: FiltersProps) {
  const filter = (part: Wanted) => go(withQuery("/delivery", { ...wanted, ...part }));
  const today = report?.now.slice(0, 10) ?? new Date().toISOString().slice(0, 10);
  const [from, to] = [wanted.from ?? report?.from ?? "", wanted.to ?? report?.to ?? ""];
  return (
    <section class="stack" aria-label="What is shown">
      <div class="filter-links">
        {SPANS.map(([days, words]) => {
          const first = dayAfter(today, 1 - days);
          return (
            <a
              key={days}
              href={`#${withQuery("/delivery", { ...wanted, from: first, to: today })}`}
              aria-current={from === first && to === today ? "true" : undefined}
            >
              {words}
            </a>
          );
        })}
      </div>
      <div class="filters">
        <TextField
          label="From"
          type="date"
          value={from}
          max={to}
          change={(day) => day && filter({ from: day, to })}
          error={refused?.of("from")}
        />
        <TextField
          label="To"
          type="date"
          value={to}
          max={today}
          change={(day) => day && filter({ from, to: day })}
          error={refused?.of("to")}
        />
        <SelectField
          label="Channel"
          value={wanted.channel ?? ""}
          change={(channel) => filter({ channel, provider: "", sender: "" })}
          options={[["", "All"], ...CHANNELS.map((each) => [each, channelName(each)] as const)]}
        />
        {(wanted.provider || wanted.sender) && (
          <div class="beside">
            <span>{[wanted.provider, wanted.sender].filter(Boolean).join(", ")}</span>
            <button
              type="button"
              class="plain"
              onClick={() => filter({ channel: "", provider: "", sender: "" })}
            >
              Show all
            </button>
          </div>
        )}
      </div>
    </section>
  );
}
