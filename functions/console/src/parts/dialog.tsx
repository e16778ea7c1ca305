/** What lies above the page: a question, or a drawer at its side. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Action } from "../action.ts";
import { Failure } from "./failure.tsx";

interface DialogProps {
  title: string;
  /** Called when it is closed, by Escape too. */
  close(): void;
  children: ComponentChildren;
  /** "drawer": at the side, as high as the window. */
  kind?: "drawer" | "palette";
}

/** A native dialog: it keeps the focus inside, and gives it back when it closes. */
export function Dialog({ title, close, children, kind }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const opener = document.activeElement as HTMLElement | null;
    element.current!.showModal();
    return () => opener?.focus();
  }, []);
  return (
    <dialog
      ref={element}
      class={kind}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onClick={(event) => isBeside(event) && close()}
    >
      <div class={kind === "palette" ? "hidden" : "dialog-head"}>
        <h2 id={id}>{title}</h2>
        {kind !== "palette" && <button type="button" class="plain" onClick={close}>Close</button>}
      </div>
      {children}
    </dialog>
  );
}

/** Tell whether somebody clicked beside a dialog: its edges belong to it. */
function isBeside({ target, clientX: x, clientY: y }: MouseEvent): boolean {
  if (!(target instanceof HTMLDialogElement)) return false;
  const { left, right, top, bottom } = target.getBoundingClientRect();
  return x < left || x > right || y < top || y > bottom;
}

interface ConfirmProps {
  title: string;
  /** What the button says; it names what happens. */
  does: string;
  action: Action<[]>;
  close(): void;
  /** Words that must be typed first. */
  typed?: string;
  /** Whether all is said that it needs; else the button waits. */
  complete?: boolean;
  danger?: boolean;
  children: ComponentChildren;
}

/** A question before something that cannot be taken back. */
export function Confirm(props: ConfirmProps) {
  const { title, does, action, close, typed, complete = true, danger, children } = props;
  const [given, setGiven] = useState("");
  const id = useId();
  const ready = complete && (!typed || given.trim() === typed);
  return (
    <Dialog title={title} close={close}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) action.run();
        }}
      >
        {children}
        {typed && (
          <div class="field">
            <label for={id}>
              Type <strong>{typed}</strong> to go on
            </label>
            <input
              id={id}
              value={given}
              autocomplete="off"
              onInput={(event) => setGiven(event.currentTarget.value)}
            />
          </div>
        )}
        <Failure of={action.failed} />
        <div class="beside">
          <button
            type="submit"
            class={danger ? "danger" : "main-action"}
            disabled={!ready}
            aria-disabled={action.busy}
          >
            {action.busy ? "One moment…" : does}
          </button>
          <button type="button" onClick={close}>Leave it</button>
        </div>
      </form>
    </Dialog>
  );
}
