/** A template, new or stored: its words and how they read, its versions, who uses it. */

import { useState } from "preact/hooks";
import { api, ask, askTagged, type Schemas } from "../../api.ts";
import { useLive } from "../../live.ts";
import { EMPTY, templateOf } from "../../logic/words/template.ts";
import { Missing, Waiting } from "../../parts/failure.tsx";
import { tell } from "../../parts/notes.tsx";
import type { PageProps } from "../../routes.ts";
import { useMay } from "../../session.ts";
import { CHANNELS } from "../drafts/channel.tsx";
import { TemplateEditor } from "./editor.tsx";
import { Reading } from "./reading.tsx";
import { Versions } from "./versions.tsx";

export type Stored = Schemas["ShownTemplate"];

export default function TemplatePage({ params: { id } }: PageProps) {
  const mayWrite = useMay("operator", "templates");
  if (id) return <Existing id={id} mayWrite={mayWrite} />;
  if (mayWrite) return <TemplateEditor title="New template" first={EMPTY} />;
  return (
    <div class="page narrow">
      <h1>New template</h1>
      <p>
        Your role reads templates and does not write them.{" "}
        <a href="#/templates">See the templates</a>
      </p>
    </div>
  );
}

function Existing({ id, mayWrite }: { id: string; mayWrite: boolean }) {
  const path = { template_id: id };
  const found = useLive(
    id,
    (signal) => askTagged(api.GET("/templates/{template_id}", { params: { path }, signal })),
  );
  const uses = useLive(
    `uses ${id}`,
    (signal) => ask(api.GET("/templates/{template_id}/campaigns", { params: { path }, signal })),
  ).value;
  const [restored, setRestored] = useState<{ turn: number; version?: Schemas["ShownVersion"] }>({
    turn: 0,
  });
  if (found.refused && !found.value) return <Missing of={found.refused} />;
  if (!found.value) return <Waiting />;
  const [shown, tag] = found.value;
  const first = templateOf(restored.version ?? shown, shown.name);
  const below = (
    <>
      <Versions
        template={shown}
        restore={mayWrite
          ? (version) => {
            setRestored({ turn: restored.turn + 1, version });
            tell(`Version ${version.version} is in the form: save it to bring it back.`);
            scrollTo(0, 0);
          }
          : undefined}
      />
      <UsedBy uses={uses} />
    </>
  );
  if (!mayWrite) return <Reading template={shown} below={below} />;
  return (
    <TemplateEditor
      key={restored.turn}
      title={shown.name}
      first={first}
      stored={{ shown, tag }}
      put={(now, its) => {
        found.put([now, its]);
        setRestored({ turn: restored.turn });
      }}
      below={below}
    />
  );
}

/** The campaigns that say its words; they keep what they have taken. */
function UsedBy({ uses }: { uses: Schemas["UsesAnswer"] | undefined }) {
  if (!uses) return null;
  return (
    <section class="sheet stack" aria-labelledby="used-by">
      <h2 id="used-by">Used by</h2>
      {uses.data.length === 0
        ? <p class="soft">No campaign that is still to come or runs says it.</p>
        : (
          <>
            <ul class="plain-list">
              {uses.data.map((each) => (
                <li key={each.id}>
                  <a href={`#/campaigns/${each.id}`}>{each.name}</a>{" "}
                  <span class="soft">{each.status}</span>
                </li>
              ))}
              {!uses.complete && <li class="soft">and perhaps more</li>}
            </ul>
            <p class="soft small">
              A campaign keeps the version that it has taken; it takes the newest when the template
              is chosen again.
            </p>
          </>
        )}
    </section>
  );
}

/** What a template's channel is called. */
export function channelWords(channel: Stored["channel"]): string {
  return channel ? CHANNELS[channel][0] : "any channel";
}
