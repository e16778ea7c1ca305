/** Ctrl K: go to a page, find a person or a campaign. */

import { useEffect, useId, useState } from "preact/hooks";
import { Dialog } from "../parts/dialog.tsx";
import { go, ROUTES } from "../routes.ts";
import { lookUp, type Option } from "./search.ts";

const WAIT_MS = 300;

export function Palette({ close }: { close(): void }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState<readonly Option[]>([]);
  const [at, setAt] = useState(0);
  const id = useId();
  const options = [...pages(text), ...found];
  const chosen = Math.min(at, options.length - 1);

  useEffect(() => {
    setFound([]);
    if (text.trim().length < 2) return;
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      const answer = await lookUp(text.trim(), stop.signal);
      if (!stop.signal.aborted) setFound(answer);
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text]);

  function open(option: Option | undefined): void {
    if (!option) return;
    close();
    go(option.to);
  }

  function pressed(event: KeyboardEvent): void {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) setAt((chosen + by + options.length) % options.length);
    else if (event.key === "Enter") open(options[chosen]);
    else return;
    event.preventDefault();
  }

  return (
    <Dialog title="Search" close={close} kind="palette">
      <input
        type="search"
        role="combobox"
        list={undefined}
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={options.length ? `${id}-${chosen}` : undefined}
        aria-label="A page, a number, an e-mail address, a campaign's name or an id"
        placeholder="A page, a number, an e-mail address, a campaign or an id"
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={pressed}
      />
      <ul class="options" role="listbox" id={id} aria-label="Found">
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
    </Dialog>
  );
}

function pages(text: string): Option[] {
  const wanted = text.trim().toLowerCase();
  return ROUTES.flatMap(({ path, nav }) =>
    nav && nav.name.toLowerCase().includes(wanted)
      ? [{ name: nav.name, what: "Page", to: path }]
      : []
  );
}
