/** The inbox: what people have written back, and what was done about it; and stray receipts. */

import { type PageProps, withQuery } from "../../routes.ts";
import { Strays } from "./strays.tsx";
import { Texts } from "./texts.tsx";

export default function Inbox({ query }: PageProps) {
  const strays = query.get("of") === "strays";
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1>Inbox</h1>
          <p class="soft">
            {strays
              ? "What providers tell of messages that are not known here, kept for thirty days."
              : "What people have texted to your numbers, the newest first, and what was done about it."}
          </p>
        </div>
      </div>
      <nav class="filter-links" aria-label="Which">
        <a href="#/inbox" aria-current={strays ? undefined : "page"}>Texts</a>
        <a
          href={`#${withQuery("/inbox", { of: "strays" })}`}
          aria-current={strays ? "page" : undefined}
        >
          Stray receipts
        </a>
      </nav>
      {strays ? <Strays /> : <Texts query={query} />}
    </div>
  );
}
