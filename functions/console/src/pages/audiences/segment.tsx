/** One segment, or a new one: its conditions, whom they hold for, what uses it. */

import { api, ask, askTagged, type Schemas } from "../../api.ts";
import { useLive } from "../../live.ts";
import { Missing, Waiting } from "../../parts/failure.tsx";
import type { PageProps } from "../../routes.ts";
import { useMay } from "../../session.ts";
import { SegmentEditor } from "./segment/segment_editor.tsx";
import { ShownConditions } from "./segment/shown_conditions.tsx";
import { Reach, useReach } from "./segment/reach.tsx";
import { UsedBy } from "./segment/uses.tsx";

export type Segment = Schemas["ShownSegment"];

export default function SegmentPage({ params: { id } }: PageProps) {
  const may = useMay("operator", "segments");
  if (id) return <Saved id={id} />;
  if (may) return <SegmentEditor />;
  return (
    <div class="page narrow">
      <h1>New segment</h1>
      <p>
        Making segments needs the role of an operator. <a href="#/segments">All segments</a>
      </p>
    </div>
  );
}

function Saved({ id }: { id: string }) {
  const may = useMay("operator", "segments");
  const path = { segment_id: id };
  const found = useLive(
    `segment ${id}`,
    (signal) => askTagged(api.GET("/segments/{segment_id}", { params: { path }, signal })),
  );
  const uses = useLive(
    `uses of ${id}`,
    (signal) => ask(api.GET("/segments/{segment_id}/campaigns", { params: { path }, signal })),
  );
  if (found.refused) return <Missing of={found.refused} />;
  if (!found.value) return <Waiting />;
  const [segment, tag] = found.value;
  if (!may) return <Shown segment={segment} uses={uses.value} />;
  return (
    <SegmentEditor
      segment={segment}
      tag={tag}
      uses={uses.value}
      stored={(newest, newestTag) => found.put([newest, newestTag])}
    />
  );
}

interface ShownProps {
  segment: Segment;
  uses: Schemas["UsesAnswer"] | undefined;
}

function Shown({ segment, uses }: ShownProps) {
  const reach = useReach(JSON.stringify(segment.conditions));
  return (
    <div class="page">
      <div class="page-head">
        <h1>{segment.name}</h1>
      </div>
      <section class="sheet stack">
        <h2>Conditions</h2>
        <ShownConditions of={segment.conditions} />
      </section>
      <Reach reach={reach} complete />
      <UsedBy uses={uses} what="segment" />
    </div>
  );
}
