/** Bars and charts: drawn as SVG, from zero, with their figures in the document. */

import { useEffect, useRef, useState } from "preact/hooks";

/** `none`: what is still to come, as the bar's own ground. */
export type Fill = "good" | "accent" | "warn" | "bad" | "still" | "none";

export interface Part {
  name: string;
  value: number;
  fill: Fill;
}

/** A bar in parts; what is missing to `total` is to come. */
export function Bar(
  { parts, total, thin }: { parts: readonly Part[]; total: number; thin?: boolean },
) {
  const whole = Math.max(total, 1);
  let x = 0;
  const told = parts.filter((part) => part.value).map((part) => `${part.value} ${part.name}`);
  return (
    <svg
      class={thin ? "bar thin" : "bar"}
      viewBox="0 0 1000 10"
      preserveAspectRatio="none"
      role="img"
      aria-label={told.length ? `${told.join(", ")}, of ${total}` : `nothing yet, of ${total}`}
    >
      {parts.map((part) => {
        const width = (1000 * part.value) / whole;
        const rect = (
          <rect key={part.name} class={`fill-${part.fill}`} x={x} width={width} height="10" />
        );
        x += width;
        return rect;
      })}
    </svg>
  );
}

export function Legend({ parts }: { parts: readonly Pick<Part, "name" | "fill">[] }) {
  return (
    <div class="legend">
      {parts.map((part) => (
        <span key={part.name}>
          <svg width="10" height="10" aria-hidden="true">
            <rect class={`fill-${part.fill}`} width="10" height="10" rx="2" />
          </svg>
          {part.name}
        </span>
      ))}
    </div>
  );
}

export interface Column {
  /** What stands below it, and tells which it is. */
  label: string;
  parts: readonly Part[];
}

/** So wide a chart is drawn before its place is known. */
const WIDE = 600;
/** So wide a column is at most. */
const WIDEST = 96;
/** So wide a label is with the space beside it. */
const LABEL = 56;
const HIGH = 140;
const FOOT = 20;
const SIDE = 40;

interface ChartProps {
  columns: readonly Column[];
  title: string;
  /** The parts stand beside one another: they are no parts of one sum. */
  beside?: boolean;
}

/** Columns of parts, one on another, from zero. */
export function Chart({ columns, title, beside }: ChartProps) {
  const [drawing, wide] = useWidth();
  const highest = columns.map(({ parts }) =>
    parts.reduce((high, part) => beside ? Math.max(high, part.value) : high + part.value, 0)
  );
  const top = roundUp(Math.max(1, ...highest));
  const step = Math.min(WIDEST, (wide - SIDE) / Math.max(columns.length, 1));
  const every = Math.max(1, Math.ceil(LABEL / step));
  return (
    <svg
      ref={drawing}
      class="chart"
      viewBox={`0 0 ${wide} ${HIGH + FOOT}`}
      role="img"
      aria-label={title}
    >
      {[0, top / 2, top].filter(Number.isInteger).map((tick) => {
        const y = HIGH - (HIGH - 10) * tick / top;
        return (
          <g key={tick}>
            <line x1={SIDE} x2={wide} y1={y} y2={y} />
            <text x={SIDE - 6} y={y + 4} text-anchor="end">{tick.toLocaleString()}</text>
          </g>
        );
      })}
      {columns.map((column, index) => {
        let y = HIGH;
        const x = SIDE + index * step;
        return (
          <g key={column.label + index}>
            <title>
              {`${column.label}: ${
                column.parts.map((part) => `${part.value} ${part.name}`).join(", ")
              }`}
            </title>
            {column.parts.map((part, number) => {
              const height = (HIGH - 10) * part.value / top;
              const share = beside ? step * 0.8 / column.parts.length : step * 0.8;
              y = (beside ? HIGH : y) - height;
              return (
                <rect
                  key={part.name}
                  class={`fill-${part.fill}`}
                  x={x + step * 0.1 + (beside ? share * number : 0)}
                  y={y}
                  width={Math.max(1, share)}
                  height={height}
                />
              );
            })}
            {index % every === 0 && x + step / 2 + LABEL / 2 <= wide + LABEL / 4 && (
              <text x={x + step / 2} y={HIGH + 14} text-anchor="middle">{column.label}</text>
            )}
          </g>
        );
      })}
    </svg>
  );
}

/** Return a drawing, and how wide it is now: what is written in it keeps its size. */
function useWidth() {
  const drawing = useRef<SVGSVGElement>(null);
  const [wide, setWide] = useState(WIDE);
  useEffect(() => {
    const watched = new ResizeObserver(([{ contentRect }]) => {
      if (contentRect.width) setWide(contentRect.width);
    });
    watched.observe(drawing.current!);
    return () => watched.disconnect();
  }, []);
  return [drawing, wide] as const;
}

/** Return the next number that is easy to read, as its half is: one digit and noughts, even. */
export function roundUp(value: number): number {
  const ten = 10 ** Math.floor(Math.log10(value));
  const found = [1, 2, 4, 6, 8, 10].find((each) => each * ten >= value)! * ten;
  return Math.max(2, found);
}
