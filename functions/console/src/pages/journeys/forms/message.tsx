/** What a step says, and by which channel: the same members for nodes, steps and fallbacks. */

import { CHANNELS } from "../../../logic/plan/words.ts";
import { AreaField, SelectField } from "../../../parts/field.tsx";
import { OptionalField, type Wrong } from "./fields.tsx";

type Members = Record<string, unknown>;

interface MessageProps {
  of: Members;
  /** The channel where the message names none. */
  usual: string;
  change(members: Members): void;
  wrong: Wrong;
}

export function MessageForm({ of, usual, change, wrong }: MessageProps) {
  const channel = String(of.channel ?? usual);
  const optional = (name: string, label: string, hint?: string) => (
    <OptionalField
      label={label}
      hint={hint}
      error={wrong(name)}
      value={of[name]}
      change={(value) => change({ [name]: value })}
    />
  );
  const text = (name: string, label: string, rows: number) => (
    <AreaField
      label={label}
      rows={rows}
      error={wrong(name)}
      value={String(of[name] ?? "")}
      change={(value) => change({ [name]: value || undefined })}
    />
  );
  return (
    <div class="stack">
      <SelectField
        label="Channel"
        error={wrong("channel")}
        value={channel}
        change={(value) => change({ channel: value })}
        options={Object.entries(CHANNELS).filter(([name]) =>
          name !== "callback" || channel === name
        )}
      />
      {channel !== "webhook" && channel !== "callback" &&
        optional("sender", "Sender", "Empty: the organisation's own")}
      {channel === "email" && optional("subject", "Subject")}
      {channel === "voice" && (
        <>
          {optional(
            "botUrl",
            "Bot URL",
            "ws:// or wss://; the bot that an answered call is connected to",
          )}
          <SelectField
            label="Answering machines"
            value={String(of.machineDetection ?? "")}
            change={(value) => change({ machineDetection: value || undefined })}
            options={[["", "Not looked for"], ["true", "Told apart"], ["hangup", "Hung up on"]]}
          />
        </>
      )}
      {channel === "webhook" &&
        optional("webhookUrl", "Webhook URL", "Empty: the organisation's own")}
      {channel === "whatsapp" && (
        <>
          {optional(
            "providerTemplate",
            "Template at the provider",
            "Needed outside of the 24 hours after a reply",
          )}
          {optional("language", "Its language", "Such as en or pt_BR")}
        </>
      )}
      {channel !== "voice" && channel !== "callback" && text("body", "Text", 4)}
      {channel === "email" && text("html", "HTML", 4)}
    </div>
  );
}
