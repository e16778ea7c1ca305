/** Fields that a plan's forms share. */

import { duration } from "../../../logic/plan/words.ts";
import { TextField } from "../../../parts/field.tsx";

/** The words or sentences that a part's members are refused with, by the member's name. */
export type Wrong = (member: string) => string | undefined;

const EVENTS = [
  "sent",
  "delivered",
  "opened",
  "clicked",
  "replied",
  "answered",
  "completed",
  "machine",
  "failed",
  "bounced",
  "busy",
  "no_answer",
  "skipped",
  "expired",
  "unknown",
  "no_open",
  "no_click",
  "no_reply",
  "elapsed",
];

interface DurationProps {
  label: string;
  value: unknown;
  change(value: string | undefined): void;
  error?: string;
  hint?: string;
}

const COMMON = ["PT10M", "PT1H", "PT4H", "P1D", "P2D", "P3D", "P1W", "P1M"];

/** A duration as ISO 8601 writes it, told in words below it. */
export function DurationField({ label, value, change, error, hint }: DurationProps) {
  const text = String(value ?? "");
  return (
    <TextField
      label={label}
      hint={text ? duration(text) : hint ?? "As P3D for three days, PT90M for ninety minutes"}
      error={error}
      list="durations"
      value={text}
      change={(given) => change(given.trim() || undefined)}
    />
  );
}

/** What fields offer to choose from; it stands once on a page. */
export function Offered() {
  return (
    <>
      <datalist id="durations">
        {COMMON.map((each) => <option key={each} value={each}>{duration(each)}</option>)}
      </datalist>
      <datalist id="events">{EVENTS.map((each) => <option key={each} value={each} />)}</datalist>
    </>
  );
}

interface OptionalProps {
  label: string;
  value: unknown;
  change(value: string | undefined): void;
  error?: string;
  hint?: string;
  placeholder?: string;
}

/** A text that may be left out. */
export function OptionalField({ value, change, ...rest }: OptionalProps) {
  return (
    <TextField
      {...rest}
      value={String(value ?? "")}
      change={(text) => change(text || undefined)}
    />
  );
}
