/** Which campaigns are listed: links with counts, a name, days, and an order. */

import { useEffect, useState } from "preact/hooks";
import { CHANNELS, type Filters, sortOf } from "../../../logic/campaigns/campaign_list.ts";
import { SelectField, TextField } from "../../../parts/field.tsx";
import { go, withQuery } from "../../../routes.ts";
import type { Counts } from "../list.tsx";

const STATUSES = [
  "draft",
  "scheduled",
  "running",
  "paused",
  "completed",
  "cancelled",
  "failed",
] as const;
/** As soon as nobody has typed for so long, ms. */
const PAUSE = 300;

function placeOf(filters: Filters): string {
  return withQuery("/campaigns", { ...filters });
}

export function FilterLinks({ filters, counts }: { filters: Filters; counts: Counts }) {
  const { by_status, by_channel, needs_attention, total } = counts;
  const channels = CHANNELS.filter((name) => by_channel[name] || name === filters.channel);
  const all = !filters.status && !filters.needs;
  return (
    <div class="stack tight">
      <nav class="filter-links" aria-label="By status">
        <Link to={{ ...filters, status: undefined, needs: undefined }} here={all} count={total}>
          All
        </Link>
        <Link
          to={{ needs: "me", channel: filters.channel }}
          here={filters.needs === "me"}
          count={needs_attention}
        >
          Needs somebody
        </Link>
        {STATUSES.filter((status) => by_status[status] || status === filters.status).map((
          status,
        ) => (
          <Link
            key={status}
            to={{ ...filters, status, needs: undefined }}
            here={filters.status === status}
            count={by_status[status] ?? 0}
          >
            {status}
          </Link>
        ))}
      </nav>
      {channels.length > 1 && (
        <nav class="filter-links" aria-label="By channel">
          <Link to={{ ...filters, channel: undefined }} here={!filters.channel}>All channels</Link>
          {channels.map((channel) => (
            <Link
              key={channel}
              to={{ ...filters, channel }}
              here={filters.channel === channel}
              count={by_channel[channel] ?? 0}
            >
              {channel}
            </Link>
          ))}
        </nav>
      )}
    </div>
  );
}

interface LinkProps {
  to: Filters;
  here: boolean;
  count?: number;
  children: string;
}

function Link({ to, here, count, children }: LinkProps) {
  return (
    <a href={`#${placeOf(to)}`} aria-current={here ? "true" : undefined}>
      {children}
      {count !== undefined && <span class="soft">{` ${count.toLocaleString()}`}</span>}
    </a>
  );
}

const ORDERS = [
  ["-created_at", "newest first"],
  ["created_at", "oldest first"],
  ["name", "name, A to Z"],
  ["-name", "name, Z to A"],
  ["scheduled_at", "start, earliest first"],
  ["-scheduled_at", "start, latest first"],
] as const;

const KINDS = [
  ["", "Broadcasts"],
  ["journey", "Journeys"],
  ["sequence", "Sequences"],
  ["single", "Tests, singles"],
] as const;

export function FilterFields({ filters }: { filters: Filters }) {
  const change = (changes: Record<string, string | undefined>) =>
    go(withQuery("/campaigns", { ...filters, ...changes }));
  const { name, from, to, needs } = filters;
  const orders = ORDERS.filter(([order]) =>
    name ? order.endsWith("name") : !(from || to) ||
      order.endsWith(filters.dates === "start" ? "scheduled_at" : "created_at")
  );
  return (
    <div class="filters">
      {!needs && (
        <>
          <SelectField
            label="Kind"
            value={filters.kind ?? ""}
            change={(kind) => change({ kind })}
            options={KINDS}
          />
          <Name value={name ?? ""} filters={filters} />
          <SelectField
            label="Dates of"
            value={filters.dates ?? ""}
            change={(dates) => change({ dates, name: undefined })}
            options={[["", "creation"], ["start", "start"]]}
          />
          <TextField
            label="From"
            type="date"
            value={from ?? ""}
            change={(day) => change({ from: day, name: undefined })}
          />
          <TextField
            label="To"
            type="date"
            value={to ?? ""}
            change={(day) => change({ to: day, name: undefined })}
          />
          <SelectField
            label="Order"
            value={sortOf(filters)}
            change={(sort) => change({ sort })}
            options={orders}
          />
        </>
      )}
    </div>
  );
}

/** The name's beginning; it is looked for once nobody types, and takes the place of days. */
function Name({ value, filters }: { value: string; filters: Filters }) {
  const [given, setGiven] = useState(value);
  useEffect(() => setGiven(value), [value]);
  useEffect(() => {
    if (given.trim() === value) return;
    const timer = setTimeout(() => {
      const days = given.trim() ? { from: undefined, to: undefined } : {};
      location.replace(`#${placeOf({ ...filters, ...days, name: given.trim() })}`);
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [given, value, filters]);
  return <TextField label="Name begins with" type="search" value={given} change={setGiven} />;
}
