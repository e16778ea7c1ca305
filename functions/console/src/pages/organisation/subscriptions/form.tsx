/** The form of a subscription: where to, and of what it is told. */

import type { ComponentChildren } from "preact";
import type { Action } from "../../../action.ts";
import { Refused } from "../../../api.ts";
import { type Draft, EVENTS, type EventType } from "../../../logic/organisation/subscription.ts";
import { Failure } from "../../../parts/failure.tsx";
import { CheckField, TextField } from "../../../parts/field.tsx";

interface FormProps {
  draft: Draft;
  change(draft: Draft): void;
  action: Action<[]>;
  does: string;
  close(): void;
  /** What stands above the buttons. */
  children?: ComponentChildren;
}

export function SubscriptionForm({ draft, change, action, does, close, children }: FormProps) {
  const failed = action.failed instanceof Refused ? action.failed : undefined;
  function toggle(event: EventType, on: boolean): void {
    const others = draft.events.filter((each) => each !== event);
    change({ ...draft, events: on ? [...others, event] : others });
  }
  return (
    <form
      class="stack wide"
      onSubmit={(event) => {
        event.preventDefault();
        action.run();
      }}
    >
      <TextField
        label="URL"
        hint="https, and on the public Internet. It is posted to, and answers 2xx within 10 seconds."
        value={draft.url}
        change={(url) => change({ ...draft, url })}
        error={failed?.of("url")}
        autocomplete="off"
      />
      <TextField
        label="Description"
        hint="Whose system it is."
        value={draft.description}
        change={(description) => change({ ...draft, description })}
        error={failed?.of("description")}
        autocomplete="off"
      />
      <div class="stack">
        {EVENTS.map(([group, events]) => (
          <fieldset key={group}>
            <legend>{group}</legend>
            {events.map(([event, when]) => (
              <CheckField
                key={event}
                label={
                  <>
                    <code>{event}</code> <span class="soft small">{when}</span>
                  </>
                }
                checked={draft.events.includes(event)}
                change={(on) => toggle(event, on)}
              />
            ))}
          </fieldset>
        ))}
        {failed?.of("events") && <p class="bad">{failed.of("events")}</p>}
      </div>
      {children}
      <Failure of={failed?.status === 412 ? undefined : action.failed} />
      <div class="beside">
        <button type="submit" class="main-action" aria-disabled={action.busy}>{does}</button>
        <button type="button" onClick={close}>Leave it</button>
      </div>
    </form>
  );
}
