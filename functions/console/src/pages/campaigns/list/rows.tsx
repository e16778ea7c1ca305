/** The table of campaigns: drafts can be chosen and deleted, and each row has what can be done. */

import { useState } from "preact/hooks";
import { barOf } from "../../../logic/campaigns/campaign.ts";
import { Bar } from "../../../parts/drawings.tsx";
import { type Pages, PagesFoot } from "../../../parts/pages.tsx";
import { type ColumnOf, Table } from "../../../parts/table.tsx";
import { Tag } from "../../../parts/tag.tsx";
import { When } from "../../../parts/time.tsx";
import { useSignal } from "../../../signal.ts";
import type { Item } from "../list.tsx";
import { going, removeDrafts } from "../removal.ts";
import { RowMenu } from "./row_menu.tsx";

interface Props {
  pages: Pages<Item>;
  mayWrite: boolean;
  filtered: boolean;
  changed(): void;
}

export function Rows({ pages, mayWrite, filtered, changed }: Props) {
  const leaving = useSignal(going);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [menu, setMenu] = useState<Item | undefined>();
  const rows = pages.rows!.filter((row) => !leaving.has(row.id));
  const drafts = mayWrite ? rows.filter((row) => row.status === "draft") : [];
  const picked = drafts.filter((row) => chosen.has(row.id));
  const choose = (id: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(id);
    else next.delete(id);
    setChosen(next);
  };
  return (
    <>
      {picked.length > 0 && (
        <div class="picked" role="status">
          <span>{picked.length.toLocaleString()} of {drafts.length.toLocaleString()} drafts</span>
          <button type="button" onClick={() => setChosen(new Set(drafts.map((row) => row.id)))}>
            Choose all drafts shown
          </button>
          <button
            type="button"
            class="danger"
            onClick={() => {
              removeDrafts(picked, changed);
              setChosen(new Set());
            }}
          >
            {`Delete ${picked.length === 1 ? "the draft" : `${picked.length} drafts`}`}
          </button>
        </div>
      )}
      <Table
        caption="Campaigns"
        rows={rows}
        id={(row) => row.id}
        columns={[
          nameColumn(drafts.length > 0, chosen, choose),
          ...COLUMNS,
          ...(mayWrite ? [menuColumn(setMenu)] : []),
        ]}
        empty={filtered
          ? (
            <p>
              No campaign is like this. <a href="#/campaigns">Show all of them</a>
            </p>
          )
          : <p>There are none of this kind.</p>}
        foot={<PagesFoot pages={pages} what="campaigns" one="campaign" />}
      />
      {menu && <RowMenu of={menu} close={() => setMenu(undefined)} changed={changed} />}
    </>
  );
}

function nameColumn(
  withDrafts: boolean,
  chosen: ReadonlySet<string>,
  choose: (id: string, on: boolean) => void,
): ColumnOf<Item> {
  return {
    name: "Name",
    cell: (row) => (
      <span class="pick">
        {withDrafts && (row.status === "draft"
          ? (
            <input
              type="checkbox"
              aria-label={`Choose ${row.name}`}
              checked={chosen.has(row.id)}
              onChange={(event) => choose(row.id, event.currentTarget.checked)}
            />
          )
          : <span class="pick-space" />)}
        <a href={`#/campaigns/${row.id}`}>{row.name}</a>
      </span>
    ),
  };
}

const COLUMNS: readonly ColumnOf<Item>[] = [
  {
    name: "Status",
    cell: (row) => (
      <span class="stack tight">
        <Tag name={row.status} />
        {row.attention && <span class="small bad">{row.attention.why}</span>}
      </span>
    ),
  },
  { name: "Channel", cell: (row) => row.channel },
  {
    name: "Progress",
    cell: (row) => row.started_at && <Bar thin total={row.stats.total} parts={barOf(row.stats)} />,
  },
  {
    name: "Sent",
    number: true,
    cell: ({ stats }) =>
      stats.total ? `${stats.sent.toLocaleString()} / ${stats.total.toLocaleString()}` : "–",
  },
  {
    name: "Failed",
    number: true,
    cell: ({ stats }) =>
      stats.failed ? <span class="bad">{stats.failed.toLocaleString()}</span> : "0",
  },
  { name: "Start", cell: (row) => <When at={row.started_at ?? row.scheduled_at} /> },
];

function menuColumn(open: (row: Item) => void): ColumnOf<Item> {
  return {
    name: "Do",
    act: true,
    cell: (row) => (
      <button type="button" class="plain" onClick={() => open(row)}>
        More<span class="hidden">for {row.name}</span>
      </button>
    ),
  };
}
