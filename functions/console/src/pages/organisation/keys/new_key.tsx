/** A key is made: for what, until when; then it is shown, once. */

import { useState } from "preact/hooks";
import { api, ask } from "../../../api.ts";
import { useAction } from "../../../action.ts";
import { type Area, AREAS, ROLES } from "../../../logic/organisation/api_key.ts";
import { instant, type Moment, momentOf } from "../../../logic/moment.ts";
import { Dialog } from "../../../parts/dialog.tsx";
import { Failure } from "../../../parts/failure.tsx";
import { CheckField, Choices, TextField } from "../../../parts/field.tsx";
import { MomentField } from "../../../parts/moment.tsx";
import { Secret } from "../../../parts/secret.tsx";
import { HERE } from "../../../parts/time.tsx";
import { type Role, session } from "../../../session.ts";
import { useSignal } from "../../../signal.ts";

/** The key, once. */
export function KeyShown({ token, close }: { token: string; close(): void }) {
  return (
    <Dialog title="The key" close={close}>
      <div class="stack">
        <Secret
          label="Key"
          value={token}
          hint="Keep it where the program finds it, and nowhere else. It is not shown again."
        />
        <div>
          <button type="button" class="main-action" onClick={close}>I have kept it</button>
        </div>
      </div>
    </Dialog>
  );
}

export function NewKey(props: { close(): void; made(token: string): void }) {
  return (
    <Dialog title="New key" close={props.close}>
      <KeyForm {...props} />
    </Dialog>
  );
}

function KeyForm({ close, made }: { close(): void; made(token: string): void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [areas, setAreas] = useState<readonly Area[] | undefined>();
  const [until, setUntil] = useState<Moment | undefined>();
  const make = useAction(async (key) => {
    const body = {
      name,
      role,
      areas: areas && [...areas],
      expires_at: until && (instant(until) ?? until.local),
    };
    const headers = { "Idempotency-Key": key };
    const answer = await ask(api.POST("/api-keys", { body, headers }));
    made(answer.token);
  });
  const failed = make.failed;
  const problem = (field: string) => failed && "of" in failed ? failed.of(field) : undefined;
  return (
    <form
      class="stack wide"
      onSubmit={(event) => {
        event.preventDefault();
        make.run();
      }}
    >
      <TextField
        label="Name"
        hint="Which program it is for: it stands in the audit trail."
        value={name}
        change={setName}
        error={problem("name")}
        autocomplete="off"
      />
      <Choices
        legend="Role"
        value={role}
        change={(value) => setRole(value as Role)}
        options={ROLES}
      />
      <Areas chosen={areas} change={setAreas} error={problem("areas")} />
      <div class="stack tight">
        <CheckField
          label="It expires"
          checked={!!until}
          change={(on) => setUntil(on ? momentOf(undefined, HERE) : undefined)}
        />
        {until && (
          <MomentField
            label="Expires"
            value={until}
            change={setUntil}
            error={problem("expires_at")}
          />
        )}
      </div>
      <Failure of={failed} />
      <div class="beside">
        <button type="submit" class="main-action" aria-disabled={make.busy}>Make the key</button>
        <button type="button" onClick={close}>Leave it</button>
      </div>
    </form>
  );
}

interface AreasProps {
  chosen: readonly Area[] | undefined;
  change(chosen: readonly Area[] | undefined): void;
  error?: string;
}

/** What of the API it may ask for; who is limited themselves hands on no more than they have. */
function Areas({ chosen, change, error }: AreasProps) {
  const mine = useSignal(session)?.areas;
  const offered = AREAS.filter(([area]) => !mine || mine.includes(area));
  return (
    <fieldset class="stack tight">
      <legend>Areas</legend>
      {!mine && (
        <CheckField
          label="All areas, as far as its role goes"
          checked={!chosen}
          change={(all) => change(all ? undefined : [])}
        />
      )}
      {(chosen || mine) && offered.map(([area, name, shows]) => (
        <CheckField
          key={area}
          label={
            <>
              {name} <span class="soft small">{shows}</span>
            </>
          }
          checked={!!chosen?.includes(area)}
          change={(on) =>
            change(on ? [...chosen ?? [], area] : (chosen ?? []).filter((one) => one !== area))}
        />
      ))}
      {error && <div class="field error bad">{error}</div>}
    </fieldset>
  );
}
