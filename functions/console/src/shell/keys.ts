/** Single keys, as `?` lists them. They can be switched off (WCAG 2.1.4). */

import { signal } from "../signal.ts";
import { go, ROUTES } from "../routes.ts";
import { walk } from "../parts/table.tsx";

const OFF = "clarion.keys-off";

/** Whether single keys do anything. */
export const keysOn = signal(localStorage.getItem(OFF) === null);

export function switchKeys(on: boolean): void {
  if (on) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "1");
  keysOn.set(on);
}

/** What stands on keys that have no letter. */
const SIGNS: Record<string, string> = { ArrowLeft: "←", ArrowRight: "→" };

/** A key that a page gives a meaning of its own while it is shown. */
export interface PageKey {
  key: string;
  does: string;
  act: () => void;
}

const ofPage = new Set<PageKey>();

/** Give keys a meaning; returns how to take it away. For `useEffect`. */
export function pageKeys(...keys: PageKey[]): () => void {
  for (const each of keys) ofPage.add(each);
  return () => {
    for (const each of keys) ofPage.delete(each);
  };
}

/** All keys and what they do, for the list. */
export function listed(): [string, string][] {
  const pages = ROUTES.flatMap(({ nav }): [string, string][] =>
    nav?.key ? [[`g ${nav.key}`, `Go to ${nav.name}`]] : []
  );
  return [
    ["Ctrl K or /", "Search, go to, do"],
    ["?", "Show this list"],
    ["j, k", "Next and last row"],
    ["Enter", "Open the row"],
    ...[...ofPage].map((each): [string, string] => [SIGNS[each.key] ?? each.key, each.does]),
    ...pages,
  ];
}

function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return !!element?.closest?.("input, textarea, select, [contenteditable]");
}

let afterG = false;

/** Listen to keys for as long as the page lives. */
export function listen(openPalette: () => void, openHelp: () => void): () => void {
  function pressed(event: KeyboardEvent): void {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !keysOn.get()) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    if (single(event.key)) event.preventDefault();
  }

  function single(key: string): boolean {
    if (afterG) {
      afterG = false;
      const route = ROUTES.find(({ nav }) => nav?.key === key);
      if (route) go(route.path);
      return !!route;
    }
    const page = [...ofPage].find((each) => each.key === key);
    if (page) page.act();
    else if (key === "g") afterG = true;
    else if (key === "/") openPalette();
    else if (key === "?") openHelp();
    else if (key === "j") walk(1);
    else if (key === "k") walk(-1);
    else return false;
    return true;
  }

  addEventListener("keydown", pressed);
  return () => removeEventListener("keydown", pressed);
}
