/** Conditions in words, for those who only look. */

import { type Group, type Node, read } from "../../../logic/people/conditions.ts";
import { comparisonWords, historyWords, HOWS } from "../../../logic/people/condition_words.ts";
import { useCampaignName } from "../../../parts/campaign_choice.tsx";

export function ShownConditions({ of }: { of: unknown }) {
  return <ShownGroup node={read(of)} />;
}

function ShownGroup({ node }: { node: Group }) {
  const words = HOWS.find(([how]) => how === node.how)![1];
  return (
    <>
      <p class="soft">{words}:</p>
      <ul class="shown-parts">
        {node.parts.map((part) => (
          <li key={part.id}>
            <Shown part={part} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Shown({ part }: { part: Node }) {
  const called = useCampaignName(part.kind === "history" ? part.campaign : "");
  switch (part.kind) {
    case "group":
      return <ShownGroup node={part} />;
    case "comparison":
      return <>{comparisonWords(part)}</>;
    case "history":
      return <>{historyWords(part, called)}</>;
    case "other":
      return <pre>{JSON.stringify(part.kept)}</pre>;
  }
}
