/** Ctrl K: go to a page, find a person or a campaign, begin something. */

import { useEffect, useId, useState } from "preact/hooks";
import { Dialog } from "../parts/dialog.tsx";
import { go, ROUTES } from "../routes.ts";
import { session } from "../session.ts";
import { useSignal } from "../signal.ts";
import { commands } from "./commands.ts";
import { type LookedUp, lookUp, type Option } from "./search.ts";

const WAIT_MS = 300;
/** Shorter words are of pages and commands alone. */
const LEAST = 2;

export function Palette({ close }: { close(): void }) {
  const [text, setText] = useState("");
  const { found, answered, looking } = useFound(text.trim());
  const [at, setAt] = useState(0);
  const id = useId();
  const options = [...pages(text), ...commands(text, useSignal(session)), ...found];
  const chosen = Math.max(0, Math.min(at, options.length - 1));

  useEffect(() => {
    document.getElementById(`${id}-${chosen}`)?.scrollIntoView({ block: "nearest" });
  }, [chosen, options.length]);

  function open(option: Option | undefined): void {
    if (!option) return;
    close();
    go(option.to);
  }

  function pressed(event: KeyboardEvent): void {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && options.length) setAt((chosen + by + options.length) % options.length);
    else if (event.key === "Enter") open(options[chosen]);
    else if (event.key === "Escape") close(); // which would empty the field alone
    else return;
    event.preventDefault();
  }

  return (
    <Dialog title="Search" close={close} kind="palette">
      <input
        type="search"
        role="combobox"
        list={undefined}
        aria-expanded={options.length > 0}
        aria-autocomplete="list"
        aria-controls={id}
        aria-activedescendant={options.length ? `${id}-${chosen}` : undefined}
        aria-label="A page, something to do, a number, an e-mail address, a name or an id"
        placeholder="A page, something to do, a number, an address, a name or an id"
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={pressed}
      />
      <ul class="options" role="listbox" id={id} aria-label="Found" hidden={!options.length}>
        {options.map((option, index) => (
          <li
            key={option.to}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === chosen}
            onClick={() => open(option)}
          >
            <span>{option.name}</span>
            <span class="soft">{option.what}</span>
          </li>
        ))}
      </ul>
      <p class={options.length && answered ? "hidden" : "soft options"} role="status">
        {looking ? "Looking…" : answered ? told(options.length) : UNANSWERED}
      </p>
    </Dialog>
  );
}

function told(count: number): string {
  if (!count) return "Nothing is called so, and nobody is known by it.";
  return count === 1 ? "1 found" : `${count} found`;
}

const UNANSWERED = "Not everything could be looked through just now: write on, or try again.";

interface Found extends LookedUp {
  looking: boolean;
}

/** Look a word up once nobody has typed for a moment; what has been found for another one goes. */
function useFound(wanted: string): Found {
  const [last, setLast] = useState<LookedUp & { wanted: string }>();
  useEffect(() => {
    if (wanted.length < LEAST) return;
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      const told = await lookUp(wanted, stop.signal);
      if (!stop.signal.aborted) setLast({ wanted, ...told });
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [wanted]);
  if (last?.wanted === wanted) return { ...last, looking: false };
  return { found: [], answered: true, looking: wanted.length >= LEAST };
}

function pages(text: string): Option[] {
  const wanted = text.trim().toLowerCase();
  return ROUTES.flatMap(({ path, nav }) =>
    nav && nav.name.toLowerCase().includes(wanted)
      ? [{ name: nav.name, what: "Page", to: path }]
      : []
  );
}
