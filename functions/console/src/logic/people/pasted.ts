/** Numbers and e-mail addresses that somebody pastes, as a file to import. */

import { csvOf } from "../files/csv.ts";

export interface Pasted {
  numbers: readonly string[];
  mails: readonly string[];
}

/** Return what a text holds: one on each line, or divided by commas, semicolons or tabs. */
export function pasted(text: string): Pasted {
  const found = [...new Set(text.split(/[\n\r,;\t]+/).map((each) => each.trim()).filter(Boolean))];
  return {
    numbers: found.filter((each) => !each.includes("@")),
    mails: found.filter((each) => each.includes("@")),
  };
}

/** Return them as a CSV file: every row has one of them. */
export function fileOf({ numbers, mails }: Pasted): string {
  return csvOf([
    ["phone", "email"],
    ...numbers.map((each) => [each, ""]),
    ...mails.map((each) => ["", each]),
  ]);
}
