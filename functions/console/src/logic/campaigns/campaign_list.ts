/** Which campaigns the list shows: what stands in its address, and what the API is asked for. */

import type { Schemas } from "../../api.ts";
import { beginOf, isDay } from "../day.ts";

/** The filters of the list, as they stand behind the question mark of its address. */
export interface Filters {
  kind?: "journey" | "sequence" | "single";
  status?: string;
  channel?: Schemas["ChannelKind"];
  name?: string;
  /** What `from` and `to` are days of; without it, of the making. */
  dates?: "start";
  from?: string;
  to?: string;
  sort?: string;
  needs?: "me";
}

const KINDS = ["journey", "sequence", "single"] as const;
export const CHANNELS = ["voice", "sms", "whatsapp", "email", "webhook", "callback"] as const;
const SORTS = ["created_at", "name", "-name", "scheduled_at", "-scheduled_at"];

/** Return the filters of an address; what is none is left out. */
export function filtersOf(query: URLSearchParams): Filters {
  const text = (name: string) => query.get(name) || undefined;
  const day = (name: string) => {
    const given = text(name);
    return given && isDay(given) ? given : undefined;
  };
  const sort = text("sort");
  return {
    kind: KINDS.find((kind) => kind === text("kind")),
    status: text("status"),
    channel: CHANNELS.find((channel) => channel === text("channel")),
    name: text("name"),
    dates: text("dates") === "start" ? "start" : undefined,
    from: day("from"),
    to: day("to"),
    sort: sort && SORTS.includes(sort) ? sort : undefined,
    needs: text("needs") === "me" ? "me" : undefined,
  };
}

/** Whether anything is filtered by. */
export function isFiltered({ kind: _kind, sort: _sort, ...filters }: Filters): boolean {
  return Object.values(filters).some((value) => value);
}

type Sort =
  | "-created_at"
  | "created_at"
  | "-name"
  | "name"
  | "-scheduled_at"
  | "scheduled_at";

/**
 * Return what the API is asked for. A name is looked for in the order of names, and dates in the
 * order of what they are of: no index serves anything else, so the last one given wins.
 */
export function askedFor(filters: Filters) {
  const { kind, channel, status, name, dates, from, to, needs } = filters;
  if (needs) return { needs_attention: true, kind, channel, status } as const;
  const common = { kind, channel, status, sort: sortOf(filters) } as const;
  if (name) return { ...common, name_prefix: name };
  const [after, before] = [from && beginOf(from), to && beginOf(to, 1)];
  return dates === "start"
    ? { ...common, scheduled_from: after, scheduled_before: before }
    : { ...common, created_from: after, created_before: before };
}

/** Return the order that the filters allow, as near to the wanted one as may be. */
export function sortOf({ name, dates, from, to, sort, needs }: Filters): Sort {
  if (needs) return "-created_at";
  const down = sort ? sort.startsWith("-") : undefined;
  if (name) return down ? "-name" : "name";
  if (from || to) {
    if (dates === "start") return down ? "-scheduled_at" : "scheduled_at";
    return sort === "created_at" ? "created_at" : "-created_at";
  }
  return (sort as Sort | undefined) ?? "-created_at";
}
