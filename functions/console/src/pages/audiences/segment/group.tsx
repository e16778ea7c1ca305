/** A group of conditions, which may hold groups: edited by buttons and native controls. */

import { useEffect, useRef } from "preact/hooks";
import {
  comparison,
  depthWithin,
  type Group,
  group,
  history,
  type How,
  MAX_DEPTH,
  type Node,
} from "../../../logic/people/conditions.ts";
import { HOWS } from "../../../logic/people/condition_words.ts";
import { ComparisonRow } from "./comparison.tsx";
import { HistoryRow } from "./history.tsx";

/** What is done to the tree, and what is said of its nodes. */
export interface Edit {
  change(id: number, change: (node: Node) => Node | undefined): void;
  add(groupId: number, part: Node): void;
  /** The API's sentences, by node. */
  errors: ReadonlyMap<number, string>;
}

/** The node whose first control gets the focus when it appears. */
let fresh: number | undefined;

/** Return what takes the focus when a node has just been added. */
export function useFresh<E extends HTMLElement>(id: number) {
  const element = useRef<E>(null);
  useEffect(() => {
    if (fresh !== id) return;
    fresh = undefined;
    element.current?.focus();
  }, []);
  return element;
}

interface GroupProps {
  node: Group;
  depth: number;
  edit: Edit;
  /** Which of its group it is, for those who do not see it; none: it is the outermost. */
  name?: string;
}

export function GroupEditor({ node, depth, edit, name }: GroupProps) {
  const choice = useFresh<HTMLSelectElement>(node.id);
  const adder = useRef<HTMLButtonElement>(null);
  const within = depthWithin(node.how, depth);
  const error = edit.errors.get(node.id);
  const named = (index: number) => name ? `${name}.${index + 1}` : `Condition ${index + 1}`;
  function put(part: Node): void {
    fresh = part.id;
    edit.add(node.id, part);
  }
  function remove(id: number): void {
    edit.change(id, () => undefined);
    adder.current?.focus();
  }
  return (
    <fieldset class={name ? "group inner" : "group"}>
      <legend class="hidden">{name ?? "Conditions"}</legend>
      <div class="beside apart">
        <select
          ref={choice}
          class="how"
          aria-label={name ? `${name}: how its conditions are taken` : "How they are taken"}
          value={node.how}
          onChange={({ currentTarget }) => {
            const how = currentTarget.value as How;
            edit.change(node.id, (now) => ({ ...now as Group, how }));
          }}
        >
          {HOWS.map(([how, words]) => <option key={how} value={how}>{words}</option>)}
        </select>
      </div>
      {error && <p class="error bad">{error}</p>}
      <ul class="parts">
        {node.parts.map((part, index) => (
          <li key={part.id}>
            <Part
              part={part}
              name={named(index)}
              depth={within}
              edit={edit}
            />
            <button
              type="button"
              class="plain remove"
              aria-label={`Remove ${named(index).toLowerCase()}`}
              onClick={() => remove(part.id)}
            >
              Remove
            </button>
          </li>
        ))}
      </ul>
      <div class="beside">
        <button type="button" ref={adder} onClick={() => put(comparison())}>Add condition</button>
        <button type="button" class="plain" onClick={() => put(history())}>
          Add campaign history
        </button>
        {within < MAX_DEPTH && (
          <button
            type="button"
            class="plain"
            onClick={() => put(group("any", [comparison()]))}
          >
            Add group
          </button>
        )}
      </div>
    </fieldset>
  );
}

interface PartProps {
  part: Node;
  name: string;
  depth: number;
  edit: Edit;
}

function Part({ part, name, depth, edit }: PartProps) {
  switch (part.kind) {
    case "group":
      return <GroupEditor node={part} depth={depth} edit={edit} name={name} />;
    case "comparison":
      return <ComparisonRow node={part} name={name} edit={edit} />;
    case "history":
      return <HistoryRow node={part} name={name} edit={edit} />;
    case "other":
      return (
        <div class="stack tight">
          <p class="soft">This page cannot show this condition; it stays as it is.</p>
          <pre>{JSON.stringify(part.kept)}</pre>
        </div>
      );
  }
}
