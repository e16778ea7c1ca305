/** What a word in the palette leads to: people, campaigns. */

import { api, ask } from "../api.ts";

export interface Option {
  name: string;
  what: string;
  to: string;
}

type Look = (text: string, signal: AbortSignal) => Promise<Option[]>;

const LOOKS: readonly Look[] = [byPhone, byEmail, byId, campaignsByName];

/** Return whom and what a text may mean. A search that is refused has found nothing. */
export async function lookUp(text: string, signal: AbortSignal): Promise<Option[]> {
  const all = await Promise.all(LOOKS.map((look) => look(text, signal).catch(() => [])));
  const found = all.flat();
  return found.filter((each, index) => found.findIndex((one) => one.to === each.to) === index);
}

const NOTHING = Promise.resolve<Option[]>([]);

function byPhone(text: string, signal: AbortSignal): Promise<Option[]> {
  return /^[+(]?[\d ().-]{5,}$/.test(text) ? people({ phone: text }, signal) : NOTHING;
}

function byEmail(text: string, signal: AbortSignal): Promise<Option[]> {
  return /^[^@ ]+@[^@ ]+$/.test(text) ? people({ email: text }, signal) : NOTHING;
}

async function people(
  query: { phone?: string; email?: string },
  signal: AbortSignal,
): Promise<Option[]> {
  const page = await ask(api.GET("/contacts", { params: { query }, signal }));
  return page.data.map((person) => {
    const name = [person.first_name, person.last_name].filter(Boolean).join(" ");
    return {
      name: name || person.phone || person.email || person.id,
      what: "Person",
      to: `/people/${person.id}`,
    };
  });
}

async function byId(text: string, signal: AbortSignal): Promise<Option[]> {
  if (!/^[A-Za-z0-9_-]{8,64}$/.test(text)) return [];
  const asked = await Promise.allSettled([
    ask(api.GET("/campaigns/{campaign_id}", { params: { path: { campaign_id: text } }, signal })),
    ask(api.GET("/contacts/{contact_id}", { params: { path: { contact_id: text } }, signal })),
  ]);
  const [campaign, person] = asked;
  const found: Option[] = [];
  if (campaign.status === "fulfilled") {
    found.push({ name: campaign.value.name, what: "Campaign", to: `/campaigns/${text}` });
  }
  if (person.status === "fulfilled") {
    found.push({ name: text, what: "Person", to: `/people/${text}` });
  }
  return found;
}

async function campaignsByName(text: string, signal: AbortSignal): Promise<Option[]> {
  const query = { name_prefix: text, page_size: 5 };
  const page = await ask(api.GET("/campaigns", { params: { query }, signal }));
  return page.data.map((each) => ({
    name: each.name,
    what: `Campaign, ${each.status}`,
    to: `/campaigns/${each.id}`,
  }));
}
