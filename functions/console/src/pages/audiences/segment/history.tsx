/** What became of a campaign's message to somebody, as a condition. */

import { useId, useState } from "preact/hooks";
import type { History } from "../../../logic/people/conditions.ts";
import { STATUSES } from "../../../logic/people/condition_words.ts";
import { CampaignChoice, useCampaignName } from "../../../parts/campaign_choice.tsx";
import { type Edit, useFresh } from "./group.tsx";

interface RowProps {
  node: History;
  name: string;
  edit: Edit;
}

export function HistoryRow({ node, name, edit }: RowProps) {
  const first = useFresh<HTMLButtonElement>(node.id);
  const [choosing, setChoosing] = useState(false);
  const called = useCampaignName(node.campaign);
  const id = useId();
  const error = edit.errors.get(node.id);
  const change = (part: Partial<Pick<History, "campaign" | "statuses">>) =>
    edit.change(node.id, (now) => {
      const { kept: _, ...rest } = now as History;
      return { ...rest, ...part };
    });
  return (
    <div class="history" role="group" aria-label={name}>
      <div class="beside">
        <span id={id}>Message of the campaign</span>
        <button ref={first} type="button" aria-describedby={id} onClick={() => setChoosing(true)}>
          {node.campaign ? called : "Choose a campaign"}
        </button>
      </div>
      <fieldset class="statuses">
        <legend>is one of</legend>
        {STATUSES.map(([status, words]) => (
          <label key={status}>
            <input
              type="checkbox"
              checked={node.statuses.includes(status)}
              onChange={({ currentTarget: { checked } }) =>
                edit.change(node.id, (now) => toggled(now as History, status, checked))}
            />
            {words}
          </label>
        ))}
      </fieldset>
      {error && <p class="error bad">{error}</p>}
      {choosing && (
        <CampaignChoice
          close={() => setChoosing(false)}
          choose={(campaign) => {
            setChoosing(false);
            change({ campaign });
          }}
        />
      )}
    </div>
  );
}

function toggled({ kept: _, ...node }: History, status: string, checked: boolean): History {
  const others = node.statuses.filter((each) => each !== status);
  return { ...node, statuses: checked ? [...others, status] : others };
}
