/** In what two versions of a plan differ, and how many people stand where it does. */

import type { Schemas } from "../../../api.ts";

const ASPECTS: Record<Schemas["Aspect"], string> = {
  action: "what it does",
  timing: "when",
  content: "what it says",
  ways_out: "its ways out",
};

export function Difference({ of }: { of: Schemas["PlanDifference"] }) {
  const same = !of.added.length && !of.removed.length && !of.changed.length && !of.plan.length;
  if (same) return <p>It says the same as the version in force.</p>;
  return (
    <ul class="stack tight">
      {of.added.map((id) => <li key={id}>New: {id}</li>)}
      {of.removed.map((node) => <li key={node.id}>Gone: {node.id}{standing(node.here)}</li>)}
      {of.changed.map((node) => (
        <li key={node.id}>
          Changed: {node.id},{" "}
          {node.changes.map((aspect) => ASPECTS[aspect] ?? aspect).join(" and ")}
          {standing(node.here)}
        </li>
      ))}
      {of.plan.length > 0 && <li>Of the whole plan: {of.plan.join(", ")}</li>}
    </ul>
  );
}

function standing(here: number): string {
  return here
    ? `; ${here.toLocaleString()} ${here === 1 ? "person stands" : "people stand"} there`
    : "";
}
