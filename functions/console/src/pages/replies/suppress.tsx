/** Suppressing addresses: one, or as many as are pasted. What is refused stays to be mended. */

import { useState } from "preact/hooks";
import { useAction } from "../../action.ts";
import { api, ask, Refused } from "../../api.ts";
import { instant, type Moment, momentOf } from "../../logic/moment.ts";
import { addressed, addresses, type Scope, SCOPES } from "../../logic/people/suppression.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Failure } from "../../parts/failure.tsx";
import { AreaField, CheckField, SelectField, TextField } from "../../parts/field.tsx";
import { MomentField } from "../../parts/moment.tsx";
import { tell } from "../../parts/notes.tsx";
import { HERE } from "../../parts/time.tsx";

interface SuppressProps {
  /** Whom it is about, where that is known. */
  address?: string;
  close(): void;
  done(): void;
}

export function Suppress({ address, close, done }: SuppressProps) {
  const [text, setText] = useState(address ?? "");
  const [scope, setScope] = useState<Scope>("all");
  const [reason, setReason] = useState("");
  const [ends, setEnds] = useState(false);
  const [until, setUntil] = useState<Moment>(() => momentOf(undefined, HERE));
  const [wrong, setWrong] = useState<readonly string[]>([]);

  const suppress = useAction(async () => {
    const wanted = addresses(text);
    const refused: string[] = [];
    const left: string[] = [];
    for (const each of wanted) {
      const body = { ...addressed(each), scope, reason, until: ends ? instant(until) : undefined };
      try {
        await ask(api.POST("/suppressions", { body }));
      } catch (error) {
        if (!(error instanceof Refused) || !error.of("phone") && !error.of("email")) throw error;
        refused.push(`${each}: ${error.of("phone") ?? error.of("email")}`);
        left.push(each);
      }
    }
    const made = wanted.length - left.length;
    if (made) tell(made === 1 ? "The address is suppressed." : `${made} addresses are suppressed.`);
    done();
    if (!left.length) return close();
    setText(left.join("\n"));
    setWrong(refused);
  });
  const failed = suppress.failed instanceof Refused ? suppress.failed : undefined;
  return (
    <Dialog title="Suppress" close={close} kind="drawer">
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          suppress.run();
        }}
      >
        <AreaField
          label="Numbers or e-mail addresses, one a line"
          rows={address ? 1 : 4}
          error={wrong.join("; ") || undefined}
          value={text}
          change={setText}
        />
        <SelectField
          label="What must not reach them"
          value={scope}
          change={(value) => setScope(value as Scope)}
          options={SCOPES}
        />
        <TextField
          label="Reason"
          hint="Whoever asks why somebody got nothing reads this"
          error={failed?.of("reason")}
          value={reason}
          change={setReason}
        />
        <CheckField label="It ends" checked={ends} change={setEnds} />
        {ends && (
          <MomentField
            label="Until"
            error={failed?.of("until")}
            value={until}
            change={setUntil}
          />
        )}
        <Failure of={suppress.failed} />
        <div>
          <button
            type="submit"
            class="main-action"
            disabled={!addresses(text).length || (ends && !instant(until))}
            aria-disabled={suppress.busy}
          >
            Suppress
          </button>
        </div>
      </form>
    </Dialog>
  );
}
