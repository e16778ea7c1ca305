/** What can be done with a campaign as it stands; each asks first, and is done once. */

import { useEffect, useRef, useState } from "preact/hooks";
import { api, ask } from "../../../api.ts";
import { useAction } from "../../../action.ts";
import { Failure } from "../../../parts/failure.tsx";
import { tell } from "../../../parts/notes.tsx";
import { go } from "../../../routes.ts";
import { useMay } from "../../../session.ts";
import { pageKeys } from "../../../shell/keys.ts";
import type { Shown } from "../campaign.tsx";
import { removeDrafts } from "../removal.ts";
import { Reschedule, Skip } from "./moving.tsx";
import { Retry, Test } from "./sending_again.tsx";
import { Cancel, Pause, Resume } from "./stopping.tsx";

const QUESTIONS = {
  Pause,
  Resume,
  Cancel,
  Reschedule,
  Skip,
  Retry,
  Test,
};

export type Question = keyof typeof QUESTIONS;

const WORDS: Record<Question, string> = {
  Pause: "Pause",
  Resume: "Resume",
  Cancel: "Cancel",
  Reschedule: "Reschedule",
  Skip: "Skip this run",
  Retry: "Call again",
  Test: "Send a test",
};

export function Control(shown: Shown) {
  const may = useMay("operator", "campaigns");
  const [open, setOpen] = useState<Question | undefined>();
  const { campaign, progress } = shown;
  const running = progress.status === "running";
  const place = useRef<HTMLDivElement>(null);
  const [answered, setAnswered] = useState(false);
  const questions = questionsOf(shown);
  useEffect(() => {
    if (!may || !running) return;
    return pageKeys({ key: "p", does: "Pause", act: () => setOpen("Pause") });
  }, [may, running]);
  // What was pressed may be gone with the status: the focus goes to what takes its place.
  useEffect(() => {
    if (answered && document.activeElement === document.body) {
      place.current?.querySelector<HTMLElement>("button")?.focus();
    }
    setAnswered(false);
    if (open && !questions.includes(open)) setOpen(undefined);
  }, [progress.status]);
  if (!may) return null;
  const Asked = open && questions.includes(open) ? QUESTIONS[open] : undefined;
  return (
    <div class="control" ref={place}>
      <div class="beside">
        {progress.status === "draft" && (
          <a class="button main-action" href={editorOf(shown)}>Edit</a>
        )}
        {questions.map((each) => (
          <button
            type="button"
            key={each}
            class={each === "Resume" ? "main-action" : each === "Cancel" ? "danger" : undefined}
            onClick={() => setOpen(each)}
          >
            {wordsOf(each, shown)}
          </button>
        ))}
        {campaign.kind !== "single" && <Duplicate {...shown} />}
        {progress.status === "draft" && (
          <button
            type="button"
            class="danger"
            onClick={() => {
              removeDrafts([campaign]);
              go("/campaigns");
            }}
          >
            Delete
          </button>
        )}
      </div>
      {Asked && (
        <Asked
          {...shown}
          close={() => {
            setOpen(undefined);
            setAnswered(true);
          }}
        />
      )}
    </div>
  );
}

/** Where a draft is written: what has a plan, at its plan. */
function editorOf({ campaign }: Shown): string {
  return campaign.plan_version === null
    ? `#/campaigns/${campaign.id}/edit`
    : `#/journeys/${campaign.id}`;
}

function questionsOf(shown: Shown): readonly Question[] {
  const { campaign, progress } = shown;
  const waits = campaign.repeat !== null && campaign.started_at === null;
  const walks = campaign.plan_version !== null;
  switch (progress.status) {
    case "draft":
      return walks ? [] : ["Test"];
    case "scheduled":
      return ["Reschedule", ...(waits ? ["Skip" as const] : []), "Cancel"];
    case "running":
      return ["Pause", "Cancel"];
    case "paused":
      return ["Resume", ...(waits ? ["Skip" as const] : []), "Cancel"];
    default:
      return !walks && isWorthRetrying(shown) ? ["Retry"] : [];
  }
}

/** Whether anybody may be there whom it did not reach. */
function isWorthRetrying({ campaign, progress }: Shown): boolean {
  const { failed, unknown, skipped, expired } = progress.stats;
  return failed + unknown > 0 || (campaign.fallbacks.length > 0 && skipped + expired > 0);
}

function wordsOf(question: Question, { campaign }: Shown): string {
  if (question === "Retry" && campaign.channel !== "voice") return "Send again";
  if (question === "Cancel" && campaign.repeat && !campaign.started_at) return "End the series";
  return WORDS[question];
}

function Duplicate({ campaign }: Shown) {
  const action = useAction(async (key) => {
    const made = await ask(
      api.POST("/campaigns/{campaign_id}/duplicate", {
        params: { path: { campaign_id: campaign.id }, header: { "Idempotency-Key": key } },
      }),
    );
    tell(`${made.name} is a draft now.`);
    go(`/campaigns/${made.id}`);
  });
  return (
    <>
      <button type="button" aria-disabled={action.busy} onClick={() => action.run()}>
        Duplicate
      </button>
      <Failure of={action.failed} />
    </>
  );
}
