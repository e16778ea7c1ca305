/** What became of each sender's messages, or of a provider's or channel's together. */

import { rate } from "../../../logic/campaigns/campaign.ts";
import {
  bounces,
  type By,
  complaints,
  type Outcome,
  percent,
  type Report,
  type Row,
  type SenderFigures,
  SOURCES,
  type Verdict,
} from "../../../logic/campaigns/delivery.ts";
import { channelName } from "../../../logic/words/words.ts";
import { SelectField } from "../../../parts/field.tsx";
import { type ColumnOf, Table } from "../../../parts/table.tsx";
import { Tag } from "../../../parts/tag.tsx";
import { When } from "../../../parts/time.tsx";
import { go, withQuery } from "../../../routes.ts";
import { linkOf, type Wanted } from "../delivery.tsx";
import { late } from "../lateness.tsx";

interface SendersProps {
  report: Report;
  rows: readonly Row[];
  wanted: Wanted;
}

const BY: readonly (readonly [By, string])[] = [
  ["sender", "Sender"],
  ["provider", "Provider"],
  ["channel", "Channel"],
];

export function Senders({ report, rows, wanted }: SendersProps) {
  const by = wanted.by ?? "sender";
  return (
    <section class="stack">
      <div class="beside apart">
        <h2>By whom</h2>
        <SelectField
          label="One row for each"
          value={by}
          change={(value) => go(withQuery("/delivery", { ...wanted, by: value }))}
          options={BY}
        />
      </div>
      <Table
        caption="What became of messages, by whom they were sent"
        rows={rows}
        id={(row) => JSON.stringify(row.of)}
        columns={columnsOf(report, wanted, by === "sender")}
      />
      <details>
        <summary>Whose limits these are</summary>
        <div class="stack tight">{SOURCES.map((each) => <p key={each}>{each}</p>)}</div>
      </details>
    </section>
  );
}

function columnsOf(report: Report, wanted: Wanted, single: boolean): readonly ColumnOf<Row>[] {
  const figure = (name: string, outcome: Outcome, more?: Partial<Figured>): ColumnOf<Row> => ({
    name,
    number: true,
    cell: (row) => <Figure row={row} outcome={outcome} report={report} {...more} />,
  });
  const of = (whole: Outcome) => ({ whole });
  const alone: readonly ColumnOf<Row>[] = [
    { name: "Late at most", cell: ({ one }) => one && <Late of={one} /> },
    { name: "Speed now", cell: ({ one }) => one && <Speed of={one.throttle} /> },
  ];
  return [
    { name: "Sender", cell: (row) => <Name of={row.of} wanted={wanted} /> },
    figure("Sent", "sent"),
    figure("Delivered", "delivered", of("sent")),
    figure("Read", "read", of("delivered")),
    figure("Failed", "failed", of("sent")),
    figure("Bounced", "bounced", {
      whole: "sent",
      verdict: (row) => bounces(row.of.channel!, row),
    }),
    figure("Unknown", "unknown", of("sent")),
    figure("Complaints", "complained", {
      whole: "delivered",
      verdict: (row) => complaints(row.of.channel!, row),
    }),
    figure("Opt-outs", "opted_out", of("delivered")),
    ...(single ? alone : []),
  ];
}

function Name({ of, wanted }: { of: Row["of"]; wanted: Wanted }) {
  const { channel, provider, sender } = of;
  const query = { ...wanted, channel, provider, sender };
  return (
    <span class="stack tight">
      <a href={`#${withQuery("/delivery", query)}`}>
        {sender ?? provider ?? channelName(channel!)}
      </a>
      <span class="small soft">
        {sender !== undefined
          ? `${channelName(channel!)}, ${provider}`
          : provider !== undefined && channelName(channel!)}
      </span>
    </span>
  );
}

interface Figured {
  row: Row;
  outcome: Outcome;
  report: Report;
  whole?: Outcome;
  verdict?: (row: Row) => Verdict | undefined;
}

function Figure({ row, outcome, report, whole, verdict }: Figured) {
  const found = verdict?.(row);
  return (
    <span class="stack tight">
      {row[outcome]
        ? <a href={linkOf(report, [outcome, row.of])}>{row[outcome].toLocaleString()}</a>
        : <span>0</span>}
      {whole && row[whole] > 0 && (
        <span class="small soft">{percent(row[outcome], row[whole])}</span>
      )}
      {found && (
        <span class="small" title={SOURCES.join(" ")}>
          <Tag name={found.sign} words={found.words} />
        </span>
      )}
    </span>
  );
}

function Late({ of: { lateness } }: { of: SenderFigures }) {
  if (!lateness.count) return <span class="soft">–</span>;
  const { p50_s, p95_s, p99_s } = lateness;
  return (
    <span class="stack tight small">
      {([["50 %", p50_s], ["95 %", p95_s], ["99 %", p99_s]] as const).map(([share, seconds]) => (
        <span class="nowrap" key={share}>
          <span class="soft">{share}</span> {late(seconds)}
        </span>
      ))}
    </span>
  );
}

type Throttle = SenderFigures["throttle"];

function Speed({ of }: { of: Throttle }) {
  const usual = of.rate_per_s === null ? "any rate" : rate(of.rate_per_s);
  return (
    <span class="stack tight">
      {of.share < 1
        ? (
          <>
            <Tag name="degraded" words={`slowed to ${percent(of.share, 1)}`} />
            {of.allowed_per_s !== null && (
              <span class="small soft">{rate(of.allowed_per_s)} of {usual}</span>
            )}
          </>
        )
        : <span>{usual}</span>}
      {of.whole_again_at && (
        <span class="small soft">
          whole again <When at={of.whole_again_at} />
        </span>
      )}
      {of.held_until && (
        <span class="small">
          held until <When at={of.held_until} />
        </span>
      )}
      {of.left_today !== null && (
        <span class="small soft">{of.left_today.toLocaleString()} left today (warm-up)</span>
      )}
    </span>
  );
}
