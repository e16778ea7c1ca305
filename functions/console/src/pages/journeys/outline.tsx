/** The same plan as a list: for reading, for large plans, and for those who see no picture. */

import { parts, type Plan } from "../../logic/plan/document.ts";
import { lines, reading } from "../../logic/plan/graph.ts";
import { detail, headline } from "../../logic/plan/words.ts";
import type { Counts } from "../../logic/plan/counts.ts";

interface OutlineProps {
  plan: Plan;
  counts?: Counts;
  chosen?: string;
  choose(id: string): void;
  problems?: ReadonlyMap<string, number>;
}

export function Outline({ plan, counts, chosen, choose, problems }: OutlineProps) {
  const byId = new Map(parts(plan).map((part) => [part.id, part]));
  const all = lines(plan);
  return (
    <ol class="outline">
      {reading(plan).map((id) => {
        const part = byId.get(id)!;
        const wrong = problems?.get(id);
        return (
          <li key={id}>
            <div class="beside">
              <button
                type="button"
                class="plain"
                aria-pressed={chosen === id}
                onClick={() => choose(id)}
              >
                {id}
              </button>
              <span>{headline(plan, part)}</span>
              <span class="soft">{detail(part)}</span>
              {wrong && <span class="bad">! {wrong}</span>}
              {counts && (
                <span class="accent">
                  {(counts.here.get(id) ?? 0).toLocaleString()} here,{" "}
                  {(counts.entered.get(id) ?? 0).toLocaleString()} came by
                </span>
              )}
            </div>
            <ul>
              {all.filter((line) => line.from === id).map((line) => (
                <li key={line.pointer} class="soft">
                  {line.words || "then"} → {line.to}
                  {counts?.lines.has(line.pointer) &&
                    `, ${counts.lines.get(line.pointer)!.toLocaleString()} people`}
                </li>
              ))}
            </ul>
          </li>
        );
      })}
    </ol>
  );
}
