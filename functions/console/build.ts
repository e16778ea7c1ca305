/** Builds the console: `deno run build.ts` makes dist/ of src/, console.css and index.html. */

import { build } from "esbuild";

const OUT = "dist";

/** Names of built files by the sources that they were made of. */
function names(outputs: Record<string, { entryPoint?: string }>): Map<string, string> {
  const entries = Object.entries(outputs).filter(([, output]) => output.entryPoint);
  return new Map(
    entries.map(([path, { entryPoint }]) => [entryPoint!, path.slice(OUT.length + 1)]),
  );
}

async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

await Deno.remove(OUT, { recursive: true }).catch(() => {});
const { metafile } = await build({
  entryPoints: ["src/main.tsx", "console.css"],
  outdir: OUT,
  entryNames: "[name]-[hash]",
  chunkNames: "part-[hash]",
  bundle: true,
  splitting: true,
  minify: true,
  format: "esm",
  target: ["chrome124", "firefox125", "safari18"],
  jsx: "automatic",
  jsxImportSource: "preact",
  metafile: true,
});

const made = names(metafile.outputs);
let page = await Deno.readTextFile("index.html");
for (const [source, name] of made) page = page.replaceAll(source, name);
for (const path of Object.keys(metafile.outputs)) {
  await Deno.writeFile(`${path}.gz`, await gzipped(await Deno.readFile(path)));
}
// Last, for whoever finds this page finds all of its files.
await Deno.writeTextFile(`${OUT}/index.html`, page);
