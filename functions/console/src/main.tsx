/** Where the console begins. */

import { render } from "preact";
import { readSession } from "./session.ts";
import { Shell } from "./shell/shell.tsx";

if (!("Temporal" in globalThis)) await import("temporal-polyfill/global");
readSession();
render(<Shell />, document.getElementById("app")!);
