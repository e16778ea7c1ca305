/** Settings: what the organisation has decided, and the rules in force with their sources. */

import { api, ask, askTagged } from "../../api.ts";
import { useLive } from "../../live.ts";
import { Missing, Waiting } from "../../parts/failure.tsx";
import { When } from "../../parts/time.tsx";
import { useMay } from "../../session.ts";
import { Facts } from "./settings/facts.tsx";
import { SettingsForm } from "./settings/form.tsx";
import { Rules } from "./settings/rules.tsx";
import { WebhookSecret } from "./settings/webhook_secret.tsx";

export default function Settings() {
  const mayKeep = useMay("admin", "settings");
  const held = useLive(
    "settings",
    (signal) => askTagged(api.GET("/settings", { signal })),
  );
  const rules = useLive("rules", (signal) => ask(api.GET("/settings/rules", { signal })));
  if (!held.value) return held.refused ? <Missing of={held.refused} /> : <Waiting />;
  const [shown, tag] = held.value;
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>Settings</h1>
          <p class="soft">
            {shown.updated_at
              ? (
                <>
                  Changed <When at={shown.updated_at} /> by {shown.updated_by}.
                </>
              )
              : "Nothing was decided yet: the deployment's own settings hold."}{" "}
            Campaigns made from now on follow them.
          </p>
        </div>
      </div>
      {mayKeep
        ? (
          <SettingsForm
            shown={shown}
            tag={tag}
            rules={rules.value}
            put={(next) => {
              held.put(next);
              rules.again();
            }}
          />
        )
        : <Facts shown={shown} />}
      {mayKeep && <WebhookSecret />}
      <Rules rules={rules} />
    </div>
  );
}
