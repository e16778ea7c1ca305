/** What must be known first: why it stopped, what goes on all the same, what was probably not meant. */

import { count, isEbbing, unreached } from "../../../logic/campaigns/campaign.ts";
import { When } from "../../../parts/time.tsx";
import type { Shown } from "../campaign.tsx";

export function Notices(shown: Shown) {
  const { campaign, progress } = shown;
  const { attention } = campaign;
  return (
    <>
      {attention && (
        <div class="notice bad stack tight">
          <h2>
            {progress.status === "paused" ? "Clarion has paused this" : "This needs somebody"}
          </h2>
          <p>
            {sentence(attention.why)} {attention.since && (
              <span class="soft">
                since <When at={attention.since} />
              </span>
            )}
          </p>
          <p>
            <strong>What to do:</strong> {attention.next_step}.
          </p>
        </div>
      )}
      {!attention && <Reason {...shown} />}
      <Ebbing {...shown} />
      <Recalled {...shown} />
      {campaign.kind !== "broadcast" && campaign.kind !== "single" && (
        <div class="notice">
          <p>
            People walk through the plan of this {campaign.kind}, step by step{campaign.walks &&
              `: ${campaign.walks.active.toLocaleString()} are under way, ` +
                `${campaign.walks.completed.toLocaleString()} have come to its end, ` +
                `${campaign.walks.exited.toLocaleString()} have left`}.{" "}
            <a href={`#/journeys/${campaign.id}`}>See its steps, and who is where</a>
          </p>
        </div>
      )}
      {(campaign.warnings ?? []).map((warning) => (
        <div class="notice warn" key={warning.code + warning.field}>
          <p>{warning.message}</p>
        </div>
      ))}
    </>
  );
}

/** Why a person has paused or cancelled it, or why it failed. */
function Reason({ progress }: Shown) {
  if (!progress.reason || progress.status === "running") return null;
  const failed = progress.status === "failed";
  return (
    <div class={failed ? "notice bad" : "notice"}>
      <p>
        {sentence(progress.status)}: {progress.reason_words || progress.reason}
      </p>
    </div>
  );
}

/** What goes on after a stop, counting down. */
function Ebbing({ campaign, progress }: Shown) {
  if (!isEbbing(progress)) return null;
  const stops = progress.status === "paused" ? "New ones stop within 2 s" : "No new ones go out";
  const go = progress.in_flight === 1
    ? "is with the carrier and goes on"
    : "are with the carrier and go on";
  const left = unreached(progress);
  return (
    <div class="notice warn">
      <p>
        {stops}; <strong>{progress.in_flight.toLocaleString()}</strong> {go}.
        {progress.status === "paused" && left > 0 &&
          ` ${count(left, "person", "people")} wait until it is resumed.`}
        {campaign.channel !== "voice" &&
          " A text counts as with the carrier until a receipt comes."}
      </p>
    </div>
  );
}

function Recalled({ progress }: Shown) {
  const { recall } = progress;
  if (!recall || !(recall.recalled || recall.beyond_recall)) return null;
  return (
    <div class="notice">
      <p>
        Of the messages that the carrier had, {recall.recalled.toLocaleString()}{" "}
        were taken back, and {recall.beyond_recall.toLocaleString()} were beyond recall
        {recall.done ? "." : " so far."}
      </p>
    </div>
  );
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
