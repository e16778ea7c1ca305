/** What stands around every page: the head, the navigation, the bar of a silent server. */

import { useEffect, useRef, useState } from "preact/hooks";
import { silentSince } from "../connection.ts";
import { Notes } from "../parts/notes.tsx";
import { Waiting } from "../parts/failure.tsx";
import { find, type Page, type PageProps, place, ROUTES } from "../routes.ts";
import { nextPlace } from "../logic/organisation/sign_in.ts";
import { session } from "../session.ts";
import { useSignal } from "../signal.ts";
import { Help } from "./help.tsx";
import { listen } from "./keys.ts";
import { Palette } from "./palette.tsx";
import { SignIn } from "./sign_in.tsx";
import { Who } from "./who.tsx";

type Above = "palette" | "help" | undefined;

export function Shell() {
  const [above, setAbove] = useState<Above>();
  const [menu, setMenu] = useState(false);
  const who = useSignal(session);
  useEffect(() => {
    // Whoever goes back to the page for signing in, or opens it anew, has signed in already.
    const at = place.get();
    if (who?.signed_in && at.startsWith("/sign-in")) location.replace(`#${nextPlace(at)}`);
  }, [who]);
  useEffect(() => listen(() => setAbove("palette"), () => setAbove("help")), []);
  if (!who) return <Silence />;
  if (!who.signed_in) return <SignIn session={who} />;
  return (
    <>
      <a class="skip" href={`#${place.get()}`} onClick={toMain}>Skip to the page</a>
      <div class="shell">
        <header class="head">
          <a class="brand" href="#/campaigns">Clarion</a>
          <button
            type="button"
            class="menu"
            aria-expanded={menu}
            onClick={() => setMenu(!menu)}
          >
            Pages
          </button>
          <button type="button" class="search soft" onClick={() => setAbove("palette")}>
            Search or go to <kbd>Ctrl K</kbd>
          </button>
          <Who session={who} />
        </header>
        <Nav open={menu} close={() => setMenu(false)} />
        <Silence />
        <Main />
      </div>
      <Notes />
      {above === "palette" && <Palette close={() => setAbove(undefined)} />}
      {above === "help" && <Help close={() => setAbove(undefined)} />}
    </>
  );
}

function toMain(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>("main")?.focus();
}

/** Since when the figures are old, where nobody answers. */
function Silence() {
  const since = useSignal(silentSince);
  if (!since) return null;
  const at = since.toLocaleTimeString("en-GB");
  return (
    <div class="offline" role="status">
      Clarion does not answer. What is shown is as of {at}; it goes on by itself.
    </div>
  );
}

const GROUPS = ["Outreach", "People", "Clarion"] as const;

/** The navigation; on a phone it is there once it is opened, and goes when a page is chosen. */
function Nav({ open, close }: { open: boolean; close(): void }) {
  const at = useSignal(place);
  useEffect(close, [at]);
  return (
    <nav class={open ? "nav open" : "nav"} aria-label="Pages">
      <div class="nav-inner">
        {GROUPS.map((group) => {
          const routes = ROUTES.filter(({ nav }) => nav?.group === group);
          if (!routes.length) return null;
          return (
            <div key={group}>
              <h2>{group}</h2>
              <ul>
                {routes.map(({ path, nav }) => {
                  const here = at === path || at.startsWith(`${path}/`) ||
                    at.startsWith(`${path}?`);
                  return (
                    <li key={path}>
                      <a href={`#${path}`} aria-current={here ? "page" : undefined} onClick={close}>
                        {nav!.name}
                      </a>
                    </li>
                  );
                })}
              </ul>
            </div>
          );
        })}
      </div>
    </nav>
  );
}

interface Opened {
  page: Page;
  path: string;
}

/** The page of the place; the focus goes to it when it is another one. */
function Main() {
  const at = useSignal(place);
  const main = useRef<HTMLElement>(null);
  const [opened, setOpened] = useState<Opened | undefined>();
  const found = find(at);
  const path = found?.route.path ?? "";
  const first = useRef(true);

  useEffect(() => {
    let left = false;
    setOpened(undefined);
    found?.route.load().then(({ default: page }) => !left && setOpened({ page, path }));
    return () => {
      left = true;
    };
  }, [path]);

  const where = at.split("?")[0];
  useEffect(() => {
    if (!first.current) main.current?.focus();
    first.current = false;
    scrollTo(0, 0);
  }, [where]);

  return (
    <main class="main" tabIndex={-1} ref={main}>
      {!found
        ? <Nowhere />
        : opened?.path === path
        ? <Shown page={opened.page} props={found.props} key={where} />
        : <Waiting />}
    </main>
  );
}

function Shown({ page: One, props }: { page: Page; props: PageProps }) {
  useEffect(() => {
    const heading = document.querySelector("main h1");
    document.title = heading?.textContent ? `${heading.textContent} · Clarion` : "Clarion";
  });
  return <One {...props} />;
}

function Nowhere() {
  return (
    <div class="page narrow">
      <h1>There is no such page</h1>
      <p>
        <a href="#/campaigns">Go to the campaigns</a>
      </p>
    </div>
  );
}
