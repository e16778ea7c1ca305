/** A status: a sign and a word. The colour only helps those who see it. */

type Sign = "ring" | "clock" | "play" | "pause" | "check" | "cross" | "dash" | "mark" | "question";
type Tone = "good" | "warn" | "bad" | "soft" | "accent";

const DRAWN: Record<Sign, string> = {
  ring: "M7 2.5a4.5 4.5 0 1 0 .01 0",
  clock: "M7 2.5a4.5 4.5 0 1 0 .01 0M7 4.5V7l1.8 1.2",
  play: "M4.5 3v8l6-4z",
  pause: "M5 3v8M9 3v8",
  check: "M3 7.5 6 10.5 11.5 4",
  cross: "M3.5 3.5l7 7M10.5 3.5l-7 7",
  dash: "M3 7h8",
  mark: "M7 2.5v5.5M7 10.5v.6",
  question: "M5 5a2 2 0 1 1 2.6 1.9c-.5.2-.6.6-.6 1.3M7 10.6v.6",
};

/** How each status looks: campaigns, messages, imports and enrollments share one table. */
const LOOKS: Record<string, readonly [Sign, Tone]> = {
  draft: ["ring", "soft"],
  scheduled: ["clock", "accent"],
  running: ["play", "accent"],
  paused: ["pause", "warn"],
  completed: ["check", "good"],
  cancelled: ["dash", "soft"],
  failed: ["cross", "bad"],
  pending: ["ring", "soft"],
  waiting: ["ring", "soft"],
  sending: ["play", "accent"],
  queued: ["play", "accent"],
  ringing: ["play", "accent"],
  answered: ["check", "good"],
  sent: ["check", "accent"],
  delivered: ["check", "good"],
  read: ["check", "good"],
  skipped: ["dash", "warn"],
  unknown: ["question", "warn"],
  expired: ["dash", "warn"],
  invalid: ["cross", "bad"],
  active: ["play", "accent"],
  exited: ["check", "soft"],
  undone: ["dash", "soft"],
  undoing: ["play", "warn"],
  ok: ["check", "good"],
  stale: ["mark", "bad"],
  idle: ["ring", "soft"],
  unwell: ["mark", "bad"],
  unhealthy: ["cross", "bad"],
  degraded: ["mark", "warn"],
  healthy: ["check", "good"],
  inactive: ["pause", "warn"],
  revoked: ["dash", "soft"],
  meets: ["mark", "warn"],
};

/** `name` is a status of the API; `words` what it is called here, where that differs. */
export function Tag({ name, words }: { name: string; words?: string }) {
  const [sign, tone] = LOOKS[name] ?? ["ring", "soft"];
  return (
    <span class={`tag ${tone}`}>
      <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
        <path d={DRAWN[sign]} fill="none" stroke="currentColor" stroke-width="1.6" />
      </svg>
      {words ?? name.replaceAll("_", " ")}
    </span>
  );
}
