/** What will happen, and the button that makes it happen. */

import { useState } from "preact/hooks";
import { useAction } from "../../action.ts";
import { api, ask, askTagged, Refused } from "../../api.ts";
import { bodyOf } from "../../logic/campaigns/draft.ts";
import { called } from "../../logic/words/field_names.ts";
import { Confirm } from "../../parts/dialog.tsx";
import { Failure } from "../../parts/failure.tsx";
import { tell } from "../../parts/notes.tsx";
import { inWords, When as At } from "../../parts/time.tsx";
import { go } from "../../routes.ts";
import { type Count, count, type Counted, reachedWords } from "./audience.tsx";
import type { Draft } from "./draft.ts";
import { TestSend } from "./test_send.tsx";
import { scheduleOf, startOf, type When } from "./when.ts";

interface ReviewProps {
  draft: Draft;
  when: When;
  counted: Counted;
  refusedBy(refused: Refused | undefined): void;
}

export function ReviewPart({ draft, when, counted, refusedBy }: ReviewProps) {
  const [other, setOther] = useState<Count | undefined>();
  const id = draft.stored?.shown.id;
  const schedule = scheduleOf(when);
  const does = schedule ? (n: Count) => `Schedule for ${reachedWords(n)}` : sendWords;

  /** Counts again; asks again where the number is no longer the one on the button. */
  const start = useAction(async (key, seen: Count) => {
    refusedBy(undefined);
    if (when.how === "at" && !startOf(when)) {
      throw new Refused(400, "", "Say at which time it starts.", [], {});
    }
    if (!await draft.flush()) return setOther(undefined);
    const { shown, tag } = draft.stored!;
    const path = { campaign_id: shown.id };
    const now = await count(shown.id, startOf(when));
    if (numberOf(now) !== numberOf(seen)) return setOther(now);
    // Nobody is to send what somebody else has just written.
    const [, newest] = await askTagged(api.GET("/campaigns/{campaign_id}", { params: { path } }));
    if (versionOf(newest) !== versionOf(tag)) {
      await draft.meet();
      return setOther(undefined);
    }
    const params = { path };
    const headers = { "Idempotency-Key": key };
    if (schedule) {
      const asked = api.POST("/campaigns/{campaign_id}/schedule", {
        params,
        headers,
        body: schedule,
      });
      const { scheduled_at } = await ask(asked).catch(told);
      tell(
        `It is scheduled for ${reachedWords(now)}, ${inWords(scheduled_at!, when.at.zone)}.`,
      );
    } else {
      await ask(
        api.POST("/campaigns/{campaign_id}/send", { params, headers, body: audience(shown) }),
      )
        .catch(told);
      tell(`It is being sent to ${reachedWords(now)}.`);
    }
    draft.stop();
    go(`/campaigns/${shown.id}`);
  });

  function told(error: unknown): never {
    if (error instanceof Refused) refusedBy(error);
    throw error;
  }

  const isStarted = start.failed instanceof Refused &&
    start.failed.code === "INVALID_CAMPAIGN_STATUS";
  const isForSomebody = !!bodyOf(draft.form).audience;

  const warnings = draft.stored?.shown.warnings ?? [];
  return (
    <>
      <Outcome counted={isForSomebody ? counted : { asking: false }} />
      {warnings.map((each) => (
        <div key={each.code + each.message} class="notice warn">
          {called(each.field)}: {each.message.replace(`${each.field}: `, "")}
        </div>
      ))}
      {id && <TestSend draft={draft} />}
      <Refusal of={start.failed} />
      {isStarted && (
        <p>
          Somebody has started it, or an answer was lost.{" "}
          <a href={`#/campaigns/${id}`}>See how it goes</a>
        </p>
      )}
      <div class="beside start">
        <button
          type="button"
          class="main-action"
          disabled={!id || !counted.count || !isForSomebody || draft.state === "conflict"}
          aria-disabled={start.busy}
          onClick={() => start.run(counted.count!)}
        >
          {start.busy
            ? "One moment…"
            : counted.count && isForSomebody
            ? does(counted.count)
            : "Send"}
        </button>
        {!id
          ? <span class="soft">Write something first.</span>
          : !isForSomebody && <span class="soft">Choose an audience first.</span>}
        {when.how === "at" && startOf(when) && <At at={startOf(when)} zone={when.at.zone} />}
      </div>
      {other && (
        <Confirm
          title="The number has changed"
          does={does(other)}
          action={{ ...start, run: () => start.run(other) }}
          close={() => setOther(undefined)}
        >
          <p>
            It was {counted.count ? reachedWords(counted.count) : "another number"}{" "}
            when you looked; now it is <strong>{reachedWords(other)}</strong>.
          </p>
        </Confirm>
      )}
    </>
  );
}

function sendWords(count: Count): string {
  return `Send to ${reachedWords(count)}`;
}

function numberOf(count: Count): string {
  return [count.reached, count.by_fallback, count.exact, count.total].join();
}

/** The version that an ETag begins with. */
function versionOf(tag: string): string {
  return tag.replace(/^W\//, "").replaceAll('"', "").split("-")[0];
}

/** Return the audience by name: it is then read anew, however large it was when it was chosen. */
function audience({ audience: { kind, id } }: { audience: Record<string, string> }) {
  if (kind === "list") return { list_id: id };
  if (kind === "segment") return { segment_id: id };
  return kind === "everyone" ? { everyone: true as const } : {};
}

function Outcome({ counted: { count, asking } }: { counted: Counted }) {
  if (!count) {
    return (
      <p class="soft">
        {asking ? "Counting…" : "Whom it reaches is counted once an audience is chosen."}
      </p>
    );
  }
  const figures: [string, number][] = [
    ["get it", count.reached],
    ["by a fallback", count.by_fallback],
    ["wait for their hours", count.waiting],
    ["get nothing", count.not_reached],
  ];
  return (
    <>
      <dl class="figures">
        {figures.filter(([, number], index) => number || index === 0).map(([name, number]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{number.toLocaleString()}</dd>
          </div>
        ))}
      </dl>
      {!count.exact && (
        <p class="soft">
          {count.total === null
            ? `At least: only ${count.looked_at.toLocaleString()} people have been looked at.`
            : `About: ${count.looked_at.toLocaleString()} of ${count.total.toLocaleString()} people have been looked at.`}
        </p>
      )}
      {count.reasons.length > 0 && (
        <ul class="plain-list">
          {count.reasons.map((each) => (
            <li key={each.reason}>
              {each.count.toLocaleString()} get nothing: {each.reason_words}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Why it was not started, with the field that has to be mended. */
function Refusal({ of }: { of: ReturnType<typeof useAction>["failed"] }) {
  const rule = of instanceof Refused ? of.broken[0] : undefined;
  if (!rule) return <Failure of={of} />;
  return (
    <div class="notice bad" role="alert">
      {called(rule.field)}: {rule.message.replace(`${rule.field}: `, "")}
    </div>
  );
}
