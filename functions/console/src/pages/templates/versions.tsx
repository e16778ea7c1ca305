/** What a template has said: each version, how it differs, and the way back to it. */

import { useState } from "preact/hooks";
import { api, ask, type Schemas } from "../../api.ts";
import { compared } from "../../logic/words/source.ts";
import { inLines, templateOf } from "../../logic/words/template.ts";
import { usePages } from "../../parts/pages.tsx";
import { When } from "../../parts/time.tsx";
import type { Stored } from "./template.tsx";

type Version = Schemas["ShownVersion"];

interface VersionsProps {
  template: Stored;
  /** Put a version's words into the form; undefined: nobody may. */
  restore?: (version: Version) => void;
}

export function Versions({ template, restore }: VersionsProps) {
  const [seen, setSeen] = useState(0);
  const pages = usePages(`versions ${template.id} ${template.version}`, (cursor, signal) => {
    const params = { path: { template_id: template.id }, query: { cursor, limit: 1000 } };
    return ask(api.GET("/templates/{template_id}/versions", { params, signal }));
  });
  const versions = [...pages.rows ?? []].reverse();
  return (
    <section class="sheet stack" aria-labelledby="versions">
      <h2 id="versions">Versions</h2>
      <ol class="versions">
        {versions.map((each) => (
          <li key={each.version} class="stack">
            <div class="beside apart">
              <span>
                <strong>Version {each.version}</strong>{" "}
                <span class="soft">
                  <When at={each.created_at} /> by {each.created_by}
                </span>
              </span>
              {each.version === template.version
                ? <span class="soft">the newest</span>
                : (
                  <span class="beside">
                    <button
                      type="button"
                      class="plain"
                      aria-expanded={seen === each.version}
                      aria-label={`What version ${each.version} says differently`}
                      onClick={() => setSeen(seen === each.version ? 0 : each.version)}
                    >
                      Difference
                    </button>
                    {restore && (
                      <button
                        type="button"
                        class="plain"
                        aria-label={`Restore version ${each.version}`}
                        onClick={() => restore(each)}
                      >
                        Restore
                      </button>
                    )}
                  </span>
                )}
            </div>
            {seen === each.version && <Difference old={each} young={template} />}
          </li>
        ))}
      </ol>
      {pages.more && <button type="button" onClick={pages.more}>Show newer ones</button>}
    </section>
  );
}

/** What has gone since a version, and what has come. */
function Difference({ old, young }: { old: Version; young: Version }) {
  const lines = compared(inLines(templateOf(old, "")), inLines(templateOf(young, "")));
  return <Lines lines={lines} />;
}

const SIGNS = { both: " ", old: "−", new: "+" };
const WORDS = { both: "", old: "gone: ", new: "new: " };

export function Lines({ lines }: { lines: ReturnType<typeof compared> }) {
  return (
    <div class="compared mono">
      {lines.map((each, index) => (
        <div key={index} class={each.in}>
          <span aria-hidden="true">{SIGNS[each.in]}</span>
          <span class="hidden">{WORDS[each.in]}</span>
          {each.line || " "}
        </div>
      ))}
    </div>
  );
}
