/** By which channels somebody may be contacted: now, from when, or why not at all. */

import { api, ask, type Schemas } from "../../api.ts";
import { EACH_MINUTE, type Live, useLive } from "../../live.ts";
import { Missing, Waiting } from "../../parts/failure.tsx";
import { When } from "../../parts/time.tsx";

/** Read how somebody is reached; to be asked again after what changes it. */
export function useReach(id: string): Live<Schemas["ShownReach"]> {
  return useLive(`reach ${id}`, (signal) =>
    ask(
      api.GET("/contacts/{contact_id}/reach", {
        params: { path: { contact_id: id } },
        signal,
      }),
    ), () => EACH_MINUTE);
}

export function Reach({ read }: { read: Live<Schemas["ShownReach"]> }) {
  return (
    <section class="sheet stack" aria-label="May be contacted">
      <h2>May be contacted</h2>
      {read.value
        ? <Channels of={read.value.channels} />
        : read.refused
        ? <Missing of={read.refused} />
        : <Waiting />}
    </section>
  );
}

function Channels({ of }: { of: Schemas["ShownChannelReach"][] }) {
  if (!of.length) return <p class="soft">No channel is set up here.</p>;
  return (
    <dl class="facts">
      {of.map((each) => [
        <dt key={each.channel}>{each.channel}</dt>,
        <dd key={`${each.channel} may`}>
          <Told of={each} />
          {each.barred_kinds.length > 0 && (
            <div class="small soft">
              but by no campaign of the kind {each.barred_kinds.join(", ")}: they opted out of it
            </div>
          )}
        </dd>,
      ])}
    </dl>
  );
}

function Told({ of }: { of: Schemas["ShownChannelReach"] }) {
  if (of.may === "now") return <>Now</>;
  if (of.may === "never") return <>No: {of.reason_words}</>;
  return (
    <>
      From <When at={of.allowed_from} />: {of.reason_words}
    </>
  );
}
