/** A button that does an action once, and says why it did not. */

import type { ComponentChildren } from "preact";
import type { Action } from "../action.ts";

interface ButtonProps {
  action: Action<[]>;
  children: ComponentChildren;
  look?: "main-action" | "danger" | "plain";
  disabled?: boolean;
}

export function Button({ action, children, look, disabled }: ButtonProps) {
  return (
    <button
      type="button"
      class={look}
      disabled={disabled}
      aria-disabled={action.busy}
      onClick={() => action.run()}
    >
      {children}
    </button>
  );
}
