/** Editing a segment: name, conditions, and what they come to while they are changed. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { type Action, useAction } from "../../../action.ts";
import { api, ask, askTagged, Refused } from "../../../api.ts";
import {
  added,
  changed,
  comparison,
  type Group,
  group,
  nodeAt,
  read,
  write,
} from "../../../logic/people/conditions.ts";
import { Failure } from "../../../parts/failure.tsx";
import { TextField } from "../../../parts/field.tsx";
import { tell } from "../../../parts/notes.tsx";
import { go } from "../../../routes.ts";
import { Conflict } from "./conflict.tsx";
import { DeleteSegment } from "./delete_segment.tsx";
import { type Edit, GroupEditor } from "./group.tsx";
import { type Document, Reach, useReach } from "./reach.tsx";
import type { Segment } from "../segment.tsx";
import { UsedBy, type Uses } from "./uses.tsx";

interface EditorProps {
  /** What is there; none: it is a new one. */
  segment?: Segment;
  tag?: string;
  uses?: Uses;
  /** Called with what is stored now. */
  stored?(segment: Segment, tag: string): void;
}

export function SegmentEditor({ segment, tag, uses, stored }: EditorProps) {
  const [name, setName] = useState(segment?.name ?? "");
  const [root, setRoot] = useState<Group>(() =>
    segment ? read(segment.conditions) : group("all", [comparison()])
  );
  const { document, places, incomplete } = write(root);
  const complete = incomplete.length === 0;
  const text = JSON.stringify(document);
  const before = useMemo(
    () => segment && JSON.stringify(write(read(segment.conditions)).document),
    [segment],
  );
  const isChanged = text !== before || name !== segment?.name;
  const reach = useReach(complete ? text : undefined);
  const save = useSave(segment, tag, stored);
  const refused = save.failed instanceof Refused ? save.failed : reach.refused;
  const edit: Edit = {
    change: (id, change) => setRoot((now) => changed(now, id, change)),
    add: (id, part) => setRoot((now) => added(now, id, part)),
    errors: errorsOf(complete ? refused : undefined, places),
  };
  function show(theirs: Segment): void {
    setName(theirs.name);
    setRoot(read(theirs.conditions));
    save.forget();
  }
  useLeaving(isChanged && (!!segment || root.parts.length > 1 || !!name));

  const conditions = document as unknown as Document;
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>{segment ? segment.name : "New segment"}</h1>
        </div>
        {segment && (
          <div class="beside">
            <a class="button" href={`#/campaigns/new?segment=${segment.id}`}>
              New campaign with it
            </a>
            <DeleteSegment segment={segment} tag={tag!} uses={uses} />
          </div>
        )}
      </div>
      <div class="columns segment">
        <form
          class="stack wide"
          onSubmit={(event) => {
            event.preventDefault();
            if (complete && isChanged) save.run({ name, conditions });
          }}
        >
          <TextField
            label="Name"
            value={name}
            change={setName}
            autocomplete="off"
            error={save.failed instanceof Refused ? save.failed.of("name") : undefined}
          />
          <GroupEditor node={root} depth={1} edit={edit} />
          {segment && isStale(save.failed)
            ? (
              <Conflict
                of={segment}
                save={save}
                mine={{ name, conditions }}
                take={(theirs, newest) => {
                  stored?.(theirs, newest);
                  show(theirs);
                }}
              />
            )
            : <Failure of={save.failed ?? (complete ? reach.refused : undefined)} />}
          <div class="beside">
            <button
              type="submit"
              class="main-action"
              disabled={!complete || !isChanged || !name.trim()}
              aria-disabled={save.busy}
            >
              {segment ? "Save" : "Save the segment"}
            </button>
            {segment && isChanged && (
              <button type="button" onClick={() => show(segment)}>Take back the changes</button>
            )}
            <a href="#/segments">All segments</a>
          </div>
        </form>
        <div class="stack wide">
          <Reach reach={reach} complete={complete} />
          {segment && <UsedBy uses={uses} what="segment" />}
        </div>
      </div>
    </div>
  );
}

function isStale(failed: Save["failed"]): boolean {
  return failed instanceof Refused && failed.status === 412;
}

export type Wanted = { name: string; conditions: Document };
export type Save = Action<[Wanted, (string | undefined)?]>;

function useSave(
  segment: Segment | undefined,
  tag: string | undefined,
  stored: EditorProps["stored"],
): Save {
  return useAction(async (key, body: Wanted, over?: string) => {
    if (!segment) {
      const headers = { "Idempotency-Key": key };
      const made = await ask(api.POST("/segments", { body, headers }));
      tell(`The segment ${made.name} is made.`);
      go(`/segments/${made.id}`);
      return;
    }
    const params = { path: { segment_id: segment.id }, header: { "If-Match": over ?? tag } };
    const [now, newest] = await askTagged(api.PUT("/segments/{segment_id}", { params, body }));
    tell(`The segment ${now.name} is saved.`);
    stored?.(now, newest);
  });
}

/** Return the sentences about conditions by their nodes, without the path in front. */
function errorsOf(
  refused: Refused | undefined,
  places: ReadonlyMap<string, number>,
): ReadonlyMap<number, string> {
  const errors = new Map<number, string>();
  for (const { field, message } of refused?.broken ?? []) {
    const id = nodeAt(places, field);
    if (id !== undefined) errors.set(id, message.replace(`${field}: `, ""));
  }
  return errors;
}

/** Have the browser ask before a page with changes is closed. */
function useLeaving(isChanged: boolean): void {
  useEffect(() => {
    if (!isChanged) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [isChanged]);
}
