/** The way out: here, and at the provider where that has one. */

import { ROOT } from "../api.ts";
import { readSession } from "../session.ts";

/** End the session. */
export async function signOut(): Promise<void> {
  const response = await fetch(`${ROOT}/session`, { method: "DELETE" });
  const { end_session_url: elsewhere } = await response.json();
  if (elsewhere) location.href = elsewhere;
  else {
    location.hash = "/sign-in";
    await readSession();
  }
}
