/** The same said by another channel, where the first one did not reach somebody. */

import { DurationField, OptionalField, type Wrong } from "./fields.tsx";
import { MessageForm } from "./message.tsx";
import { Order } from "./ways.tsx";

type Members = Record<string, unknown>;

interface FallbacksProps {
  of: readonly Members[];
  change(fallbacks: Members[]): void;
  wrong: Wrong;
}

/** So many a plan takes. */
const MOST = 3;

export function FallbacksForm({ of, change, wrong }: FallbacksProps) {
  const set = (index: number, members: Members) =>
    change(of.map((each, at) => at === index ? { ...each, ...members } : each));
  return (
    <fieldset class="stack">
      <legend>Fallbacks</legend>
      {of.map((fallback, index) => {
        const here: Wrong = (member) => wrong(`fallbacks/${index}/${member}`);
        return (
          <div class="sheet stack" key={index} role="group" aria-label={`Fallback ${index + 1}`}>
            <MessageForm
              of={fallback}
              usual="sms"
              change={(members) =>
                set(index, members)}
              wrong={here}
            />
            <OptionalField
              label="After"
              hint="What came of the one before, such as failed, skipped, no_answer"
              error={here("after")}
              value={((fallback.after ?? ["failed"]) as string[]).join(", ")}
              change={(text) =>
                set(index, { after: (text ?? "failed").split(/[\s,]+/).filter(Boolean) })}
            />
            <DurationField
              label="And then so long"
              hint="Empty: at once"
              error={here("wait")}
              value={fallback.wait}
              change={(wait) =>
                set(index, { wait })}
            />
            <Order list={of} index={index} change={change} />
          </div>
        );
      })}
      {of.length < MOST && (
        <div>
          <button type="button" onClick={() => change([...of, { channel: "sms", body: "" }])}>
            Add a fallback
          </button>
        </div>
      )}
    </fieldset>
  );
}
