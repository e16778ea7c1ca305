/** The list that an import's people are put on: a new one, or one that is there. */

import { api, ask, type Schemas } from "../../api.ts";
import { useLive } from "../../live.ts";
import { TextField } from "../../parts/field.tsx";
import { useSettled } from "../../settled.ts";

export interface ListNamed {
  name: string;
  /** The list of that name, where there is one and that has been said. */
  existing?: Schemas["ListItem"];
  /** Whether it is known if there is such a list. */
  isKnown: boolean;
}

/** Return what a list's name means. */
export function useListNamed(name: string): ListNamed & { others: readonly string[] } {
  const settled = useSettled(name.trim());
  const { value: found } = useLive(`lists ${settled}`, (signal) => named(settled, signal));
  const isKnown = settled === name.trim() && found !== undefined;
  const existing = isKnown ? found.find((list) => list.name === settled) : undefined;
  return { name: name.trim(), isKnown, existing, others: (found ?? []).map((list) => list.name) };
}

async function named(prefix: string, signal: AbortSignal): Promise<Schemas["ListItem"][]> {
  if (!prefix) return [];
  const query = { name_prefix: prefix, limit: 20 };
  return (await ask(api.GET("/lists", { params: { query }, signal }))).data;
}

interface ListFieldProps {
  value: string;
  change(value: string): void;
  found: ReturnType<typeof useListNamed>;
  error?: string;
}

export function ListField({ value, change, found, error }: ListFieldProps) {
  const { existing, isKnown, name, others } = found;
  return (
    <>
      <TextField
        label="Put everybody on a list (if wanted)"
        value={value}
        change={change}
        list="lists-there-are"
        autocomplete="off"
        error={error}
        hint={
          <span aria-live="polite">
            {existing
              ? `There is a list of that name with ${existing.size.toLocaleString()} people; they stay on it.`
              : name && !isKnown
              ? "One moment: is there such a list?"
              : name
              ? "A new list of that name is made once all rows are in."
              : "Without a name they are contacts, and on no list."}
          </span>
        }
      />
      <datalist id="lists-there-are">
        {others.map((each) => <option key={each} value={each} />)}
      </datalist>
    </>
  );
}
