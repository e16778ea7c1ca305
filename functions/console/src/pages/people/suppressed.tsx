/** What somebody must not be contacted by, and the lifting of it. */

import { useState } from "preact/hooks";
import { api, ask } from "../../api.ts";
import { useLive } from "../../live.ts";
import { useMay } from "../../session.ts";
import { Bars } from "../replies/bars.tsx";
import { Suppress } from "../replies/suppress.tsx";

interface SuppressedProps {
  phone: string | null;
  email: string | null;
  /** Called after each change. */
  changed: () => void;
}

export function Suppressed({ phone, email, changed }: SuppressedProps) {
  const mayWrite = useMay("operator", "suppressions");
  const [adding, setAdding] = useState(false);
  const found = useLive(`suppressed ${phone} ${email}`, async (signal) => {
    const asked = [phone, email].filter((each): each is string => !!each).map((address) =>
      ask(api.GET("/suppressions", { params: { query: { address } }, signal }))
    );
    return (await Promise.all(asked)).flatMap((page) => page.data);
  });
  const again = () => {
    found.again();
    changed();
  };
  const rows = found.value ?? [];
  return (
    <section class="sheet stack" aria-label="Suppressions">
      <div class="beside apart">
        <h2>Must not be contacted</h2>
        {mayWrite && <button type="button" onClick={() => setAdding(true)}>Suppress them</button>}
      </div>
      {rows.length
        ? rows.map((row) => <Bars key={row.id} of={row} mayLift={mayWrite} again={again} named />)
        : <p class="soft">Nothing stands against contacting them.</p>}
      {adding && (
        <Suppress
          address={phone ?? email ?? ""}
          close={() => setAdding(false)}
          done={again}
        />
      )}
    </section>
  );
}
