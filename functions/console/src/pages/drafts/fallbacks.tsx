/** How those are reached whom the message before did not reach, one after the other. */

import { useRef } from "preact/hooks";
import { type Fallback, nothingSaid, says } from "../../logic/campaigns/draft.ts";
import { CheckField, SelectField, TextField } from "../../parts/field.tsx";
import { useFields } from "../../words/people.ts";
import { SourceField } from "../../words/source.tsx";
import { CHANNELS, SenderFields, useChannels } from "./channel.tsx";
import { about, type Draft, sentence } from "./draft.ts";
import { ProviderFields } from "./provider.tsx";

const MOST = 3;

export function FallbacksPart({ draft, senders }: {
  draft: Draft;
  senders: Readonly<Record<string, string>>;
}) {
  const { fallbacks, channel } = draft.form;
  const channels = useChannels();
  const list = useRef<HTMLOListElement>(null);
  const put = (at: number, part: Partial<Fallback>) =>
    draft.change({
      fallbacks: fallbacks.map((each, index) => index === at ? { ...each, ...part } : each),
    });

  function add(): void {
    const next = channels.find((each) => each !== channel) ?? channel;
    const made = {
      ...nothingSaid(next),
      key: crypto.randomUUID(),
      after: ["failed"],
      wait_min: "0",
    };
    draft.change({ fallbacks: [...fallbacks, made] });
  }

  /** Moves one up or down; the focus goes with it. */
  function move(at: number, by: 1 | -1): void {
    const after = [...fallbacks];
    [after[at], after[at + by]] = [after[at + by], after[at]];
    draft.change({ fallbacks: after });
    requestAnimationFrame(() => {
      const item = list.current?.children[at + by];
      const buttons = item?.querySelectorAll<HTMLButtonElement>("[data-move]:not(:disabled)") ?? [];
      const same = [...buttons].find((each) => each.dataset.move === String(by));
      (same ?? buttons[0])?.focus();
    });
  }

  return (
    <div class="stack">
      <h3>Fallbacks</h3>
      <p class="soft">
        Whom the message does not reach is written to by the first of these, whom that does not
        reach by the second.
      </p>
      <ol class="fallback-list" ref={list}>
        {fallbacks.map((each, at) => (
          <li key={each.key} class="sheet">
            <div class="beside apart">
              <h4>{at + 1}. {CHANNELS[each.channel][0]}</h4>
              <div class="beside">
                <button
                  type="button"
                  data-move="-1"
                  disabled={at === 0}
                  aria-label={`Move fallback ${at + 1} up`}
                  onClick={() => move(at, -1)}
                >
                  Up
                </button>
                <button
                  type="button"
                  data-move="1"
                  disabled={at === fallbacks.length - 1}
                  aria-label={`Move fallback ${at + 1} down`}
                  onClick={() => move(at, 1)}
                >
                  Down
                </button>
                <button
                  type="button"
                  class="plain"
                  aria-label={`Take out fallback ${at + 1}`}
                  onClick={() =>
                    draft.change({ fallbacks: fallbacks.filter((_, index) => index !== at) })}
                >
                  Take out
                </button>
              </div>
            </div>
            <OneFallback
              draft={draft}
              at={at}
              fallback={each}
              change={(part) => put(at, part)}
              senders={senders}
            />
          </li>
        ))}
      </ol>
      {fallbacks.length < MOST && (
        <div>
          <button type="button" onClick={add}>Add a fallback</button>
        </div>
      )}
    </div>
  );
}

/** The failures that a fallback may follow, in words. */
const AFTER: readonly (readonly [string, string])[] = [
  ["failed", "Every failure"],
  ["no_address", "They have no address for it"],
  ["not_delivered", "No receipt has told in time that it arrived"],
  ["no_answer", "Nobody answered"],
  ["busy", "The line was busy"],
  ["machine", "A machine answered"],
  ["bounced", "The mail came back"],
  ["unknown", "Nobody knows whether it was sent: they may get it twice"],
];

interface OneProps {
  draft: Draft;
  at: number;
  fallback: Fallback;
  change(part: Partial<Fallback>): void;
  senders: Readonly<Record<string, string>>;
}

function OneFallback({ draft, at, fallback, change, senders }: OneProps) {
  const channels = useChannels();
  const fields = useFields();
  const error = (field: string) => sentence(draft, `fallbacks.${at}.${field}`);
  const { channel, after } = fallback;
  const others = after.filter((each) => !AFTER.some(([known]) => known === each));
  const toggle = (cause: string) =>
    change({
      after: after.includes(cause) ? after.filter((each) => each !== cause) : [...after, cause],
    });
  return (
    <div class="stack">
      <div class="columns">
        <SelectField
          label="Channel"
          value={channel}
          change={(next) => change({ channel: next as Fallback["channel"], sender: "" })}
          error={error("channel")}
          options={channels.map((each) => [each, CHANNELS[each][0]] as const)}
        />
        <TextField
          label="Minutes to wait first"
          type="number"
          min={0}
          step="any"
          value={fallback.wait_min}
          change={(wait_min) => change({ wait_min })}
          error={error("wait_s")}
        />
      </div>
      <SenderFields said={fallback} change={change} error={error} senders={senders} />
      {says(channel, "subject") && (
        <TextField
          label="Subject"
          value={fallback.subject}
          change={(subject) => change({ subject })}
          error={error("subject")}
        />
      )}
      {says(channel, "text") && (
        <SourceField
          label={channel === "email" ? "Plain text" : "Text"}
          value={fallback.text}
          change={(text) => change({ text })}
          marks={about(draft, `fallbacks.${at}.base_template`)}
          fields={fields}
          rows={3}
        />
      )}
      {says(channel, "html") && (
        <SourceField
          label="HTML"
          value={fallback.html}
          change={(html) => change({ html })}
          marks={about(draft, `fallbacks.${at}.html`)}
          fields={fields}
        />
      )}
      {says(channel, "provider_template") && (
        <ProviderFields said={fallback} change={change} error={error} />
      )}
      <fieldset>
        <legend>It follows where</legend>
        {AFTER.map(([cause, words]) => (
          <CheckField
            key={cause}
            label={words}
            checked={after.includes(cause)}
            change={() => toggle(cause)}
          />
        ))}
        {others.map((cause) => (
          <CheckField
            key={cause}
            label={<code>{cause}</code>}
            checked
            change={() => toggle(cause)}
          />
        ))}
        {error("after") && <div class="bad">{error("after")}</div>}
      </fieldset>
    </div>
  );
}
