/** Which texts are shown. All of it stands in the page's address. */

import { useState } from "preact/hooks";
import { TAKEN_FOR } from "../../logic/people/inbox.ts";
import { CampaignChoice, useCampaignName } from "../../parts/campaign_choice.tsx";
import { SelectField, TextField } from "../../parts/field.tsx";
import { go, withQuery } from "../../routes.ts";

export function TextFilters({ query }: { query: URLSearchParams }) {
  const [choosing, setChoosing] = useState(false);
  const wanted = (name: string) => query.get(name) ?? "";
  const campaign = wanted("campaign_id");
  const called = useCampaignName(campaign);
  const filter = (part: Record<string, string>) =>
    go(withQuery("/inbox", { ...Object.fromEntries(query), ...part }));
  return (
    <div class="filters">
      <SelectField
        label="Taken for"
        value={wanted("taken_for")}
        change={(taken_for) => filter({ taken_for })}
        options={TAKEN_FOR}
      />
      <TextField
        label="From"
        type="date"
        value={wanted("from")}
        change={(from) => filter({ from })}
      />
      <TextField label="To" type="date" value={wanted("to")} change={(to) => filter({ to })} />
      <button type="button" onClick={() => setChoosing(true)}>
        {campaign ? `Answers to ${called}` : "Answers to a campaign…"}
      </button>
      {wanted("contact_id") && (
        <a href={`#/people/${encodeURIComponent(wanted("contact_id"))}`}>Of one person</a>
      )}
      {[...query].length > 0 && (
        <button type="button" class="plain" onClick={() => go("/inbox")}>Show all</button>
      )}
      {choosing && (
        <CampaignChoice
          close={() => setChoosing(false)}
          choose={(id) => {
            setChoosing(false);
            filter({ campaign_id: id });
          }}
        />
      )}
    </div>
  );
}
