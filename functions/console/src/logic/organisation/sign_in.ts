/** Where somebody goes after signing in, and why signing in failed. */

/** What the server's words mean, with what to do next. */
export const SAID: Readonly<Record<string, string>> = {
  LOGIN_EXPIRED: "That sign-in was begun too long ago or in another window: sign in again.",
  LOGIN_CANCELLED: "You were not signed in: it was cancelled or refused there.",
  LOGIN_FAILED:
    "What your organisation's sign-in answered does not hold: try again, or tell whoever " +
    "runs Clarion.",
  NOT_A_MEMBER:
    "You are signed in there, but belong to no organisation or have no role here: ask " +
    "whoever runs Clarion.",
  PROVIDER_UNAVAILABLE: "Your organisation's sign-in does not answer: try again in a minute.",
};

/** Return the place to go to: the one that was asked for, or the one named by the sign-in page. */
export function nextPlace(at: string): string {
  const [path, search] = at.split("?", 2);
  if (path !== "/sign-in") return at;
  const next = new URLSearchParams(search).get("next") ?? "";
  return next.startsWith("#/") && !next.startsWith("#/sign-in") ? next.slice(1) : "/campaigns";
}
