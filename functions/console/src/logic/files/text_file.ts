/** Text of a file: how its bytes are read as letters. */

/** Encodings that may be named, and what browsers call them; undefined: they cannot read them. */
const LABELS: Readonly<Record<string, string | undefined>> = {
  "utf-8": "utf-8",
  "utf-16-le": "utf-16le",
  "utf-16-be": "utf-16be",
  ...Object.fromEntries(
    ["2", "0", "1", "3", "4", "5", "6", "7", "8"].map((
      n,
    ) => [`windows-125${n}`, `windows-125${n}`]),
  ),
  cp874: "windows-874",
  shift_jis: "shift_jis",
  gb18030: "gb18030",
  big5: "big5",
  "euc-kr": "euc-kr",
  "mac-roman": "macintosh",
  cp850: undefined,
};

/** The encodings that somebody may name. */
export const ENCODINGS: readonly string[] = Object.keys(LABELS);

const MARKS: readonly (readonly [string, readonly number[]])[] = [
  ["utf-8", [0xef, 0xbb, 0xbf]],
  ["utf-32", [0xff, 0xfe, 0, 0]],
  ["utf-32", [0, 0, 0xfe, 0xff]],
  ["utf-16-le", [0xff, 0xfe]],
  ["utf-16-be", [0xfe, 0xff]],
];

/** Bytes that tell UTF-16 without a mark. */
const BEGIN = 64;

/** What a file is by its first bytes: a workbook, or a text. */
export function isPacked(bytes: Uint8Array): boolean {
  const begins = (...wanted: number[]) => wanted.every((each, index) => bytes[index] === each);
  return begins(0x50, 0x4b, 3, 4) || begins(0xd0, 0xcf, 0x11, 0xe0);
}

/** A text as far as it was read. */
export interface Read {
  text: string;
  encoding: string;
  /** Nothing but a guess tells the encoding. */
  guessed: boolean;
}

/**
 * Read bytes as text: as their marks say, else as `named`, else as UTF-8 where they are that, else
 * as windows-1252. Undefined: no browser reads it. `whole` false: the file goes on behind them.
 */
export function readText(bytes: Uint8Array, named = "", whole = true): Read | undefined {
  const told = marked(bytes) ?? (named || undefined);
  if (told) return decoded(bytes, told, whole, false);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: !whole });
    return { text, encoding: "utf-8", guessed: false };
  } catch {
    return decoded(bytes, "windows-1252", whole, true);
  }
}

function decoded(
  bytes: Uint8Array,
  encoding: string,
  whole: boolean,
  guessed: boolean,
): Read | undefined {
  const label = labelOf(encoding);
  if (!label) return;
  return { text: new TextDecoder(label).decode(bytes, { stream: !whole }), encoding, guessed };
}

/** Return what browsers call an encoding, as people or the API name it. */
function labelOf(encoding: string): string | undefined {
  if (encoding in LABELS) return LABELS[encoding];
  const page = encoding.match(/^cp(125\d)$/);
  return page ? `windows-${page[1]}` : { cp932: "shift_jis", cp949: "euc-kr" }[encoding];
}

function marked(bytes: Uint8Array): string | undefined {
  const found = MARKS.find(([, mark]) => mark.every((each, index) => bytes[index] === each));
  if (found) return found[0];
  const begin = [...bytes.subarray(0, BEGIN)];
  const zeros = (odd: number) => begin.filter((each, index) => index % 2 === odd && !each).length;
  const half = begin.length / 4;
  if (zeros(1) > half && !zeros(0)) return "utf-16-le";
  if (zeros(0) > half && !zeros(1)) return "utf-16-be";
}
