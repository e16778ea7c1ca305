/** A field, how it is compared, and what with. */

import { useId, useState } from "preact/hooks";
import { ATTRIBUTE, type Comparison, TIMES } from "../../../logic/people/conditions.ts";
import {
  choiceOf,
  FIELDS,
  fieldWords,
  opsOf,
  withChoice,
  withField,
} from "../../../logic/people/condition_words.ts";
import { instant, momentOf } from "../../../logic/moment.ts";
import { MomentField } from "../../../parts/moment.tsx";
import { HERE } from "../../../parts/time.tsx";
import { type Edit, useFresh } from "./group.tsx";

interface RowProps {
  node: Comparison;
  name: string;
  edit: Edit;
}

const OWN = "attribute";

export function ComparisonRow({ node, name, edit }: RowProps) {
  const first = useFresh<HTMLSelectElement>(node.id);
  const id = useId();
  const error = edit.errors.get(node.id);
  const isOwn = node.field.startsWith(ATTRIBUTE);
  const isKnown = isOwn || FIELDS.some(([field]) => field === node.field);
  const change = (next: (now: Comparison) => Comparison) =>
    edit.change(node.id, (now) => next(now as Comparison));
  return (
    <div class="condition" role="group" aria-label={name}>
      <select
        ref={first}
        aria-label="Field"
        value={isOwn ? OWN : node.field}
        onChange={({ currentTarget: { value } }) =>
          change((now) => withField(now, value === OWN ? ATTRIBUTE : value))}
      >
        {FIELDS.map(([field, words]) => <option key={field} value={field}>{words}</option>)}
        {!isKnown && <option value={node.field}>{node.field}</option>}
        <option value={OWN}>An attribute…</option>
      </select>
      {isOwn && (
        <input
          aria-label="Name of the attribute"
          placeholder="name of the attribute"
          value={node.field.slice(ATTRIBUTE.length)}
          maxLength={64}
          autocomplete="off"
          onInput={({ currentTarget: { value } }) =>
            change((now) => withField(now, ATTRIBUTE + value))}
        />
      )}
      <select
        aria-label="Comparison"
        value={choiceOf(node)}
        onChange={({ currentTarget: { value } }) => change((now) => withChoice(now, value))}
      >
        {opsOf(node.field).map(([op, words]) => <option key={op} value={op}>{words}</option>)}
        {!opsOf(node.field).some(([op]) => op === choiceOf(node)) && (
          <option value={node.op}>{node.op}</option>
        )}
      </select>
      {node.op !== "exists" && (
        <Value
          node={node}
          tied={{
            "aria-invalid": error ? true : undefined,
            "aria-describedby": error ? `${id}-error` : undefined,
          }}
          change={(text) => change(({ kept: _, ...now }) => ({ ...now, text }))}
        />
      )}
      {error && <p class="error bad" id={`${id}-error`}>{error}</p>}
    </div>
  );
}

interface ValueProps {
  node: Comparison;
  tied: { "aria-invalid": true | undefined; "aria-describedby": string | undefined };
  change(text: string): void;
}

function Value({ node, tied, change }: ValueProps) {
  const label = `Value of ${fieldWords(node.field) || "the attribute"}`;
  if (node.op === "in") {
    return (
      <textarea
        {...tied}
        aria-label={`${label}, one on each line`}
        placeholder="one on each line"
        rows={3}
        value={node.text}
        onInput={({ currentTarget }) => change(currentTarget.value)}
      />
    );
  }
  if (TIMES.includes(node.field)) return <Time label={label} text={node.text} change={change} />;
  return (
    <input
      {...tied}
      aria-label={label}
      value={node.text}
      maxLength={300}
      autocomplete="off"
      onInput={({ currentTarget }) => change(currentTarget.value)}
    />
  );
}

/** A time with its zone; what is typed stays while it is none yet. */
function Time({ label, text, change }: { label: string; text: string; change(at: string): void }) {
  const [moment, setMoment] = useState(() => momentOf(isTime(text) ? text : null, HERE));
  return (
    <MomentField
      label={label}
      value={moment}
      change={(next) => {
        setMoment(next);
        change(instant(next) ?? "");
      }}
    />
  );
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:?\d\d)$/.test(text) && !isNaN(Date.parse(text));
}
