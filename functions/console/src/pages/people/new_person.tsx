/** Adding one person. */

import { useState } from "preact/hooks";
import { useAction } from "../../action.ts";
import { api, ask, Refused } from "../../api.ts";
import { attributesOf, changes } from "../../logic/people/person.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Failure } from "../../parts/failure.tsx";
import { go } from "../../routes.ts";
import { emptyForm, PersonFields } from "./person_fields.tsx";

export function NewPerson({ close }: { close(): void }) {
  const [form, setForm] = useState(emptyForm);
  const attributes = attributesOf(form.attributes);
  const add = useAction(async (key) => {
    const made = await ask(
      api.POST("/contacts", {
        params: { header: { "Idempotency-Key": key } },
        body: { ...changes({}, form.texts), active: form.active, attributes },
      }),
    );
    close();
    go(`/people/${made.id}`);
  });
  const broken = add.failed instanceof Refused ? add.failed.broken : [];
  const noLines = attributes
    ? []
    : [{ field: "attributes", message: "Each line is name = value." }];
  return (
    <Dialog title="Add a person" close={close} kind="drawer">
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (attributes) add.run();
        }}
      >
        <PersonFields form={form} change={setForm} broken={[...broken, ...noLines]} />
        <Failure of={add.failed} />
        <div>
          <button type="submit" class="main-action" aria-disabled={add.busy}>Add</button>
        </div>
      </form>
    </Dialog>
  );
}
