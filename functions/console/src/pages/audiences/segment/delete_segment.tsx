/** Deleting a segment, which is asked first. */

import { useState } from "preact/hooks";
import { useAction } from "../../../action.ts";
import { api, ask } from "../../../api.ts";
import { Confirm } from "../../../parts/dialog.tsx";
import { tell } from "../../../parts/notes.tsx";
import { go } from "../../../routes.ts";
import type { Segment } from "../segment.tsx";
import type { Uses } from "./uses.tsx";

interface DeleteProps {
  segment: Segment;
  tag: string;
  uses: Uses | undefined;
}

export function DeleteSegment({ segment, tag, uses }: DeleteProps) {
  const [asked, setAsked] = useState(false);
  const remove = useAction(async () => {
    const params = { path: { segment_id: segment.id }, header: { "If-Match": tag } };
    await ask(api.DELETE("/segments/{segment_id}", { params }));
    tell(`The segment ${segment.name} is deleted.`);
    go("/segments");
  });
  const using = uses?.data[0];
  return (
    <>
      <button
        type="button"
        class="danger"
        disabled={!!using}
        title={using && `${using.name} needs it`}
        onClick={() => setAsked(true)}
      >
        Delete
      </button>
      {asked && (
        <Confirm
          title={`Delete ${segment.name}?`}
          does="Delete the segment"
          action={remove}
          close={() => {
            setAsked(false);
            remove.forget();
          }}
          typed={segment.name}
          danger
        >
          <p>The conditions are gone for good; the people stay contacts.</p>
        </Confirm>
      )}
    </>
  );
}
