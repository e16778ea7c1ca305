/** Letting somebody in by hand. */

import { useState } from "preact/hooks";
import { useAction } from "../../action.ts";
import { api, ask } from "../../api.ts";
import { Failure } from "../../parts/failure.tsx";
import { TextField } from "../../parts/field.tsx";
import { tell } from "../../parts/notes.tsx";

export function Enter({ campaign, again }: { campaign: string; again(): void }) {
  const [who, setWho] = useState("");
  const [refused, setRefused] = useState<string | undefined>();
  const enter = useAction(async (key) => {
    setRefused(undefined);
    const given = who.trim();
    const subject = given.includes("@") ? { email: given } : { phone: given };
    const answer = await ask(
      api.POST("/campaigns/{campaign_id}/enrollments", {
        params: { path: { campaign_id: campaign }, header: { "Idempotency-Key": key } },
        body: { subjects: [subject] },
      }),
    );
    const [row] = answer.results;
    if (row?.result === "refused") return setRefused(row.reason_words || row.reason || "Refused.");
    tell(answer.enrolled ? `${given} has entered.` : `${given} is inside already.`);
    setWho("");
    again();
  });
  return (
    <form
      class="sheet stack"
      aria-label="Let somebody in"
      onSubmit={(event) => {
        event.preventDefault();
        if (who.trim()) enter.run();
      }}
    >
      <h2>Let somebody in</h2>
      <TextField
        label="Number or e-mail address"
        error={refused}
        value={who}
        change={setWho}
      />
      <Failure of={enter.failed} />
      <div>
        <button type="submit" aria-disabled={enter.busy}>Let them in</button>
      </div>
    </form>
  );
}
