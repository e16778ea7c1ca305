/** What a campaign says, to whom, when and how; and the way to change it. */

import type { ComponentChildren } from "preact";
import { span, When } from "../../../parts/time.tsx";
import { useMay } from "../../../session.ts";
import type { Campaign } from "../campaign.tsx";
import { AudienceName } from "./audience_name.tsx";

export function About({ campaign }: { campaign: Campaign }) {
  const mayEdit = useMay("operator", "campaigns");
  const canChange = campaign.status === "scheduled" && campaign.repeat !== null;
  return (
    <section class="sheet stack">
      <div class="beside apart">
        <h2>What it says, and how</h2>
        {mayEdit && canChange && <a href={`#/campaigns/${campaign.id}/edit`}>Edit</a>}
      </div>
      <Text of={campaign} />
      <dl class="facts">
        <Fact name="To">
          <AudienceName campaign={campaign} />
        </Fact>
        <Fact name="From">{campaign.sender || "the organisation's sender"}</Fact>
        {campaign.template_id && (
          <Fact name="Template">
            <a href={`#/templates/${campaign.template_id}`}>
              version {campaign.template_version}
            </a>
          </Fact>
        )}
        {campaign.bot_url && <Fact name="Bot">{campaign.bot_url}</Fact>}
        {campaign.webhook_url && <Fact name="Posted to">{campaign.webhook_url}</Fact>}
        <Manners of={campaign} />
        <Fact name="Made">
          <When at={campaign.created_at} /> by {campaign.created_by}
        </Fact>
        {campaign.scheduled_at && (
          <Fact name="Scheduled">
            for <When at={campaign.scheduled_at} />
            {campaign.scheduled_by && ` by ${campaign.scheduled_by}`}
          </Fact>
        )}
      </dl>
      <Fallbacks of={campaign} />
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Text({ of }: { of: Campaign }) {
  const said = of.base_template || of.provider_template;
  if (!of.subject && !said) return null;
  return (
    <div class="stack tight">
      {of.subject && <strong>{of.subject}</strong>}
      {of.base_template && <pre class="quote">{of.base_template}</pre>}
      {of.provider_template && (
        <p>The provider's template {of.provider_template}, {of.language || "no language named"}</p>
      )}
      {of.html && <p class="soft small">It has HTML as well.</p>}
    </div>
  );
}

/** When it may send, and what stops it. */
function Manners({ of }: { of: Campaign }) {
  const { send_window, guardrail, canary } = of;
  return (
    <>
      {send_window && (
        <Fact name="Sends">
          {send_window.start} to {send_window.end} in each person's own time
          {send_window.days.length < 7 && `, ${send_window.days.map(dayOf).join(", ")}`}
        </Fact>
      )}
      {of.not_after && (
        <Fact name="Not after">
          <When at={of.not_after} />
        </Fact>
      )}
      {of.rate_per_s !== null && <Fact name="At most">{of.rate_per_s} messages a second</Fact>}
      {of.scheduled_at && of.late_start !== "run" && (
        <Fact name="Late start">
          after {span(of.grace_s)}: {of.late_start === "ask" ? "somebody is asked" : "left out"}
        </Fact>
      )}
      {canary && (
        <Fact name="Canary">
          {canary.first.toLocaleString()} first; stops if more than {canary.failed_percent}{" "}
          % of them fail within {span(canary.wait_s)}
        </Fact>
      )}
      {guardrail && (
        <Fact name="Guardrail">
          stops when more than {guardrail.failed_percent} % of the last{" "}
          {guardrail.of_last.toLocaleString()} fail
        </Fact>
      )}
    </>
  );
}

function dayOf(day: string): string {
  return day.charAt(0).toUpperCase() + day.slice(1);
}

/** What follows for whom the message did not reach. */
function Fallbacks({ of }: { of: Campaign }) {
  if (!of.fallbacks.length) return null;
  return (
    <div class="stack tight">
      <h3>For whom it does not reach</h3>
      <ol class="fallbacks">
        {of.fallbacks.map((each, index) => (
          <li key={index}>
            <strong>{each.channel}</strong>{" "}
            {each.wait_s ? `${span(each.wait_s)} after` : "at once after"}{" "}
            {each.after.map((reason) => reason.replaceAll("_", " ")).join(", ")}
            {each.base_template && <pre class="quote">{each.base_template}</pre>}
          </li>
        ))}
      </ol>
    </div>
  );
}
