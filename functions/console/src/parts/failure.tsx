/** Why something was not done, in the API's words. */

import { Refused, type Unreachable } from "../api.ts";

export function Failure({ of }: { of: Refused | Unreachable | undefined }) {
  if (!of) return null;
  const broken = of instanceof Refused ? of.broken : [];
  return (
    <div class="notice bad" role="alert">
      {broken.length > 1
        ? <ul>{broken.map((rule) => <li key={rule.field + rule.message}>{rule.message}</li>)}</ul>
        : <p>{broken[0]?.message ?? of.message}</p>}
    </div>
  );
}

/** What stands in place of a page that cannot be shown. */
export function Missing({ of }: { of: Refused }) {
  return (
    <div class="page narrow">
      <h1>{of.status === 404 ? "There is no such page" : "This cannot be shown"}</h1>
      <p>{of.message}</p>
    </div>
  );
}

/** What is shown before the first answer is here; quick answers show nothing. */
export function Waiting() {
  return <p class="soft" aria-busy="true">One moment…</p>;
}
