/** Two people have changed one segment: what the other has made of it, and what may be done. */

import { api, askTagged } from "../../../api.ts";
import { useLive } from "../../../live.ts";
import { Waiting } from "../../../parts/failure.tsx";
import { When } from "../../../parts/time.tsx";
import type { Segment } from "../segment.tsx";
import type { Save, Wanted } from "./segment_editor.tsx";
import { ShownConditions } from "./shown_conditions.tsx";

interface ConflictProps {
  of: Segment;
  save: Save;
  mine: Wanted;
  /** Show theirs, and leave what was changed here. */
  take(theirs: Segment, tag: string): void;
}

export function Conflict({ of: { id }, save, mine, take }: ConflictProps) {
  const path = { segment_id: id };
  const { value } = useLive(
    `newest ${id}`,
    (signal) => askTagged(api.GET("/segments/{segment_id}", { params: { path }, signal })),
  );
  if (!value) return <Waiting />;
  const [theirs, tag] = value;
  return (
    <div class="notice warn stack" role="alert">
      <p>
        Somebody else has changed this segment since you opened it,{" "}
        <When at={theirs.updated_at} />. Yours stands above; theirs is called{" "}
        <strong>{theirs.name}</strong>:
      </p>
      <ShownConditions of={theirs.conditions} />
      <div class="beside">
        <button type="button" onClick={() => take(theirs, tag)}>Take theirs</button>
        <button type="button" class="danger" onClick={() => save.run(mine, tag)}>
          Save mine over it
        </button>
      </div>
    </div>
  );
}
