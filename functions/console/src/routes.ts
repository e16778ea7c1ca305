/** The console's addresses: each one's page is loaded when it is first opened. */

import type { FunctionComponent } from "preact";
import { signal } from "./signal.ts";

/** What a page is told: the parts of its address. */
export interface PageProps {
  /** The parts that a route names with a colon. */
  params: Record<string, string>;
  /** What follows the question mark. */
  query: URLSearchParams;
}

export type Page = FunctionComponent<PageProps>;

export interface Route {
  path: string;
  load: () => Promise<{ default: Page }>;
  /** Its place in the navigation; none: it is reached from another page. */
  nav?: { group: "Outreach" | "People" | "Clarion"; name: string; key?: string };
}

export const ROUTES: readonly Route[] = [
  {
    path: "/campaigns",
    load: () => import("./pages/campaigns/list.tsx"),
    nav: { group: "Outreach", name: "Campaigns", key: "c" },
  },
  { path: "/campaigns/new", load: () => import("./pages/drafts/edit.tsx") },
  { path: "/campaigns/:id/edit", load: () => import("./pages/drafts/edit.tsx") },
  { path: "/campaigns/:id", load: () => import("./pages/campaigns/campaign.tsx") },
  {
    path: "/journeys",
    load: () => import("./pages/journeys/list.tsx"),
    nav: { group: "Outreach", name: "Journeys", key: "j" },
  },
  { path: "/journeys/new", load: () => import("./pages/journeys/new.tsx") },
  { path: "/journeys/:id", load: () => import("./pages/journeys/show.tsx") },
  {
    path: "/calendar",
    load: () => import("./pages/overview/calendar.tsx"),
    nav: { group: "Outreach", name: "Calendar", key: "d" },
  },
  {
    path: "/delivery",
    load: () => import("./pages/overview/delivery.tsx"),
    nav: { group: "Outreach", name: "Delivery", key: "v" },
  },
  { path: "/messages", load: () => import("./pages/overview/messages.tsx") },
  {
    path: "/people",
    load: () => import("./pages/people/list.tsx"),
    nav: { group: "People", name: "People", key: "p" },
  },
  { path: "/people/:id", load: () => import("./pages/people/person.tsx") },
  {
    path: "/lists",
    load: () => import("./pages/audiences/lists.tsx"),
    nav: { group: "People", name: "Lists", key: "l" },
  },
  { path: "/lists/:id", load: () => import("./pages/audiences/list.tsx") },
  {
    path: "/segments",
    load: () => import("./pages/audiences/segments.tsx"),
    nav: { group: "People", name: "Segments", key: "s" },
  },
  { path: "/segments/new", load: () => import("./pages/audiences/segment.tsx") },
  { path: "/segments/:id", load: () => import("./pages/audiences/segment.tsx") },
  {
    path: "/imports",
    load: () => import("./pages/imports/list.tsx"),
    nav: { group: "People", name: "Imports", key: "i" },
  },
  { path: "/imports/new", load: () => import("./pages/imports/new.tsx") },
  { path: "/imports/:id", load: () => import("./pages/imports/show.tsx") },
  {
    path: "/suppressions",
    load: () => import("./pages/replies/suppressions.tsx"),
    nav: { group: "People", name: "Suppressions", key: "u" },
  },
  {
    path: "/inbox",
    load: () => import("./pages/replies/inbox.tsx"),
    nav: { group: "People", name: "Inbox", key: "x" },
  },
  {
    path: "/templates",
    load: () => import("./pages/templates/list.tsx"),
    nav: { group: "Clarion", name: "Templates", key: "t" },
  },
  { path: "/templates/new", load: () => import("./pages/templates/template.tsx") },
  { path: "/templates/:id", load: () => import("./pages/templates/template.tsx") },
  {
    path: "/audit",
    load: () => import("./pages/organisation/audit.tsx"),
    nav: { group: "Clarion", name: "Audit", key: "a" },
  },
  {
    path: "/settings",
    load: () => import("./pages/organisation/settings.tsx"),
    nav: { group: "Clarion", name: "Settings" },
  },
  {
    path: "/keys",
    load: () => import("./pages/organisation/keys.tsx"),
    nav: { group: "Clarion", name: "API keys" },
  },
  {
    path: "/subscriptions",
    load: () => import("./pages/organisation/subscriptions.tsx"),
    nav: { group: "Clarion", name: "Subscriptions" },
  },
  { path: "/subscriptions/:id", load: () => import("./pages/organisation/subscription.tsx") },
  {
    path: "/health",
    load: () => import("./pages/overview/health.tsx"),
    nav: { group: "Clarion", name: "Health", key: "h" },
  },
];

/** Where the page is: what stands behind the address's hash. */
export const place = signal(placeOf(location.hash));

addEventListener("hashchange", () => place.set(placeOf(location.hash)));

function placeOf(hash: string): string {
  const path = hash.replace(/^#/, "");
  return path.startsWith("/") && path !== "/" ? path : "/campaigns";
}

/** Return the route of a place, with what its parts say. */
export function find(at: string): { route: Route; props: PageProps } | undefined {
  const [path, search] = at.split("?", 2);
  for (const route of ROUTES) {
    const params = matched(route.path, path);
    if (params) return { route, props: { params, query: new URLSearchParams(search) } };
  }
}

function matched(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    if (part.startsWith(":")) params[part.slice(1)] = decodeURIComponent(given[index]);
    else if (part !== given[index]) return;
  }
  return params;
}

/** Go to another page. */
export function go(to: string): void {
  location.hash = to;
}

/** Return a place with other words behind its question mark; empty ones are left out. */
export function withQuery(path: string, query: Record<string, string | undefined>): string {
  const kept = Object.entries(query).filter(([, value]) => value) as [string, string][];
  const search = new URLSearchParams(kept).toString();
  return search ? `${path}?${search}` : path;
}
