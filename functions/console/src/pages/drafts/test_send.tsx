/** The draft as a test, to an address of one's own. */

import { useState } from "preact/hooks";
import { useAction } from "../../action.ts";
import { api, ask } from "../../api.ts";
import { Failure } from "../../parts/failure.tsx";
import { TextField } from "../../parts/field.tsx";
import { tell } from "../../parts/notes.tsx";
import { called } from "../../logic/words/field_names.ts";
import type { Draft } from "./draft.ts";

const KEPT = "clarion.tests-to";

export function TestSend({ draft }: { draft: Draft }) {
  const [to, setTo] = useState(localStorage.getItem(KEPT) ?? "");
  const mail = draft.form.channel === "email";
  const test = useAction(async (key) => {
    if (!await draft.flush()) return;
    const address = to.trim();
    await ask(
      api.POST("/campaigns/{campaign_id}/send-test", {
        params: { path: { campaign_id: draft.stored!.shown.id } },
        body: {
          fallback: 0,
          ...address.includes("@") ? { emails: [address] } : { phones: [address] },
        },
        headers: { "Idempotency-Key": key },
      }),
    );
    localStorage.setItem(KEPT, address);
    tell(`A test is on its way to ${address}.`);
  });
  const broken = test.failed && "broken" in test.failed ? test.failed.broken : [];
  const address = broken.find(({ field }) => /^(phones|emails)\b/.test(field));
  const lacking = broken.find(({ field }) => !/^(phones|emails)\b/.test(field));
  return (
    <form
      class="beside test-send"
      onSubmit={(event) => {
        event.preventDefault();
        test.run();
      }}
    >
      <TextField
        label={mail ? "Test to the mail address" : "Test to the number"}
        value={to}
        change={setTo}
        error={address?.message.replace(`${address.field}: `, "")}
        placeholder={mail ? "me@example.com" : "+1 202 555 0199"}
      />
      <button type="submit" disabled={!to.trim()} aria-disabled={test.busy}>Send a test</button>
      {lacking
        ? (
          <div class="notice bad" role="alert">
            {called(lacking.field)}: {lacking.message.replace(`${lacking.field}: `, "")}
          </div>
        )
        : !address && <Failure of={test.failed} />}
    </form>
  );
}
