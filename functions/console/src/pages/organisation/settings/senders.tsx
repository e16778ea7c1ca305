/** What people see messages come from, and what may be sent from. */

import { SENDING } from "../../../logic/settings/draft.ts";
import { channelName } from "../../../logic/words/words.ts";
import { AreaField, Choices, TextField } from "../../../parts/field.tsx";
import { type Session, session } from "../../../session.ts";
import { useSignal } from "../../../signal.ts";
import type { PartProps } from "./form.tsx";

export function Senders({ draft, change, problem }: PartProps) {
  const who = useSignal(session);
  return (
    <section class="sheet stack">
      <h2>Senders</h2>
      <p class="soft">
        The number, name or address that people see where a campaign does not say otherwise.
      </p>
      <div class="columns">
        {SENDING.map((channel) => (
          <TextField
            key={channel}
            label={channelName(channel)}
            hint={providerOf(who, channel)}
            value={draft.senders[channel]}
            change={(text) => change({ senders: { ...draft.senders, [channel]: text } })}
            error={problem(`senders.${channel}`)}
            autocomplete="off"
          />
        ))}
      </div>
      <Choices
        legend="May be sent from"
        value={draft.only ? "only" : "all"}
        change={(value) => change({ only: value === "only" })}
        options={[
          ["all", "All that the deployment grants"],
          ["only", "Only some of it", "named one by one"],
        ]}
      />
      {draft.only && (
        <AreaField
          label="Allowed senders"
          hint="One on a line: a number, address, @domain, name, id, or template:NAME."
          value={draft.allowed}
          change={(allowed) => change({ allowed })}
          error={problem("allowed_senders")}
          rows={4}
        />
      )}
    </section>
  );
}

/** Return who carries a channel here. */
export function providerOf(who: Session | undefined, channel: string): string {
  const found = who?.channels.find((each) => each.channel === channel);
  if (!found) return "Not set up in this deployment.";
  return found.simulated ? "By the simulator: nobody is reached." : `By ${found.provider}.`;
}
