import { deepStrictEqual as same } from "node:assert/strict";
import { askedFor, filtersOf, isFiltered, sortOf } from "./campaign_list.ts";

function of(search: string) {
  return filtersOf(new URLSearchParams(search));
}

function asked(search: string): Record<string, unknown> {
  const found: Record<string, unknown> = askedFor(of(search));
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

Deno.test("without filters the newest come first", () => {
  same(asked(""), { sort: "-created_at" });
  same(isFiltered(of("sort=name")), false);
});

Deno.test("nonsense in the address is left out", () => {
  same(asked("kind=x&sort=size&from=yesterday&to=2026-13-45"), { sort: "-created_at" });
});

Deno.test("a name is looked for in the order of names", () => {
  same(asked("name=Spr&status=draft&sort=-name"), {
    name_prefix: "Spr",
    status: "draft",
    sort: "-name",
  });
  same(asked("name=Spr").sort, "name");
});

Deno.test("the last day is part of what is shown", () => {
  const { created_from, created_before, sort } = asked("from=2026-03-02&to=2026-03-02");
  same(Date.parse(String(created_before)) - Date.parse(String(created_from)), 86_400_000);
  same(sort, "-created_at");
});

Deno.test("days of the start sort by the start", () => {
  const found = asked("dates=start&from=2026-03-02&sort=name");
  same([found.sort, "scheduled_from" in found, "created_from" in found], [
    "scheduled_at",
    true,
    false,
  ]);
  same(sortOf(of("dates=start&to=2026-03-02&sort=-scheduled_at")), "-scheduled_at");
});

Deno.test("what needs somebody is of every kind, and in an order of its own", () => {
  same(asked("needs=me&name=x&from=2026-03-02&channel=sms"), {
    needs_attention: true,
    channel: "sms",
  });
});
