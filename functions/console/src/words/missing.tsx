/** What becomes of those who lack a field. */

import type { Form } from "../logic/campaigns/draft.ts";
import { SelectField, TextField } from "../parts/field.tsx";

interface MissingProps {
  form: Pick<Form, "missing" | "defaults">;
  change(part: Partial<Pick<Form, "missing" | "defaults">>): void;
}

export function MissingFields({ form, change }: MissingProps) {
  const { missing, defaults } = form;
  const put = (at: number, field: string, value: string) =>
    change({ defaults: defaults.map((each, index) => index === at ? [field, value] : each) });
  return (
    <div class="stack">
      <SelectField
        label="Who lacks a field of it"
        value={missing}
        change={(chosen) =>
          change({
            missing: chosen as Form["missing"],
            defaults: chosen === "default" && !defaults.length ? [["first_name", ""]] : defaults,
          })}
        options={[
          ["blank", "gets it with a blank there"],
          ["default", "gets a stand-in there"],
          ["refuse", "gets nothing"],
        ]}
      />
      {missing === "default" &&
        defaults.map(([field, value], at) => (
          <div class="beside stand-in" key={at}>
            <TextField
              label="Field"
              value={field}
              change={(name) => put(at, name, value)}
            />
            <TextField label="Stand-in" value={value} change={(text) => put(at, field, text)} />
            <button
              type="button"
              class="plain"
              aria-label={`Take out the stand-in for ${field || "a field"}`}
              onClick={() => change({ defaults: defaults.filter((_, index) => index !== at) })}
            >
              Take out
            </button>
          </div>
        ))}
      {missing === "default" && (
        <div>
          <button type="button" onClick={() => change({ defaults: [...defaults, ["", ""]] })}>
            Add a stand-in
          </button>
        </div>
      )}
    </div>
  );
}
