/** The picture of a plan: boxes to choose, lines with their words and counts. Keys alone will do. */

import { useMemo } from "preact/hooks";
import { type Node, parts, type Plan, type Step } from "../../logic/plan/document.ts";
import { ENTRY, type Line } from "../../logic/plan/graph.ts";
import { BOX, draw, type DrawnLine, type Point } from "../../logic/plan/layout.ts";
import { detail, headline } from "../../logic/plan/words.ts";
import type { Counts } from "../../logic/plan/counts.ts";

interface PictureProps {
  plan: Plan;
  counts?: Counts;
  chosen?: string;
  choose(id: string): void;
  /** Parts with problems, and how many. */
  problems?: ReadonlyMap<string, number>;
  /** Put a part onto a line; undefined: the plan is only looked at. */
  insert?(line: Line): void;
}

const LETTERS = 25;

function cut(text: string): string {
  return text.length > LETTERS ? `${text.slice(0, LETTERS - 1)}…` : text;
}

export function Picture(props: PictureProps) {
  const { plan, counts, insert } = props;
  const drawing = useMemo(() => draw(plan), [plan]);
  const most = Math.max(1, ...[...counts?.lines.values() ?? []]);
  return (
    <div class="picture" tabIndex={0} role="group" aria-label="The plan as a picture">
      <svg width={drawing.width} height={drawing.height}>
        <defs>
          <marker
            id="tip"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto"
          >
            <path class="tip" d="M0 0L8 4L0 8z" />
          </marker>
        </defs>
        {drawing.lines.map((drawn) => (
          <LineShown key={drawn.line.pointer} drawn={drawn} counts={counts} most={most} />
        ))}
        <Entry at={drawing.boxes.get(ENTRY)!} />
        {parts(plan).map((part) => (
          <Box key={part.id} part={part} at={drawing.boxes.get(part.id)!} {...props} />
        ))}
        {insert &&
          drawing.lines.map(({ line, middle }) => (
            <Plus key={line.pointer} line={line} at={middle} insert={insert} />
          ))}
      </svg>
    </div>
  );
}

function Entry({ at }: { at: Point }) {
  return (
    <g class="entry">
      <rect x={at.x - 46} y={at.y - 13} width="92" height="26" rx="13" />
      <text x={at.x} y={at.y + 4} text-anchor="middle">Entry</text>
    </g>
  );
}

function LineShown({ drawn, counts, most }: { drawn: DrawnLine; counts?: Counts; most: number }) {
  const { line, path, middle } = drawn;
  const count = counts?.lines.get(line.pointer);
  const width = count ? 1 + 4 * count / most : 1;
  return (
    <g class={count === 0 ? "way unused" : "way"}>
      <path d={path} stroke-width={width} marker-end="url(#tip)" />
      {line.words && (
        <text x={middle.x} y={middle.y - 3} text-anchor="middle">{cut(line.words)}</text>
      )}
      {count !== undefined && (
        <text class="count" x={middle.x} y={middle.y + 11} text-anchor="middle">
          {count.toLocaleString()}
        </text>
      )}
    </g>
  );
}

/** What a key does that a mouse does by a click. */
function pressable(act: () => void) {
  return {
    // Preact writes tabIndex on SVG as an attribute that means nothing there.
    tabindex: 0,
    onClick: act,
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      act();
    },
  };
}

function Box(props: PictureProps & { part: Node | Step; at: Point }) {
  const { plan, part, at, counts, chosen, choose, problems } = props;
  const here = counts?.here.get(part.id);
  const wrong = problems?.get(part.id);
  const says = detail(part);
  const name = [
    `${part.id}: ${headline(plan, part)}`,
    here !== undefined && `${here} here`,
    counts && `${counts.entered.get(part.id) ?? 0} came by`,
    wrong && `${wrong} ${wrong === 1 ? "problem" : "problems"}`,
  ].filter(Boolean).join(", ");
  return (
    <g
      class={`box${chosen === part.id ? " chosen" : ""}${wrong ? " wrong" : ""}`}
      role="button"
      aria-label={name}
      aria-pressed={chosen === part.id}
      transform={`translate(${at.x - BOX.width / 2} ${at.y - BOX.height / 2})`}
      {...pressable(() => choose(part.id))}
    >
      <rect width={BOX.width} height={BOX.height} rx="6" />
      <text class="title" x="10" y="18">{cut(part.id)}</text>
      <text class="does" x={BOX.width - 10} y="18" text-anchor="end">
        {part.id.length > 14 ? "" : headline(plan, part)}
      </text>
      <text class="says" x="10" y="34">
        {cut(says || (part.id.length > 14 ? headline(plan, part) : ""))}
      </text>
      {counts && (
        <text class="count" x="10" y="50">
          {`${(here ?? 0).toLocaleString()} here · ${
            (counts.entered.get(part.id) ?? 0).toLocaleString()
          } came by`}
        </text>
      )}
      {wrong && <text class="mark" x={BOX.width - 10} y="50" text-anchor="end">{`! ${wrong}`}
      </text>}
    </g>
  );
}

function Plus({ line, at, insert }: { line: Line; at: Point; insert(line: Line): void }) {
  const from = line.from || "the entry";
  return (
    <g
      class="plus"
      role="button"
      aria-label={`Put a step between ${from} and ${line.to}${
        line.words ? ` (${line.words})` : ""
      }`}
      transform={`translate(${at.x} ${at.y + 11})`}
      {...pressable(() => insert(line))}
    >
      <circle r="12" />
      <path d="M-4 0H4M0 -4V4" />
    </g>
  );
}
