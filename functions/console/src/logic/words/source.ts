/** A text in its lines, and what is put into it. */

/** Where a mistake is: line and column, counted from 1. */
export interface Mark {
  message: string;
  line?: number;
  column?: number;
}

/** Return where a line and a column are in a text, counted in characters as the API counts them. */
export function offsetOf(text: string, line: number, column: number): number {
  const lines = text.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  const within = [...(lines[line - 1] ?? "")].slice(0, column - 1).join("").length;
  return Math.min(text.length, before + within);
}

/** Return a text with something put in place of what is chosen in it, and where that ends. */
export function inserted(
  text: string,
  put: string,
  from: number,
  to: number,
): { text: string; at: number } {
  return { text: text.slice(0, from) + put + text.slice(to), at: from + put.length };
}

/** The fields that everybody may have. */
export const STANDARD = [
  "first_name",
  "last_name",
  "phone",
  "email",
  "location",
  "preferred_product",
] as const;

/** Return how a text names a field of a person. */
export function placeholder(field: string): string {
  if ((STANDARD as readonly string[]).includes(field)) return `{${field}}`;
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(field)
    ? `{{ ${field} }}`
    : `{{ [${JSON.stringify(field)}] }}`;
}

/** A line that one of two texts has, or both. */
export interface Compared {
  in: "both" | "old" | "new";
  line: string;
}

/** Return two texts as one, line by line: what went, what came, what stayed. */
export function compared(old: string, young: string): Compared[] {
  const a = old.split("\n");
  const b = young.split("\n");
  const longest = commonLengths(a, b);
  const found: Compared[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      found.push({ in: "both", line: a[i++] });
      j++;
    } else if (i < a.length && (j === b.length || longest[i + 1][j] >= longest[i][j + 1])) {
      found.push({ in: "old", line: a[i++] });
    } else found.push({ in: "new", line: b[j++] });
  }
  return found;
}

/** The length of the longest common part of what follows each pair of lines. */
function commonLengths(a: readonly string[], b: readonly string[]): number[][] {
  const longest = Array.from({ length: a.length + 1 }, () => new Array(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i][j] = a[i] === b[j]
        ? longest[i + 1][j + 1] + 1
        : Math.max(longest[i + 1][j], longest[i][j + 1]);
    }
  }
  return longest;
}
