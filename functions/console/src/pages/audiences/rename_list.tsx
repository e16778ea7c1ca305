/** Another name for a list. */

import { useState } from "preact/hooks";
import { useAction } from "../../action.ts";
import { api, ask, Refused } from "../../api.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { Failure } from "../../parts/failure.tsx";
import { TextField } from "../../parts/field.tsx";
import type { List } from "./list.tsx";

interface RenameProps {
  list: List;
  tag: string;
  close(): void;
  changed(): void;
}

export function RenameList({ list, tag, close, changed }: RenameProps) {
  const [name, setName] = useState(list.name);
  const rename = useAction(async () => {
    const params = { path: { list_id: list.id }, header: { "If-Match": tag } };
    try {
      await ask(api.PATCH("/lists/{list_id}", { params, body: { name } }));
    } catch (error) {
      // Whoever is on it changes with every row of an import: the page knows the newest by then.
      if (error instanceof Refused && error.status === 412) changed();
      throw error;
    }
    changed();
    close();
  });
  return (
    <Dialog title={`Rename ${list.name}`} close={close}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          rename.run();
        }}
      >
        <TextField
          label="Name"
          value={name}
          change={setName}
          autocomplete="off"
          error={rename.failed instanceof Refused ? rename.failed.of("name") : undefined}
        />
        <Failure of={rename.failed} />
        {rename.failed instanceof Refused && rename.failed.status === 412 && (
          <p>It is called {list.name} now. Press again to rename it all the same.</p>
        )}
        <div class="beside">
          <button
            type="submit"
            class="main-action"
            disabled={name.trim() === list.name}
            aria-disabled={rename.busy}
          >
            Rename
          </button>
          <button type="button" onClick={close}>Leave it</button>
        </div>
      </form>
    </Dialog>
  );
}
