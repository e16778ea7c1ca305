/** A secret that is shown once: it can be copied, and is gone when its window closes. */

import { useId, useState } from "preact/hooks";

interface SecretProps {
  label: string;
  value: string;
  hint: string;
}

export function Secret({ label, value, hint }: SecretProps) {
  const [copied, setCopied] = useState<boolean | undefined>();
  const id = useId();
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(value);
      setCopied(true);
    } catch {
      setCopied(false);
    }
  }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="secret">
        <input
          id={id}
          class="mono"
          readOnly
          value={value}
          aria-describedby={`${id}-hint`}
          onFocus={(event) => event.currentTarget.select()}
        />
        <button type="button" onClick={copy}>Copy</button>
      </div>
      <div class="hint" id={`${id}-hint`}>{hint}</div>
      <div class="small" role="status">
        {copied === true && <span class="good">Copied.</span>}
        {copied === false && (
          <span class="bad">
            The browser does not let it be copied: select it and copy by hand.
          </span>
        )}
      </div>
    </div>
  );
}
