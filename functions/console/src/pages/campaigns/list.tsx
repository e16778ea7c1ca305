/** All campaigns: what needs somebody, what runs, what comes next, and the rest of them. */

import { useEffect, useRef } from "preact/hooks";
import { api, ask, type Schemas } from "../../api.ts";
import { CALM, useLive } from "../../live.ts";
import { askedFor, filtersOf, isFiltered } from "../../logic/campaigns/campaign_list.ts";
import { Failure, Missing, Waiting } from "../../parts/failure.tsx";
import { usePages } from "../../parts/pages.tsx";
import { go, type PageProps } from "../../routes.ts";
import { useMay } from "../../session.ts";
import { pageKeys } from "../../shell/keys.ts";
import { FilterFields, FilterLinks } from "./list/filters.tsx";
import { First } from "./list/first.tsx";
import { Strips } from "./list/strips.tsx";
import { Rows } from "./list/rows.tsx";

export type Item = Schemas["CampaignItem"];
export type Counts = Schemas["CampaignCounts"];

export const PAGE = 50;

export default function Campaigns({ query }: PageProps) {
  const filters = filtersOf(query);
  const mayWrite = useMay("operator", "campaigns");
  const counts = useLive(
    `counts ${filters.kind}`,
    (signal) =>
      ask(api.GET("/campaigns/counts", { params: { query: { kind: filters.kind } }, signal })),
    () => CALM,
  );
  const wanted = JSON.stringify(filters);
  const pages = usePages<Item>(
    wanted,
    (cursor, signal) =>
      ask(
        api.GET("/campaigns", {
          params: { query: { ...askedFor(filters), cursor, page_size: PAGE } },
          signal,
        }),
      ),
  );
  // Something has begun, ended or come: read the first page again, unless somebody is further on.
  const counted = counts.value && JSON.stringify(counts.value);
  const before = useRef(counted);
  useEffect(() => {
    if (before.current && pages.rows && pages.rows.length <= PAGE) pages.again();
    before.current = counted;
  }, [counted]);
  useEffect(() => {
    if (!mayWrite) return;
    return pageKeys({ key: "n", does: "New campaign", act: () => go("/campaigns/new") });
  }, [mayWrite]);
  if (counts.refused && !counts.value) return <Missing of={counts.refused} />;
  const none = counts.value?.total === 0 && !filters.kind && !isFiltered(filters);
  const changed = () => {
    counts.again();
    pages.again();
  };
  return (
    <div class="page">
      <div class="page-head">
        <h1>Campaigns</h1>
        {mayWrite && <a class="button main-action" href="#/campaigns/new">New campaign</a>}
      </div>
      <Strips changed={changed} />
      {!counts.value
        ? <Waiting />
        : none
        ? <First mayWrite={mayWrite} />
        : (
          <section class="stack" aria-label="All campaigns">
            <FilterLinks filters={filters} counts={counts.value} />
            <FilterFields filters={filters} />
            <Failure of={pages.refused} />
            {pages.rows
              ? (
                <Rows
                  key={wanted}
                  pages={pages}
                  mayWrite={mayWrite}
                  filtered={isFiltered(filters)}
                  changed={changed}
                />
              )
              : !pages.refused && <Waiting />}
          </section>
        )}
    </div>
  );
}
