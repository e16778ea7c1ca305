/** How the organisation's sending goes: campaigns and messages by status, and how late they are. */

import type { Schemas } from "../../api.ts";
import { count } from "../../logic/campaigns/campaign.ts";
import { Lateness } from "./lateness.tsx";

type Status = Schemas["ShownStatus"];

export function Sending({ of }: { of: Status }) {
  const { campaigns, messages, counted } = of;
  return (
    <div class="columns">
      <section class="sheet stack">
        <h2>Campaigns</h2>
        <Counts counts={campaigns} link={(status) => `#/campaigns?status=${status}`} />
        <Lateness of={of.start_lateness} what="Starts" />
      </section>
      <section class="sheet stack">
        <h2>Messages of those at work</h2>
        <Counts counts={messages} link={(status) => `#/messages?status=${status}`} />
        <Lateness of={of.message_lateness} what="Messages" />
        <p class="small soft">
          Of {count(counted.campaigns, "campaign")}: the newest that run or ended within{" "}
          {counted.ended_within_h} hours, {counted.at_most} at most.
        </p>
      </section>
    </div>
  );
}

interface CountsProps {
  counts: Record<string, number>;
  link(status: string): string;
}

function Counts({ counts, link }: CountsProps) {
  const some = Object.entries(counts).filter(([, number]) => number);
  if (!some.length) return <p class="soft">There are none.</p>;
  return (
    <dl class="figures">
      {some.map(([status, number]) => (
        <div key={status}>
          <dt>{status.replaceAll("_", " ")}</dt>
          <dd>
            <a href={link(status)}>{number.toLocaleString()}</a>
          </dd>
        </div>
      ))}
    </dl>
  );
}
