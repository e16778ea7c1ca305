/** Short notes at the foot of the page: what was done, and the way back where there is one. */

import { signal, useSignal } from "../signal.ts";

const SHOWN_MS = 10_000;

interface Note {
  id: number;
  text: string;
  undo?: () => void;
}

const notes = signal<readonly Note[]>([]);
let made = 0;

function drop(id: number): void {
  notes.set(notes.get().filter((note) => note.id !== id));
}

/** Say what was done; `undo` takes it back while the note is there. */
export function tell(text: string, undo?: () => void): void {
  const note = { id: ++made, text, undo };
  notes.set([...notes.get(), note]);
  setTimeout(() => drop(note.id), SHOWN_MS);
}

/**
 * Say what will be done, and do it when the note goes; undo keeps it from being done at all.
 * A page that is left does it at once.
 */
export function tellBefore(text: string, act: () => void, undone: () => void): void {
  let open = true;
  const finish = () => {
    if (!open) return;
    open = false;
    clearTimeout(timer);
    removeEventListener("pagehide", finish);
    act();
  };
  const timer = setTimeout(finish, SHOWN_MS);
  addEventListener("pagehide", finish);
  tell(text, () => {
    open = false;
    clearTimeout(timer);
    removeEventListener("pagehide", finish);
    undone();
  });
}

export function Notes() {
  const shown = useSignal(notes);
  return (
    <div class="notes" role="status" aria-live="polite">
      {shown.map((note) => (
        <div class="note" key={note.id}>
          <span>{note.text}</span>
          {note.undo && (
            <button
              type="button"
              onClick={() => {
                drop(note.id);
                note.undo!();
              }}
            >
              Undo
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
