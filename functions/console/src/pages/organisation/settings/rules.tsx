/** The rules in force: when and how often people may be reached, and whose word that is. */

import type { Schemas } from "../../../api.ts";
import type { Live } from "../../../live.ts";
import { capInWords, windowInWords } from "../../../logic/settings/words.ts";
import { channelName, countryName } from "../../../logic/words/words.ts";
import { Failure, Waiting } from "../../../parts/failure.tsx";
import { Table } from "../../../parts/table.tsx";

export type ShownRules = Schemas["ShownRules"];
type ShownRule = Schemas["ShownRule"];

interface Row {
  region: string;
  channel: string;
  rule: ShownRule;
  source: string;
  version: string;
}

export function Rules({ rules }: { rules: Live<ShownRules> }) {
  return (
    <section class="stack">
      <div class="stack tight">
        <h2>Rules in force</h2>
        <p class="soft">
          By the country of a person's number and that person's own clock, beside quiet hours and
          send windows. They are careful defaults, and no legal advice.
        </p>
      </div>
      <Failure of={rules.refused} />
      {!rules.value ? !rules.refused && <Waiting /> : <InForce rules={rules.value} />}
    </section>
  );
}

function InForce({ rules }: { rules: ShownRules }) {
  const rows = rules.countries.flatMap(({ region, rules, source, version }): Row[] =>
    Object.entries(rules).map(([channel, rule]) => ({ region, channel, rule, source, version }))
  );
  return (
    <>
      {!rules.kept && (
        <p class="notice warn">
          This deployment has switched the countries' rules off (CALLING_WINDOWS=off): only quiet
          hours, send windows and frequency caps hold.
        </p>
      )}
      <Table
        caption="Rules in force"
        rows={rows}
        id={(row) => `${row.region} ${row.channel}`}
        columns={[
          { name: "Country", cell: (row) => countryName(row.region) },
          { name: "Kind", cell: (row) => channelName(row.channel) },
          { name: "When", cell: (row) => <When of={row.rule} /> },
          { name: "How often", cell: ({ rule }) => rule.cap ? capInWords(rule.cap) : "any number" },
          { name: "Whose word", cell: (row) => <Whose of={row} /> },
        ]}
        empty={<p>No country has a rule.</p>}
      />
      {rules.frequency_caps.length > 0 && (
        <p>
          Beside them, whatever the country: {rules.frequency_caps.map(capInWords).join("; ")}.
        </p>
      )}
    </>
  );
}

function When({ of: { windows } }: { of: ShownRule }) {
  if (!windows.length) return <>at any time</>;
  return (
    <span class="stack tight">
      {windows.map((window) => {
        const words = windowInWords(window);
        return <span key={words}>{words}</span>;
      })}
    </span>
  );
}

function Whose({ of: { rule, source, version } }: { of: Row }) {
  return (
    <details class="whose">
      <summary>{rule.overridden ? "Yours" : "The country's"}</summary>
      <p class="small">
        {rule.overridden && "It stands in place of the country's own rule. "}
        {source}. As of {version}.
      </p>
    </details>
  );
}
