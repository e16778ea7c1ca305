/** A text that is filled in for people: with line numbers, its fields as buttons, its mistakes. */

import { useId, useRef } from "preact/hooks";
import { inserted, type Mark, offsetOf, placeholder } from "../logic/words/source.ts";

interface SourceProps {
  label: string;
  value: string;
  change(value: string): void;
  /** The API's sentences about it. */
  marks?: readonly Mark[];
  /** What may be put in. */
  fields?: readonly string[];
  hint?: string;
  /** The fewest lines that are shown. */
  rows?: number;
}

/** The lines behind the text have its height and carry the numbers; nobody else sees them. */
export function SourceField(props: SourceProps) {
  const { label, value, change, marks = [], fields = [], hint, rows = 4 } = props;
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const lines = value.split("\n");
  const shown = [...lines, ...Array(Math.max(0, rows - lines.length)).fill("")];
  const wrong = new Set(marks.map((mark) => mark.line));
  const told = [hint && `${id}-hint`, marks.length && `${id}-error`].filter(Boolean).join(" ");

  function put(field: string): void {
    const element = area.current!;
    const { selectionStart, selectionEnd } = element;
    const after = inserted(value, placeholder(field), selectionStart, selectionEnd);
    change(after.text);
    element.value = after.text;
    element.focus();
    element.setSelectionRange(after.at, after.at);
  }

  function goTo(mark: Mark): void {
    const at = offsetOf(value, mark.line!, mark.column ?? 1);
    area.current!.focus();
    area.current!.setSelectionRange(at, at + 1);
  }

  return (
    <div class="field">
      <label for={id}>{label}</label>
      {fields.length > 0 && (
        <div class="inserts" role="group" aria-label={`Put into ${label}`}>
          {fields.map((field) => (
            <button key={field} type="button" onClick={() => put(field)}>{field}</button>
          ))}
        </div>
      )}
      <div class="source">
        <div class="source-lines" aria-hidden="true">
          {shown.map((line, index) => (
            <div
              key={index}
              class={index >= lines.length ? "none" : wrong.has(index + 1) ? "wrong" : ""}
            >
              {line || " "}
            </div>
          ))}
        </div>
        <textarea
          ref={area}
          id={id}
          spellcheck
          aria-invalid={marks.length ? true : undefined}
          aria-describedby={told || undefined}
          value={value}
          onInput={(event) => change(event.currentTarget.value)}
        />
      </div>
      {hint && <div class="hint" id={`${id}-hint`}>{hint}</div>}
      {marks.length > 0 && (
        <div class="error" id={`${id}-error`}>
          {marks.map((mark) => (
            <div key={mark.message} class="beside">
              <span>{mark.message}</span>
              {mark.line && (
                <button type="button" class="plain" onClick={() => goTo(mark)}>
                  Line {mark.line}, column {mark.column ?? 1}
                </button>
              )}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
