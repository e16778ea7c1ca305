/** A plan, as a picture or as an outline. Large ones open as an outline. */

import { useState } from "preact/hooks";
import { parts, type Plan } from "../../logic/plan/document.ts";
import type { Line } from "../../logic/plan/graph.ts";
import type { Counts } from "../../logic/plan/counts.ts";
import { Outline } from "./outline.tsx";
import { Picture } from "./picture.tsx";

/** A picture of more parts than this takes seconds to be drawn. */
const LARGE = 200;

interface PlanViewProps {
  plan: Plan;
  counts?: Counts;
  chosen?: string;
  choose(id: string): void;
  problems?: ReadonlyMap<string, number>;
  insert?(line: Line): void;
}

export function PlanView(props: PlanViewProps) {
  const [asList, setAsList] = useState(parts(props.plan).length > LARGE);
  return (
    <section class="sheet stack" aria-label="The plan">
      <div class="beside apart">
        <h2>The plan</h2>
        <div class="beside" role="group" aria-label="Shown as">
          <button type="button" aria-pressed={!asList} onClick={() => setAsList(false)}>
            Picture
          </button>
          <button type="button" aria-pressed={asList} onClick={() => setAsList(true)}>
            Outline
          </button>
        </div>
      </div>
      {asList ? <Outline {...props} /> : <Picture {...props} />}
    </section>
  );
}
