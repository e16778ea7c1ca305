/** Who is signed in, the theme, and the way out. */

import { useState } from "preact/hooks";
import { signOut } from "./sign_out.ts";
import type { Session } from "../session.ts";

const THEME = "clarion.theme";
const THEMES = [["", "System theme"], ["light", "Light"], ["dark", "Dark"]] as const;

function show(theme: string): void {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

show(localStorage.getItem(THEME) ?? "");

export function Who({ session }: { session: Session }) {
  const [theme, setTheme] = useState(localStorage.getItem(THEME) ?? "");
  return (
    <div class="who beside">
      <span class="small soft">
        {session.org} · {session.subject}, {session.role}
      </span>
      <select
        aria-label="Theme"
        class="theme"
        value={theme}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          localStorage.setItem(THEME, chosen);
          setTheme(chosen);
          show(chosen);
        }}
      >
        {THEMES.map(([each, words]) => <option key={each} value={each}>{words}</option>)}
      </select>
      {session.ways.length > 0 && (
        <button type="button" class="plain" onClick={signOut}>Sign out</button>
      )}
    </div>
  );
}
