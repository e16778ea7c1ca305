/** By which channel, and from whom. */

import { type Channel, type Said, says } from "../../logic/campaigns/draft.ts";
import { Choices, TextField } from "../../parts/field.tsx";
import { session } from "../../session.ts";
import { useSignal } from "../../signal.ts";

/** What each channel is called, and what it needs. */
export const CHANNELS: Readonly<Record<Channel, readonly [name: string, needs: string]>> = {
  sms: ["SMS", "reaches phone numbers; needs a text"],
  whatsapp: ["WhatsApp", "reaches phone numbers; needs a text or the provider's template"],
  voice: ["Voice", "calls phone numbers; needs a number to call from and a bot that talks"],
  email: ["E-mail", "reaches mail addresses; needs a sender, a subject and a text"],
  webhook: ["Webhook", "posts each message to a system of yours; needs its URL"],
  callback: ["Program", "is done by a program of your own"],
};

/** The channels that are set up here. */
export function useChannels(): readonly Channel[] {
  const told = useSignal(session)?.channels.map((each) => each.channel) ?? [];
  return (Object.keys(CHANNELS) as Channel[]).filter((channel) => told.includes(channel));
}

interface ChannelProps {
  said: Said;
  change(part: Partial<Said>): void;
  error?(field: string): string | undefined;
  /** The organisation's own senders, by channel. */
  senders: Readonly<Record<string, string>>;
}

export function ChannelChoice({ said, change }: ChannelProps) {
  const channels = useChannels();
  const options = channels.map((each) => [each, ...CHANNELS[each]] as const);
  const absent = (Object.keys(CHANNELS) as Channel[])
    .filter((each) => each !== "callback" && !channels.includes(each))
    .map((each) => CHANNELS[each][0]);
  return (
    <>
      <Choices
        legend="Channel"
        value={said.channel}
        change={(channel) => change({ channel: channel as Channel, sender: "" })}
        options={options}
      />
      {absent.length > 0 && <p class="soft small">Not set up here: {absent.join(", ")}.</p>}
    </>
  );
}

const SENDERS: Readonly<Record<string, readonly [label: string, example: string]>> = {
  sms: ["Sender", "A number, or a name of up to 11 letters and digits"],
  whatsapp: ["Sender", "The number that people see"],
  voice: ["Number to call from", "With its country, such as +1 202 555 0111"],
  email: ["Sender", "Such as Shop <shop@example.com>"],
};

/** From whom it comes, and what it is connected with. */
export function SenderFields({ said, change, error, senders }: ChannelProps) {
  const own = senders[said.channel];
  const [label, example] = SENDERS[said.channel] ?? ["Sender", ""];
  return (
    <div class="columns">
      {says(said.channel, "sender") && (
        <TextField
          label={label}
          value={said.sender}
          change={(sender) => change({ sender })}
          error={error?.("sender")}
          placeholder={own}
          hint={own ? `Empty: the organisation's, ${own}` : example}
        />
      )}
      {says(said.channel, "bot_url") && (
        <TextField
          label="Bot"
          type="url"
          value={said.bot_url}
          change={(bot_url) => change({ bot_url })}
          error={error?.("bot_url")}
          placeholder="wss://"
          hint="Where an answered call is connected to, ws:// or wss://"
        />
      )}
      {says(said.channel, "webhook_url") && (
        <TextField
          label="Webhook"
          type="url"
          value={said.webhook_url}
          change={(webhook_url) => change({ webhook_url })}
          error={error?.("webhook_url")}
          placeholder="https://"
          hint="Where each message is posted to"
        />
      )}
    </div>
  );
}
