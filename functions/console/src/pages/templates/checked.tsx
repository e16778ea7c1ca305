/** How many people of a list, a segment or all lack what the text needs. */

import { useState } from "preact/hooks";
import { api, ask } from "../../api.ts";
import { useLive } from "../../live.ts";
import type { wordsOf } from "../../logic/words/template.ts";
import { SelectField } from "../../parts/field.tsx";
import { useMay } from "../../session.ts";
import { Lacking, type Whose } from "../../words/lacking.tsx";

export function Checked({ words }: { words: ReturnType<typeof wordsOf> | undefined }) {
  const [of, setOf] = useState("everyone");
  const options = useAudiences();
  const [kind, id] = of.split(" ");
  const whose: Whose = kind === "list"
    ? { list_id: id }
    : kind === "segment"
    ? { segment_id: id }
    : { everyone: true };
  const check = words?.text
    ? { text: words.text, missing: words.missing, defaults: words.defaults }
    : undefined;
  return (
    <div class="stack">
      <SelectField label="Fields are looked for in" value={of} change={setOf} options={options} />
      <Lacking check={check} whose={whose} />
    </div>
  );
}

/** Everyone, and the lists and segments that may be seen. */
function useAudiences(): readonly (readonly [string, string])[] {
  const lists = useMay("viewer", "lists");
  const segments = useMay("viewer", "segments");
  const found = useLive("audiences", async (signal) => {
    const params = { query: { limit: 1000 } };
    const [some, others] = await Promise.all([
      lists ? ask(api.GET("/lists", { params, signal })) : undefined,
      segments ? ask(api.GET("/segments", { params, signal })) : undefined,
    ]);
    return [
      ...(some?.data ?? []).map((each) => [`list ${each.id}`, `List ${each.name}`] as const),
      ...(others?.data ?? []).map((each) =>
        [`segment ${each.id}`, `Segment ${each.name}`] as const
      ),
    ];
  }).value;
  return [["everyone", "Everyone"], ...found ?? []];
}
