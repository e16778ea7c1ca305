/** Delivery: what became of messages, by day, channel, provider and sender. */

import { api, ask } from "../../api.ts";
import { EACH_MINUTE, useLive } from "../../live.ts";
import { count } from "../../logic/campaigns/campaign.ts";
import { behind, type By, grouped, OUTCOMES, type Report } from "../../logic/campaigns/delivery.ts";
import { Failure, Waiting } from "../../parts/failure.tsx";
import { When } from "../../parts/time.tsx";
import { type PageProps, withQuery } from "../../routes.ts";
import { Days } from "./delivery/days.tsx";
import { Filters } from "./delivery/filters.tsx";
import { Reasons } from "./delivery/reasons.tsx";
import { Senders } from "./delivery/senders.tsx";
import { Lateness } from "./lateness.tsx";

export interface Wanted {
  from?: string;
  to?: string;
  channel?: string;
  provider?: string;
  sender?: string;
  by?: string;
}

export default function Delivery({ query }: PageProps) {
  const wanted: Wanted = Object.fromEntries(query);
  const { by: _by, ...asked } = wanted;
  const report = useLive(
    JSON.stringify(asked),
    (signal) => {
      const params = { query: asked as { channel?: "sms" } };
      return ask(api.GET("/delivery", { params, signal }));
    },
    () => EACH_MINUTE,
  );
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>Delivery</h1>
          <p class="soft">
            What became of messages, each figure on the day (UTC) on which that happened.
            {report.value && (
              <>
                {" "}As of <When at={report.value.now} seconds />.
              </>
            )}
          </p>
        </div>
      </div>
      <Filters wanted={wanted} report={report.value} refused={report.refused} />
      <Failure of={report.refused} />
      {!report.value
        ? !report.refused && <Waiting />
        : <Shown report={report.value} wanted={wanted} />}
    </div>
  );
}

/** Return the address of the people behind a figure of a report. */
export function linkOf(
  report: Report,
  [outcome, of, reason]: [Parameters<typeof behind>[0], Parameters<typeof behind>[1], string?],
): string {
  return `#${withQuery("/messages", behind(outcome, of, report.from, report.to, reason))}`;
}

function Shown({ report, wanted }: { report: Report; wanted: Wanted }) {
  const { channel, provider, sender } = wanted;
  const of = { channel, provider, sender };
  if (!report.senders.length) {
    return (
      <div class="sheet empty">
        <p>
          Nothing became of any message on these days. Choose other days, or{" "}
          <a href="#/campaigns">look at the campaigns</a>.
        </p>
      </div>
    );
  }
  return (
    <>
      {report.left_out > 0 && (
        <p class="notice warn">
          {count(report.left_out, "campaign")} at work or just ended{" "}
          {report.left_out === 1 ? "has" : "have"}{" "}
          newer figures than are counted here: too many are at work to be read at once.
        </p>
      )}
      <section class="sheet stack" aria-label="All together">
        <dl class="figures">
          {OUTCOMES.map((outcome) => (
            <div key={outcome}>
              <dt>{outcome.replace("_", " ")}</dt>
              <dd>
                {report.total[outcome]
                  ? (
                    <a href={linkOf(report, [outcome, of])}>
                      {report.total[outcome].toLocaleString()}
                    </a>
                  )
                  : "0"}
              </dd>
            </div>
          ))}
        </dl>
        <Lateness of={report.total.lateness} what="Messages" />
      </section>
      <Days report={report} />
      <Senders
        report={report}
        rows={grouped(report.senders, (wanted.by ?? "sender") as By)}
        wanted={wanted}
      />
      <Reasons report={report} of={of} />
    </>
  );
}
