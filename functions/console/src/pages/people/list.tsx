/** People: found by number in any spelling, mail address or another system's id. */

import { useEffect, useState } from "preact/hooks";
import { api, ask } from "../../api.ts";
import { useBegun } from "../../begun.ts";
import { soughtBy } from "../../logic/people/person.ts";
import { Missing, Waiting } from "../../parts/failure.tsx";
import { SelectField, TextField } from "../../parts/field.tsx";
import { PagesFoot, usePages } from "../../parts/pages.tsx";
import { nameOf } from "../../parts/person.tsx";
import { Table } from "../../parts/table.tsx";
import { When } from "../../parts/time.tsx";
import { go, type PageProps, withQuery } from "../../routes.ts";
import { useMay } from "../../session.ts";
import { pageKeys } from "../../shell/keys.ts";
import { NewPerson } from "./new_person.tsx";

const PAGE = 100;
const ACTIVE = [["", "All"], ["true", "Active"], ["false", "Not active"]] as const;

export default function People({ query }: PageProps) {
  const mayWrite = useMay("operator", "contacts");
  const [adding, setAdding] = useState(false);
  useBegun("/people", query, () => setAdding(mayWrite));
  const sought = query.get("q") ?? "";
  const filters = {
    location: query.get("location") ?? "",
    preferred_product: query.get("product") ?? "",
    active: query.get("active") ?? "",
  };
  const pages = usePages(`people ${query}`, (cursor, signal) =>
    ask(
      api.GET("/contacts", {
        params: {
          query: {
            ...soughtBy(sought),
            location: filters.location || undefined,
            preferred_product: filters.preferred_product || undefined,
            active: filters.active ? filters.active === "true" : undefined,
            cursor,
            limit: PAGE,
          },
        },
        signal,
      }),
    ));
  useEffect(() => {
    if (mayWrite) return pageKeys({ key: "n", does: "Add a person", act: () => setAdding(true) });
  }, [mayWrite]);
  const filtered = [...query].length > 0;
  if (pages.refused && !filtered) return <Missing of={pages.refused} />;
  return (
    <div class="page">
      <div class="page-head">
        <h1>People</h1>
        {mayWrite && (
          <div class="beside">
            <a class="button" href="#/imports/new">Import a file</a>
            <button type="button" class="main-action" onClick={() => setAdding(true)}>
              Add a person
            </button>
          </div>
        )}
      </div>
      <Filters key={String(query)} sought={sought} {...filters} refused={pages.refused?.message} />
      {!pages.rows ? !pages.refused && <Waiting /> : (
        <Table
          caption="People"
          rows={pages.rows}
          id={(row) => row.id}
          columns={[
            { name: "Name", cell: (row) => <a href={`#/people/${row.id}`}>{nameOf(row)}</a> },
            { name: "Number", cell: (row) => row.phone },
            { name: "E-mail", cell: (row) => row.email },
            { name: "Location", cell: (row) => row.location },
            { name: "Active", cell: (row) => row.active ? "yes" : "no" },
            { name: "Known since", cell: (row) => <When at={row.created_at} /> },
          ]}
          empty={filtered
            ? <p>Nobody is known by this.</p>
            : <p>Nobody is known yet: import a file, or add a person.</p>}
          foot={<PagesFoot pages={pages} what="people" one="person" />}
        />
      )}
      {adding && <NewPerson close={() => setAdding(false)} />}
    </div>
  );
}

interface FiltersProps {
  sought: string;
  location: string;
  preferred_product: string;
  active: string;
  refused: string | undefined;
}

function Filters(props: FiltersProps) {
  const [sought, setSought] = useState(props.sought);
  const [location, setLocation] = useState(props.location);
  const [product, setProduct] = useState(props.preferred_product);
  const [active, setActive] = useState(props.active);
  return (
    <form
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        go(
          withQuery("/people", {
            q: sought.trim(),
            location: location.trim(),
            product: product.trim(),
            active,
          }),
        );
      }}
    >
      <TextField
        label="Number, e-mail address or foreign id"
        type="search"
        error={props.refused}
        value={sought}
        change={setSought}
      />
      <TextField label="Location" value={location} change={setLocation} />
      <TextField label="Preferred product" value={product} change={setProduct} />
      <SelectField label="Active" value={active} change={setActive} options={ACTIVE} />
      <button type="submit">Find</button>
    </form>
  );
}
