/** Why somebody did, or did not, get a message: the sentence, then what led there. */

import { api, ask } from "../api.ts";
import { useLive } from "../live.ts";
import { Dialog } from "./dialog.tsx";
import { Failure, Waiting } from "./failure.tsx";
import { Tag } from "./tag.tsx";
import { When } from "./time.tsx";

export function Why({ id, close }: { id: string; close(): void }) {
  const path = { message_id: id };
  const why = useLive(
    `why ${id}`,
    (signal) => ask(api.GET("/messages/{message_id}/why", { params: { path }, signal })),
  );
  const message = useLive(
    `message ${id}`,
    (signal) => ask(api.GET("/messages/{message_id}", { params: { path }, signal })),
  );
  const told = why.value;
  const said = message.value;
  return (
    <Dialog title={said ? `Why? ${said.to}` : "Why?"} close={close} kind="drawer">
      <div class="stack wide">
        <Failure of={why.refused} />
        {!told ? !why.refused && <Waiting /> : (
          <>
            <div class="stack tight">
              <Tag name={told.status} />
              <p>
                <strong>{told.answer}</strong>
              </p>
              {told.waits_for.map((each) => <p key={each}>It waits for: {each}</p>)}
            </div>
            <section class="stack">
              <h3>What happened</h3>
              <ol class="trail">
                {told.trail.map((step, index) => (
                  <li key={index}>
                    <div>{step.words}</div>
                    {step.at && (
                      <div class="small soft">
                        <When at={step.at} seconds />
                      </div>
                    )}
                  </li>
                ))}
              </ol>
            </section>
          </>
        )}
        {said && (said.subject || said.body) && (
          <section class="stack">
            <h3>What it says</h3>
            {said.subject && (
              <p>
                <strong>{said.subject}</strong>
              </p>
            )}
            {said.body && <pre>{said.body}</pre>}
          </section>
        )}
        {said?.contact_id && (
          <p>
            <a href={`#/people/${said.contact_id}`}>All that is known of this person</a>
          </p>
        )}
      </div>
    </Dialog>
  );
}
