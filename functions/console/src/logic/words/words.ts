/** What channels, countries and languages are called. */

const CHANNELS: Readonly<Record<string, string>> = {
  voice: "Calls",
  sms: "SMS",
  whatsapp: "WhatsApp",
  email: "E-mail",
  webhook: "Webhook",
  callback: "Program",
};

/** Return what a channel is called at the beginning of a line. */
export function channelName(channel: string): string {
  return CHANNELS[channel] ?? channel;
}

/** The rest of the world, where countries are named. */
export const ELSEWHERE = "*";

const REGIONS = new Intl.DisplayNames("en", { type: "region", fallback: "none" });

/** Return what a country is called: its code where it has no name. */
export function countryName(region: string): string {
  if (region === ELSEWHERE) return "Every other country";
  return /^[A-Z]{2}$/.test(region) ? REGIONS.of(region) ?? region : region;
}

/** Codes that have a name and are no country. */
const NO_COUNTRIES = new Set(["EU", "EZ", "QO", "UN", "XA", "XB", "ZZ", "SU", "DD", "YU", "CS"]);

/** Return codes and names of all countries, by name. */
export function countries(): (readonly [code: string, name: string])[] {
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  return letters
    .flatMap((first) => letters.map((second) => first + second))
    .filter((code) => REGIONS.of(code) && !NO_COUNTRIES.has(code))
    .map((code) => [code, countryName(code)] as const)
    .sort(([, one], [, other]) => one.localeCompare(other));
}

const LANGUAGES = new Intl.DisplayNames("en", { type: "language", fallback: "code" });

/** Return what a language is called: its tag where it has no name. */
export function languageName(tag: string): string {
  try {
    return LANGUAGES.of(tag) ?? tag;
  } catch {
    return tag;
  }
}
