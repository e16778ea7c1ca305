/** Drafts that are to be deleted: held back while the note that says so can be undone. */

import { api, ask, Refused, type Schemas, Unreachable } from "../../api.ts";
import { tell, tellBefore } from "../../parts/notes.tsx";
import { signal } from "../../signal.ts";

type Draft = Pick<Schemas["CampaignItem"], "id" | "name">;

/** Those that are gone from the lists already, and can still come back. */
export const going = signal<ReadonlySet<string>>(new Set());

/** As many as the API deletes at once. */
const AT_ONCE = 100;

/** Delete drafts once nobody has said undo; `then` is called when that is done. */
export function removeDrafts(drafts: readonly Draft[], then: () => void = () => {}): void {
  const ids = drafts.map((draft) => draft.id);
  going.set(new Set([...going.get(), ...ids]));
  const what = drafts.length === 1
    ? `The draft ${drafts[0].name} is deleted.`
    : `${drafts.length.toLocaleString()} drafts are deleted.`;
  tellBefore(what, async () => {
    await remove(ids);
    back(ids);
    then();
  }, () => back(ids));
}

function back(ids: readonly string[]): void {
  going.set(new Set([...going.get()].filter((id) => !ids.includes(id))));
}

/** Delete them, also where the page is being left, and say which were not. */
async function remove(ids: readonly string[]): Promise<void> {
  for (let first = 0; first < ids.length; first += AT_ONCE) {
    const some = ids.slice(first, first + AT_ONCE);
    try {
      const told = await ask(
        api.DELETE("/campaigns", { params: { query: { ids: some } }, keepalive: true }),
      );
      for (const why of new Set(Object.values(told.refused))) tell(`Not deleted: ${why}`);
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
      tell(`Not deleted: ${error.message}`);
    }
  }
}
