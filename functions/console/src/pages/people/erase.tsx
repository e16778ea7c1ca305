/** Forgetting somebody: it says what goes, and what must stay so that they are left in peace. */

import { useAction } from "../../action.ts";
import { api, ask, type Schemas } from "../../api.ts";
import { Confirm } from "../../parts/dialog.tsx";
import { tell } from "../../parts/notes.tsx";
import { nameOf } from "../../parts/person.tsx";
import { go } from "../../routes.ts";

interface EraseProps {
  person: Schemas["ContactItem"];
  close(): void;
}

export function Erase({ person, close }: EraseProps) {
  const erase = useAction(async (key) => {
    await ask(
      api.POST("/erasures", {
        params: { header: { "Idempotency-Key": key } },
        body: { contact_id: person.id },
      }),
    );
    tell("They are forgotten.");
    go("/people");
  });
  return (
    <Confirm
      title={`Erase ${nameOf(person)}?`}
      does="Erase for good"
      typed="erase"
      danger
      action={erase}
      close={close}
    >
      <p>
        Their fields, lists, walks and what was written to them and by them go for good, from every
        campaign. Counts stay, and so does a mark, from which nobody can tell who they are, that
        they must not be contacted where they had asked for that. This cannot be taken back.
      </p>
    </Confirm>
  );
}
