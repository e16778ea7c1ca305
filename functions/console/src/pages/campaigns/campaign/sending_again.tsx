/** Sending once more to whom it did not reach, and trying a draft on somebody first. */

import { useState } from "preact/hooks";
import { api, ask, Refused } from "../../../api.ts";
import { useAction } from "../../../action.ts";
import { count } from "../../../logic/campaigns/campaign.ts";
import { Confirm } from "../../../parts/dialog.tsx";
import { CheckField, Field, TextField } from "../../../parts/field.tsx";
import { tell } from "../../../parts/notes.tsx";
import { go } from "../../../routes.ts";
import type { Asked } from "./stopping.tsx";

export function Retry({ campaign, progress, close }: Asked) {
  const [unknown, setUnknown] = useState(false);
  const action = useAction(async (key) => {
    const made = await ask(
      api.POST("/retry-campaign", {
        params: { header: { "Idempotency-Key": key } },
        body: { campaignId: campaign.id, includeUnknown: unknown },
      }),
    );
    tell(`${String(made.message)}, as ${String(made.campaignName)}.`);
    close();
    go(`/campaigns/${String(made.campaignId)}`);
  });
  const { failed, unknown: unsure } = progress.stats;
  return (
    <Confirm
      title={`Try again whom ${campaign.name} did not reach?`}
      does="Start now"
      action={action}
      close={close}
    >
      <p>
        A new campaign starts at once to those whose message failed ({failed.toLocaleString()}).
        Whom it reached gets nothing more, nor does who must not be contacted.
      </p>
      {unsure > 0 && (
        <CheckField
          label={`Also the ${
            count(unsure, "person", "people")
          } of whom nobody knows: some may get it twice`}
          checked={unknown}
          change={setUnknown}
        />
      )}
    </Confirm>
  );
}

export function Test({ campaign, close }: Asked) {
  const byMail = campaign.channel === "email";
  const [to, setTo] = useState("");
  const [like, setLike] = useState("");
  const action = useAction(async (key) => {
    const addresses = to.split(/[,;\s]*\n[,;\s]*|[,;]\s*/).map((each) => each.trim())
      .filter(Boolean);
    const told = await ask(
      api.POST("/campaigns/{campaign_id}/send-test", {
        params: { path: { campaign_id: campaign.id }, header: { "Idempotency-Key": key } },
        body: {
          [byMail ? "emails" : "phones"]: addresses,
          fallback: 0,
          customer_id: like.trim() ? await personOf(like.trim()) : null,
        },
      }),
    );
    const sent = told.messages.map((message) => message.to).join(", ");
    tell(`A test is on its way to ${sent}.`);
    close();
  });
  const error = action.failed instanceof Refused ? fieldOf(action.failed) : undefined;
  return (
    <Confirm
      title={`Send a test of ${campaign.name}`}
      does="Send the test"
      action={action}
      close={close}
    >
      <Field
        label={byMail ? "E-mail addresses" : "Phone numbers, with +"}
        hint="Several: with commas between. Nobody else gets anything, and nothing is counted."
        error={error}
        control={(tied) => (
          <input
            {...tied}
            type="text"
            autocomplete={byMail ? "email" : "tel"}
            value={to}
            onInput={(event) => setTo(event.currentTarget.value)}
          />
        )}
      />
      <TextField
        label="Filled in as for (a number, an e-mail address or an id; may stay empty)"
        value={like}
        change={setLike}
        error={action.failed instanceof Refused ? action.failed.of("customer_id") : undefined}
      />
    </Confirm>
  );
}

/** The sentence about the addresses, whichever of them it names. */
function fieldOf(refused: Refused): string | undefined {
  return refused.broken.find(({ field }) => /^(phones|emails)/.test(field))?.message;
}

/** Return the id of whoever is meant; what is neither number nor address is an id. */
async function personOf(given: string): Promise<string> {
  const query = given.includes("@")
    ? { email: given }
    : /^[+(\d]/.test(given) && /^[+\d\s().-]+$/.test(given)
    ? { phone: given }
    : undefined;
  if (!query) return given;
  const found = await ask(api.GET("/contacts", { params: { query } }));
  return found.data[0]?.id ?? given;
}
