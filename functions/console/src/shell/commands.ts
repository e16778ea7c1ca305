/** What can be begun from the palette; what would be refused is left out. */

import { may, type Role, type Session } from "../session.ts";
import type { Option } from "./search.ts";

const COMMANDS: readonly (readonly [name: string, to: string, role: Role, area: string])[] = [
  ["New campaign", "/campaigns/new", "operator", "campaigns"],
  ["New journey", "/journeys/new", "operator", "campaigns"],
  ["Import people", "/imports/new", "operator", "contacts"],
  ["Add a person", "/people?new=1", "operator", "contacts"],
  ["New list", "/lists?new=1", "operator", "lists"],
  ["New segment", "/segments/new", "operator", "segments"],
  ["New template", "/templates/new", "operator", "templates"],
  ["Suppress an address", "/suppressions?new=1", "operator", "suppressions"],
  ["New API key", "/keys?new=1", "admin", "api-keys"],
  ["New subscription", "/subscriptions?new=1", "admin", "subscriptions"],
];

/** Return what the caller may begin and these words mean. */
export function commands(text: string, who: Session | undefined): Option[] {
  const wanted = text.trim().toLowerCase();
  return COMMANDS.flatMap(([name, to, role, area]) =>
    may(who, role, area) && name.toLowerCase().includes(wanted) ? [{ name, what: "Do", to }] : []
  );
}
