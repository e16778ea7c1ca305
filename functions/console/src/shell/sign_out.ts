/** The way out: here, and at the provider where that has one. */

import { ROOT } from "../api.ts";
import { tell } from "../parts/notes.tsx";
import { readSession } from "../session.ts";

/** End the session. */
export async function signOut(): Promise<void> {
  const ended = await end();
  if (!ended) tell("Clarion does not answer: you are still signed in. Try again in a moment.");
  else if (ended.end_session_url) location.href = ended.end_session_url;
  else {
    location.hash = "/sign-in";
    await readSession();
  }
}

async function end(): Promise<{ end_session_url: string | null } | undefined> {
  try {
    const response = await fetch(`${ROOT}/session`, { method: "DELETE" });
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}
