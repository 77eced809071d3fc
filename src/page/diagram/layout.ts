import type {
  OutlineCondition,
  OutlineGroup,
  OutlineStep,
  WorkflowOutline,
} from "../../domain/workflow/workflow-outline.js";
import { formatCondition, isGroup } from "../lib/outline.js";

/** A line of a condition, with the condition's result in a run. */
export interface Line {
  text: string;
  result?: boolean | null | undefined;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
  lines: Line[];
}

export interface Edge {
  from: string;
  to: string;
  points: [x: number, y: number][];
}

interface Layout {
  width: number;
  height: number;
  /** The boxes by ID. The ID of a step is its ref; the functions below return the IDs of other boxes. */
  boxes: ReadonlyMap<string, Box>;
  edges: Edge[];
}

// A line break cannot be part of a ref that a person has written.
export const START = "\nstart";
export const END = "\nend";
export const getBranchId = (ref: string, index: number): string => `${ref}\n${index}`;
export const getBranchEndId = (ref: string, index: number): string => `${ref}\n${index}\nend`;

const MAX_WIDTH = 264;
/** The narrowest column of a branch. In narrower ones, branches are placed below each other. */
const MIN_WIDTH = 164;
const MAX_STACKED_WIDTH = 440;
const MIN_STACKED_WIDTH = 120;
const COLUMN_GAP = 16;
const ROW_GAP = 28;
/** The indentation of branches that are placed below each other. */
const INDENT = 30;
/** The distance of vertical edges from the left side of boxes that are placed below each other. */
const SPINE = 14;
const STEP_HEIGHT = 48;
const LABEL_HEIGHT = 28;
const END_HEIGHT = 24;
const END_WIDTH = 56;
const MAX_LINES = 10;
const MIN_COLUMNS = 12;
/** The size of a character and a line of conditions, as in the style sheet. */
const CHARACTER_WIDTH = 6.7;
const LINE_HEIGHT = 15;
const LINE_PADDING = 24;

/** Returns where a long word is divided: after the last `.` or `_` that fits if there is one in the second half. */
function findBreak(line: string, columns: number): number {
  const end = Math.max(line.lastIndexOf(".", columns - 1), line.lastIndexOf("_", columns - 1)) + 1;
  return end > columns / 2 ? end : columns;
}

/** Wraps a text at spaces, and within words that are longer than a line. Later lines are indented by two more spaces. */
export function wrapText(text: string, columns: number, indent = ""): string[] {
  // An indentation of the whole line would leave no space for the text.
  const hanging = `${indent}  `.slice(0, Math.floor(columns / 3));
  const lines: string[] = [];
  let line = indent.slice(0, hanging.length);
  for (const word of text.split(" ")) {
    const isEmpty = line.trim() === "";
    if (!isEmpty && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = hanging + word;
    } else line += isEmpty ? word : ` ${word}`;
    while (line.length > columns) {
      const end = findBreak(line, columns);
      lines.push(line.slice(0, end));
      line = hanging + line.slice(end);
    }
  }
  return [...lines, line];
}

/** Wraps a condition. The compared value is on a line of its own unless the condition fits into one line. */
function wrapCondition(condition: OutlineCondition, columns: number, indent: string): string[] {
  const { text, value } = condition;
  const complete = indent + formatCondition(condition);
  if (complete.length <= columns) return [complete];
  const comparison = wrapText(text, columns, indent);
  return value === undefined ? comparison : [...comparison, ...wrapText(`(was ${value})`, columns, `${indent}  `)];
}

function listLines(node: OutlineCondition | OutlineGroup, columns: number, depth: number): Line[] {
  const indent = "  ".repeat(depth);
  if (!isGroup(node)) return wrapCondition(node, columns, indent).map((text) => ({ text, result: node.result }));
  const hasHeading = depth > 0 || (node.match === "any" && node.conditions.length > 1);
  return [
    ...(hasHeading ? [{ text: `${indent}${node.match} of:` }] : []),
    ...node.conditions.flatMap((inner) => listLines(inner, columns, hasHeading ? depth + 1 : depth)),
  ];
}

/** Returns the first lines of a box's conditions. */
function toLines(group: OutlineGroup | null, width: number): Line[] {
  if (group === null) return [];
  const lines = listLines(group, Math.max(MIN_COLUMNS, Math.floor((width - LINE_PADDING) / CHARACTER_WIDTH)), 0);
  if (lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES - 1), { text: `… ${lines.length - MAX_LINES + 1} more lines` }];
}

/** Returns how many columns the steps need if branches are placed next to each other. */
function countColumns(steps: readonly OutlineStep[]): number {
  const needed = steps.map(({ branches }) => branches.reduce((sum, { steps: inner }) => sum + countColumns(inner), 0));
  return Math.max(1, ...needed);
}

interface Area {
  x: number;
  y: number;
  width: number;
}

/** The bottom of placed steps, and the boxes that lead to the next one. */
interface Placed {
  bottom: number;
  exits: string[];
}

class Builder {
  readonly boxes = new Map<string, Box>();
  readonly edges: Edge[] = [];

  /** `column` is the width of a column; null places branches below each other. */
  constructor(readonly column: number | null) {}

  place(id: string, { x, y, width }: Area, height: number, conditions: OutlineGroup | null): Box {
    const own = this.column === null ? width : Math.min(width, MAX_WIDTH);
    const lines = toLines(conditions, own);
    const full = height + (lines.length === 0 ? 0 : lines.length * LINE_HEIGHT + 4);
    const box: Box = { x: Math.round(x + (width - own) / 2), y, width: own, height: full, lines };
    this.boxes.set(id, box);
    return box;
  }

  /** Places a box below others and connects them. */
  append(id: string, area: Area, height: number, conditions: OutlineGroup | null, exits: readonly string[]): Placed {
    const box = this.place(id, area, height, conditions);
    for (const exit of exits) this.connect(exit, id);
    return { bottom: box.y + box.height, exits: [id] };
  }

  appendEnd(id: string, { x, y, width }: Area, exits: readonly string[]): number {
    const isStacked = this.column === null;
    const left = isStacked ? x : Math.round(x + (width - END_WIDTH) / 2);
    this.boxes.set(id, { x: left, y, width: END_WIDTH, height: END_HEIGHT, lines: [] });
    for (const exit of exits) this.connect(exit, id);
    return y + END_HEIGHT;
  }

  connect(from: string, to: string): void {
    const [above, below] = [this.boxes.get(from), this.boxes.get(to)];
    if (above === undefined || below === undefined) return;
    const bottom = above.y + above.height;
    if (this.column !== null) {
      const [x1, x2] = [above.x + above.width / 2, below.x + below.width / 2];
      const turn = below.y - ROW_GAP / 2;
      const points: Edge["points"] =
        x1 === x2
          ? [
              [x1, bottom],
              [x2, below.y],
            ]
          : [
              [x1, bottom],
              [x1, turn],
              [x2, turn],
              [x2, below.y],
            ];
      this.edges.push({ from, to, points });
      return;
    }
    const x = above.x + SPINE;
    const middle = below.y + LABEL_HEIGHT / 2;
    const points: Edge["points"] =
      above.x === below.x
        ? [
            [x, bottom],
            [x, below.y],
          ]
        : [
            [x, bottom],
            [x, middle],
            [below.x, middle],
          ];
    this.edges.push({ from, to, points });
  }

  placeSteps(steps: readonly OutlineStep[], area: Area, before: readonly string[]): Placed {
    let placed: Placed = { bottom: area.y - ROW_GAP, exits: [...before] };
    for (const step of steps) {
      const next = { ...area, y: placed.bottom + ROW_GAP };
      placed = this.append(step.ref, next, STEP_HEIGHT, step.conditions, placed.exits);
      if (step.branches.length > 0)
        placed =
          this.column === null
            ? this.stackBranches(step, area, placed.bottom)
            : this.placeBranches(step, area, placed.bottom, this.column);
    }
    return placed;
  }

  placeBranch({ ref, branches }: OutlineStep, index: number, area: Area, bottom: number): Placed {
    const branch = branches[index];
    const id = getBranchId(ref, index);
    const placed = this.placeSteps(branch?.steps ?? [], { ...area, y: bottom + ROW_GAP }, [id]);
    if (!branch?.terminates) return placed;
    const end = { ...area, y: placed.bottom + ROW_GAP };
    return { bottom: this.appendEnd(getBranchEndId(ref, index), end, placed.exits), exits: [] };
  }

  /** Places branches next to each other. Their labels are in one row. */
  placeBranches(step: OutlineStep, area: Area, bottom: number, column: number): Placed {
    const widths = step.branches.map(({ steps }) => {
      const columns = countColumns(steps);
      return columns * column + (columns - 1) * COLUMN_GAP;
    });
    const total = widths.reduce((sum, width) => sum + width, (widths.length - 1) * COLUMN_GAP);
    let x = area.x + Math.floor((area.width - total) / 2);
    const lanes = widths.map((width) => {
      const lane = { x, y: bottom + ROW_GAP, width };
      x += width + COLUMN_GAP;
      return lane;
    });
    const labels = step.branches.map(({ conditions }, index) =>
      this.append(getBranchId(step.ref, index), lanes[index] as Area, LABEL_HEIGHT, conditions, [step.ref]),
    );
    const row = Math.max(...labels.map((label) => label.bottom));
    const placed = lanes.map((lane, index) => this.placeBranch(step, index, lane, row));
    return {
      bottom: Math.max(...placed.map((branch) => branch.bottom)),
      exits: placed.flatMap(({ exits }) => exits),
    };
  }

  /** Places branches below each other. The next step follows the branch step, because no edge can pass the others. */
  stackBranches(step: OutlineStep, area: Area, below: number): Placed {
    let bottom = below;
    const lane = { ...area, x: area.x + INDENT, width: Math.max(MIN_STACKED_WIDTH, area.width - INDENT) };
    for (const [index, { conditions }] of step.branches.entries()) {
      const id = getBranchId(step.ref, index);
      const label = this.append(id, { ...lane, y: bottom + ROW_GAP / 2 }, LABEL_HEIGHT, conditions, [step.ref]);
      bottom = this.placeBranch(step, index, lane, label.bottom).bottom;
    }
    return { bottom, exits: step.branches.every(({ terminates }) => terminates) ? [] : [step.ref] };
  }
}

/**
 * Returns the positions of everything in a workflow's diagram, from the top to the bottom. Branches are next to each
 * other if `width` leaves enough space for each, and otherwise below each other.
 */
export function layoutDiagram({ conditions, steps }: WorkflowOutline, width: number): Layout {
  const columns = countColumns(steps);
  const column = Math.min(MAX_WIDTH, Math.floor((width - (columns - 1) * COLUMN_GAP) / columns));
  const isStacked = columns > 1 && column < MIN_WIDTH;
  const total = isStacked ? Math.min(width, MAX_STACKED_WIDTH) : columns * column + (columns - 1) * COLUMN_GAP;
  const builder = new Builder(isStacked ? null : column);
  const start = builder.append(START, { x: 0, y: 1, width: total }, LABEL_HEIGHT, conditions, []);
  const placed = builder.placeSteps(steps, { x: 0, y: start.bottom + ROW_GAP, width: total }, start.exits);
  const { exits } = placed;
  const bottom =
    exits.length === 0
      ? placed.bottom
      : builder.appendEnd(END, { x: 0, y: placed.bottom + ROW_GAP, width: total }, exits);
  const right = Math.max(...[...builder.boxes.values()].map(({ x, width: own }) => x + own));
  return { width: right, height: bottom + 1, boxes: builder.boxes, edges: builder.edges };
}
