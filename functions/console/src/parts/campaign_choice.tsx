/** Choosing one campaign among all: by the beginning of its name. */

import { useState } from "preact/hooks";
import { api, ask } from "../api.ts";
import { useLive } from "../live.ts";
import { Dialog } from "./dialog.tsx";
import { Waiting } from "./failure.tsx";
import { SelectField, TextField } from "./field.tsx";
import { Tag } from "./tag.tsx";
import { useSettled } from "../settled.ts";

type Kind = "broadcast" | "journey" | "sequence";

interface ChoiceProps {
  close(): void;
  choose(id: string): void;
}

export function CampaignChoice({ close, choose }: ChoiceProps) {
  const [prefix, setPrefix] = useState("");
  const [kind, setKind] = useState<Kind>("broadcast");
  const settled = useSettled(prefix.trim());
  const { value: found } = useLive(`${kind} ${settled}`, (signal) => {
    const query = { kind, name_prefix: settled || undefined, page_size: 20 };
    return ask(api.GET("/campaigns", { params: { query }, signal }));
  });
  return (
    <Dialog title="Choose a campaign" close={close}>
      <div class="stack" onKeyDown={keepForm}>
        <div class="columns">
          <TextField
            label="Its name begins with"
            type="search"
            value={prefix}
            change={setPrefix}
            autocomplete="off"
          />
          <SelectField
            label="Kind"
            value={kind}
            change={(value) => setKind(value as Kind)}
            options={[["broadcast", "Broadcasts"], ["journey", "Journeys"], [
              "sequence",
              "Sequences",
            ]]}
          />
        </div>
        {!found
          ? <Waiting />
          : !found.data.length
          ? <p class="soft">No campaign of that kind is called so.</p>
          : (
            <ul class="choices">
              {found.data.map((each) => (
                <li key={each.id}>
                  <button type="button" class="plain" onClick={() => choose(each.id)}>
                    {each.name}
                  </button>
                  <Tag name={each.status} />
                </li>
              ))}
            </ul>
          )}
      </div>
    </Dialog>
  );
}

/** Enter in a field here must not send the form that the dialog stands in. */
function keepForm(event: KeyboardEvent): void {
  if (event.key === "Enter" && event.target instanceof HTMLInputElement) event.preventDefault();
}

/** Return what a campaign is called; its id as long as nobody knows. */
export function useCampaignName(id: string): string {
  const path = { campaign_id: id };
  const { value, refused } = useLive(
    `campaign ${id}`,
    (signal) =>
      id
        ? ask(api.GET("/campaigns/{campaign_id}", { params: { path }, signal }))
        : Promise.resolve(undefined),
  );
  if (refused) return `a campaign that is gone (${id})`;
  return value?.name ?? id;
}
