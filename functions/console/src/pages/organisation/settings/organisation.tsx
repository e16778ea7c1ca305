/** Who the organisation is, and where its people are taken to be. */

import { useId, useMemo } from "preact/hooks";
import { zones } from "../../../logic/moment.ts";
import { countries } from "../../../logic/words/words.ts";
import { SelectField, TextField } from "../../../parts/field.tsx";
import type { PartProps } from "./form.tsx";

export function Organisation({ draft, change, problem }: PartProps) {
  const list = useId();
  const places = useMemo(() => [["", "Nobody's"] as const, ...countries()], []);
  return (
    <section class="sheet stack">
      <h2>Organisation</h2>
      <div class="columns">
        <TextField
          label="Name"
          hint="What people read who unsubscribe."
          value={draft.name}
          change={(name) => change({ name })}
          error={problem("name")}
          autocomplete="off"
        />
        <TextField
          label="Address for unsubscribing"
          hint="Where mails go that ask to be unsubscribed. Empty: the deployment's."
          type="email"
          value={draft.unsubscribe_email}
          change={(unsubscribe_email) => change({ unsubscribe_email })}
          error={problem("unsubscribe_email")}
          autocomplete="off"
        />
        <TextField
          label="Time zone"
          hint="Of people whose own zone nobody knows. Empty: UTC."
          placeholder="Europe/Paris"
          value={draft.default_zone}
          change={(default_zone) => change({ default_zone })}
          error={problem("default_zone")}
          list={list}
          autocomplete="off"
        />
        <SelectField
          label="Country"
          hint="Whose national numbers files may hold, written without a plus."
          value={draft.default_country}
          change={(default_country) => change({ default_country })}
          error={problem("default_country")}
          options={places}
        />
      </div>
      <datalist id={list}>
        {zones([]).map((zone) => <option key={zone} value={zone} />)}
      </datalist>
      <TextField
        label="Receipts"
        hint="Seconds after a campaign's end at which its receipts are counted, such as 30, 300, 1800. Empty: as the deployment does."
        value={draft.polling}
        change={(polling) => change({ polling })}
        error={problem("polling_schedule_s")}
        autocomplete="off"
      />
    </section>
  );
}
