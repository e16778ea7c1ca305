/** The page of somebody who is not signed in: at a provider, by a token or by an API key. */

import { useState } from "preact/hooks";
import { useAction } from "../action.ts";
import { refusal, ROOT, Unreachable } from "../api.ts";
import { Failure } from "../parts/failure.tsx";
import { TextField } from "../parts/field.tsx";
import { place } from "../routes.ts";
import { readSession, type Session } from "../session.ts";
import { nextPlace, SAID } from "../logic/organisation/sign_in.ts";

export function SignIn({ session }: { session: Session }) {
  const next = nextPlace(place.get());
  const error = new URLSearchParams(place.get().split("?")[1]).get("error");
  const canUseToken = session.ways.includes("token");
  return (
    <main class="main sign-in">
      <div class="page narrow">
        <h1>Sign in to Clarion</h1>
        {error && (
          <p class="notice bad" role="alert">
            {SAID[error] ?? "You could not be signed in: try again."}
          </p>
        )}
        {session.hint && <p class="notice warn">{session.hint}</p>}
        {session.ways.includes("oidc") && (
          <p>
            <a
              class="button main-action"
              href={`${ROOT}/session/login?next=${encodeURIComponent(`#${next}`)}`}
            >
              Sign in with your organisation
            </a>
          </p>
        )}
        {canUseToken && <ByToken next={next} only={session.ways.length === 1} />}
      </div>
    </main>
  );
}

/** `only`: there is no other way in. */
function ByToken({ next, only }: { next: string; only: boolean }) {
  const [token, setToken] = useState("");
  const signIn = useAction(async () => {
    const headers = { Authorization: `Bearer ${token.trim()}` };
    const response = await fetch(`${ROOT}/session`, { method: "POST", headers }).catch(() => {
      throw new Unreachable();
    });
    if (!response.ok) throw refusal(response.status, await response.json().catch(() => ({})));
    location.hash = next;
    await readSession();
  });
  return (
    <form
      class="sheet stack"
      onSubmit={(event) => {
        event.preventDefault();
        signIn.run();
      }}
    >
      <TextField
        label="Token or API key"
        hint="It is sealed in a cookie that no script can read, for eight hours at most."
        type="password"
        autocomplete="current-password"
        required
        value={token}
        change={setToken}
      />
      <Failure of={signIn.failed} />
      <div>
        <button type="submit" class={only ? "main-action" : undefined} aria-disabled={signIn.busy}>
          Sign in
        </button>
      </div>
    </form>
  );
}
