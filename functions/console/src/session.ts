/** Who is signed in, and what they may do. */

import { forget, ROOT, whenSignedOut } from "./api.ts";
import { signal, useSignal } from "./signal.ts";
import { answered, unanswered } from "./connection.ts";

export type Role = "viewer" | "operator" | "admin";

const ORDER: readonly Role[] = ["viewer", "operator", "admin"];

/** What GET /session tells. */
export interface Session {
  signed_in: boolean;
  /** How one may sign in here; none on a laptop. */
  ways: ("oidc" | "token")[];
  /** What to set where nobody can sign in. */
  hint: string | null;
  subject: string | null;
  org: string | null;
  role: Role | null;
  /** null: all. */
  areas: string[] | null;
  channels: { channel: string; provider: string; simulated: boolean }[];
  limits: {
    page_size: number;
    max_upload_bytes: number;
    schedule_ahead_days: number;
  } | null;
  version: string;
}

/** undefined: nobody has been asked yet. */
export const session = signal<Session | undefined>(undefined);

whenSignedOut(readSession);

/** Ask who is signed in. */
export async function readSession(): Promise<void> {
  try {
    const response = await fetch(`${ROOT}/session`, { cache: "no-store" });
    if (!response.ok) throw new Error(String(response.status));
    answered();
    const told: Session = await response.json();
    if (!told.signed_in) forget();
    session.set(told);
  } catch {
    unanswered();
    setTimeout(readSession, 2_000);
  }
}

/** Tell whether the caller may do what needs a role, in an area of the API. */
export function may(who: Session | undefined, needed: Role, area?: string): boolean {
  if (!who?.role) return false;
  const inArea = !area || !who.areas || who.areas.includes(area);
  return inArea && ORDER.indexOf(who.role) >= ORDER.indexOf(needed);
}

/** Return whether the caller may; pages leave out what would be refused. */
export function useMay(needed: Role, area?: string): boolean {
  return may(useSignal(session), needed, area);
}
