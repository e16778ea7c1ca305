/** What a word in the palette leads to: people, campaigns. */

import { api, ask, Refused } from "../api.ts";
import { nameOf } from "../parts/person.tsx";
import { may, session } from "../session.ts";

export interface Option {
  name: string;
  what: string;
  to: string;
}

type Look = (text: string, signal: AbortSignal) => Promise<Option[]>;

const PEOPLE: readonly Look[] = [byAddress, byForeignId, personById];
const CAMPAIGNS: readonly Look[] = [campaignById, campaignsByName];
/** How many of a kind are shown: whoever looks for more writes more. */
const SHOWN = 5;

/** What was found, and whether all that was asked has been answered. */
export interface LookedUp {
  found: readonly Option[];
  answered: boolean;
}

/** Return whom and what a text may mean. What is refused for what it is has found nothing. */
export async function lookUp(text: string, signal: AbortSignal): Promise<LookedUp> {
  const allowed = (area: string) => may(session.get(), "viewer", area);
  const looks = [
    ...(allowed("contacts") ? PEOPLE : []),
    ...(allowed("campaigns") ? CAMPAIGNS : []),
  ];
  const all = await Promise.allSettled(looks.map((look) => look(text, signal)));
  const found = all.flatMap((each) => each.status === "fulfilled" ? each.value : []);
  return {
    found: found.filter((each, index) => found.findIndex((one) => one.to === each.to) === index),
    answered: all.every((each) => each.status === "fulfilled" || isAnswer(each.reason)),
  };
}

/** A refusal says something of the text; too many requests and a broken server say nothing. */
function isAnswer(error: unknown): boolean {
  return error instanceof Refused && error.status < 500 && error.status !== 429;
}

async function byAddress(text: string, signal: AbortSignal): Promise<Option[]> {
  if (/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(text)) return await people({ email: text }, signal);
  const digits = text.replace(/\D/g, "").length;
  const isNumber = /^[+(]?[\d\s().\/-]+$/.test(text) && digits >= 7 && digits <= 15;
  return isNumber ? await people({ phone: text }, signal) : [];
}

async function byForeignId(text: string, signal: AbortSignal): Promise<Option[]> {
  return text.length <= 200 ? await people({ external_id: text }, signal) : [];
}

async function people(
  query: { phone?: string; email?: string; external_id?: string },
  signal: AbortSignal,
): Promise<Option[]> {
  const params = { query: { ...query, limit: SHOWN } };
  const page = await ask(api.GET("/contacts", { params, signal }));
  return page.data.map((each) => ({
    name: nameOf(each),
    what: "Person",
    to: `/people/${each.id}`,
  }));
}

/** Ids of people are twenty-four digits and letters up to f. */
async function personById(text: string, signal: AbortSignal): Promise<Option[]> {
  if (!/^[0-9a-f]{24}$/.test(text)) return [];
  const params = { path: { contact_id: text } };
  const person = await ask(api.GET("/contacts/{contact_id}", { params, signal }));
  return [{ name: nameOf(person), what: "Person", to: `/people/${text}` }];
}

/** Ids of campaigns are thirty-two; a message's id begins with its campaign's. */
async function campaignById(text: string, signal: AbortSignal): Promise<Option[]> {
  const id = text.split(".", 1)[0];
  if (!/^[0-9a-f]{32}$/.test(id)) return [];
  const params = { path: { campaign_id: id } };
  return [option(await ask(api.GET("/campaigns/{campaign_id}", { params, signal })))];
}

const KINDS = ["broadcast", "journey", "sequence"] as const;

async function campaignsByName(text: string, signal: AbortSignal): Promise<Option[]> {
  if (text.length > 100) return [];
  const pages = await Promise.all(KINDS.map((kind) => {
    const query = { kind, name_prefix: text, page_size: SHOWN };
    return ask(api.GET("/campaigns", { params: { query }, signal }));
  }));
  return pages.flatMap((page) => page.data.map(option));
}

function option(each: { id: string; name: string; kind: string; status: string }): Option {
  const kinds: Record<string, string> = { journey: "Journey", sequence: "Sequence" };
  return {
    name: each.name,
    what: `${kinds[each.kind] ?? "Campaign"}, ${each.status}`,
    to: each.kind === "journey" ? `/journeys/${each.id}` : `/campaigns/${each.id}`,
  };
}
