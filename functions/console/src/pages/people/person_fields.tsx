/** The fields of a person, for a new one and for a known one. */

import type { BrokenRule } from "../../api.ts";
import { zones } from "../../logic/moment.ts";
import { AreaField, CheckField, SelectField, TextField } from "../../parts/field.tsx";
import { HERE } from "../../parts/time.tsx";

/** The fields as texts; empty ones are not there. */
export interface PersonForm {
  texts: Record<string, string>;
  attributes: string;
  active: boolean;
}

const FIELDS = [
  ["phone", "Number", "tel"],
  ["email", "E-mail", "email"],
  ["first_name", "First name", "text"],
  ["last_name", "Last name", "text"],
  ["location", "Location", "text"],
  ["preferred_product", "Preferred product", "text"],
  ["external_id", "Id in another system", "text"],
] as const;

export const NAMES: readonly string[] = [...FIELDS.map(([name]) => name), "zone"];

export function emptyForm(): PersonForm {
  return {
    texts: Object.fromEntries(NAMES.map((name) => [name, ""])),
    attributes: "",
    active: true,
  };
}

interface FieldsProps {
  form: PersonForm;
  change(form: PersonForm): void;
  broken: readonly BrokenRule[];
}

export function PersonFields({ form, change, broken }: FieldsProps) {
  const of = (field: string) => broken.find((rule) => rule.field === field)?.message;
  const set = (name: string, value: string) =>
    change({ ...form, texts: { ...form.texts, [name]: value } });
  return (
    <div class="stack">
      {FIELDS.map(([name, words, type]) => (
        <TextField
          key={name}
          label={words}
          type={type === "email" ? "text" : type}
          autocomplete="off"
          error={of(name)}
          value={form.texts[name]}
          change={(value) => set(name, value)}
        />
      ))}
      <SelectField
        label="Zone"
        error={of("zone")}
        value={form.texts.zone}
        change={(value) => set("zone", value)}
        options={[
          ["", "As their number tells"],
          ...zones([form.texts.zone, HERE]).map((each) => [each, each] as const),
        ]}
      />
      <AreaField
        label="Attributes, one a line"
        hint="As plan = gold"
        rows={3}
        error={of("attributes")}
        value={form.attributes}
        change={(attributes) => change({ ...form, attributes })}
      />
      <CheckField
        label="Active: campaigns to everybody reach them"
        checked={form.active}
        change={(active) => change({ ...form, active })}
      />
    </div>
  );
}
