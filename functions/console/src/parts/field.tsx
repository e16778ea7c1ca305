/** Fields of forms: a label, a control, a hint, and the API's sentence where it is refused. */

import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

interface Labelled {
  label: string;
  hint?: ComponentChildren;
  /** The sentence that refuses what is in it. */
  error?: string;
}

/** What a control is given, so that it is tied to its label, hint and error. */
export interface Tied {
  id: string;
  "aria-invalid": boolean | undefined;
  "aria-describedby": string | undefined;
}

/** A field around any control. */
export function Field(props: Labelled & { control: (tied: Tied) => JSX.Element }) {
  const { label, hint, error, control } = props;
  const id = useId();
  const told = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {control({
        id,
        "aria-invalid": error ? true : undefined,
        "aria-describedby": told || undefined,
      })}
      {hint && <div class="hint" id={`${id}-hint`}>{hint}</div>}
      {error && <div class="error" id={`${id}-error`}>{error}</div>}
    </div>
  );
}

interface InputProps extends Labelled {
  value: string;
  change: (value: string) => void;
  type?: "text" | "email" | "tel" | "url" | "number" | "date" | "time" | "password" | "search";
  required?: boolean;
  disabled?: boolean;
  min?: number | string;
  max?: number | string;
  step?: number | string;
  placeholder?: string;
  autocomplete?: string;
  /** The id of a datalist. */
  list?: string;
}

export function TextField({ label, hint, error, value, change, ...rest }: InputProps) {
  return (
    <Field
      label={label}
      hint={hint}
      error={error}
      control={(tied) => (
        <input
          {...rest as JSX.IntrinsicElements["input"]}
          {...tied}
          value={value}
          onInput={(event) => change(event.currentTarget.value)}
        />
      )}
    />
  );
}

interface AreaProps extends Labelled {
  value: string;
  change: (value: string) => void;
  rows?: number;
  mono?: boolean;
}

export function AreaField({ label, hint, error, value, change, rows = 4, mono }: AreaProps) {
  return (
    <Field
      label={label}
      hint={hint}
      error={error}
      control={(tied) => (
        <textarea
          {...tied}
          class={mono ? "mono" : undefined}
          rows={rows}
          value={value}
          onInput={(event) => change(event.currentTarget.value)}
        />
      )}
    />
  );
}

interface SelectProps extends Labelled {
  value: string;
  change: (value: string) => void;
  /** Values and the words for them. */
  options: readonly (readonly [value: string, words: string])[];
}

export function SelectField({ label, hint, error, value, change, options }: SelectProps) {
  return (
    <Field
      label={label}
      hint={hint}
      error={error}
      control={(tied) => (
        <select
          {...tied}
          value={value}
          onChange={(event) => change(event.currentTarget.value)}
        >
          {options.map(([each, words]) => <option key={each} value={each}>{words}</option>)}
        </select>
      )}
    />
  );
}

interface CheckProps {
  label: ComponentChildren;
  checked: boolean;
  change: (checked: boolean) => void;
}

export function CheckField({ label, checked, change }: CheckProps) {
  const id = useId();
  return (
    <div class="choice">
      <input
        id={id}
        type="checkbox"
        checked={checked}
        onChange={(event) => change(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
    </div>
  );
}

interface ChoicesProps {
  legend: string;
  value: string;
  change: (value: string) => void;
  /** Values, the words for them, and what more there is to say. */
  options: readonly (readonly [value: string, words: string, more?: string])[];
}

/** One of a few, all of them in sight. */
export function Choices({ legend, value, change, options }: ChoicesProps) {
  const name = useId();
  return (
    <fieldset>
      <legend>{legend}</legend>
      <div class="cards">
        {options.map(([each, words, more]) => (
          <label class="card" key={each}>
            <input
              type="radio"
              name={name}
              value={each}
              checked={value === each}
              onChange={() => change(each)}
            />
            <span class="stack tight">
              <span>{words}</span>
              {more && <span class="soft small">{more}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
