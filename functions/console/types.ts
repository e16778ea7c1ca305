/** Writes schema.d.ts, the types of the API, from its own document on standard input. */

import openapiTS, { astToString } from "openapi-typescript";

const document = JSON.parse(await new Response(Deno.stdin.readable).text());
await Deno.writeTextFile("schema.d.ts", astToString(await openapiTS(document)));
