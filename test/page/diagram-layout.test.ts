import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OutlineBranch, OutlineGroup, OutlineStep } from "../../src/domain/workflow/workflow-outline.js";
import {
  type Box,
  END,
  getBranchEndId,
  getBranchId,
  layoutDiagram,
  START,
  wrapText,
} from "../../src/page/diagram/layout.js";
import { listReached } from "../../src/page/diagram/list-reached.js";
import type { RunProgress } from "../../src/page/lib/outline.js";
import { createRunProgress, findOutlineStep } from "../../src/page/lib/run-progress.js";
import type { JsonObject } from "../../src/util/json.js";

const buildStep = (
  ref: string,
  branches: OutlineBranch[] = [],
  conditions: OutlineGroup | null = null,
): OutlineStep => ({
  ref,
  name: null,
  type: branches.length > 0 ? "branch" : "delay",
  channel_type: null,
  summary: null,
  conditions,
  branches,
});
const buildBranch = (name: string, steps: OutlineStep[], other: Partial<OutlineBranch> = {}): OutlineBranch => ({
  name,
  share: null,
  is_default: false,
  terminates: false,
  conditions: null,
  steps,
  ...other,
});
const all = (...texts: string[]): OutlineGroup => ({ match: "all", conditions: texts.map((text) => ({ text })) });
const lay = (steps: OutlineStep[], width = 1000, conditions: OutlineGroup | null = null) =>
  layoutDiagram({ conditions, steps }, width);
const listEdges = (layout: ReturnType<typeof lay>) => layout.edges.map(({ from, to }) => [from, to]);

const fork = (first: Partial<OutlineBranch> = {}, second: Partial<OutlineBranch> = {}) => [
  buildStep("before"),
  buildStep("fork", [buildBranch("a", [buildStep("left")], first), buildBranch("b", [], second)]),
  buildStep("after"),
];
const [A, B] = [getBranchId("fork", 0), getBranchId("fork", 1)];

/** Outlines with unique refs and up to three levels of branches. */
const outlines = fc
  .letrec<{ step: OutlineStep; steps: OutlineStep[]; branch: OutlineBranch }>((tie) => ({
    step: fc
      .record({
        branches: fc.oneof(
          { maxDepth: 3 },
          fc.constant<OutlineBranch[]>([]),
          fc.array(tie("branch"), { minLength: 2, maxLength: 4 }),
        ),
        conditions: fc.option(fc.array(fc.string(), { minLength: 1, maxLength: 5 }).map((texts) => all(...texts))),
      })
      .map(({ branches, conditions }) => buildStep("", branches, conditions)),
    steps: fc.array(tie("step"), { maxLength: 4 }),
    branch: fc
      .record({ steps: tie("steps"), terminates: fc.boolean() })
      .map(({ steps, terminates }) => buildBranch("x", steps, { terminates })),
  }))
  .steps.map((steps) => {
    let count = 0;
    const number = (list: OutlineStep[]): OutlineStep[] =>
      list.map((step) => ({
        ...step,
        ref: `s${count++}`,
        branches: step.branches.map((branch) => ({ ...branch, steps: number(branch.steps) })),
      }));
    return number(steps);
  });

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

describe("the layout of a workflow's diagram", () => {
  it("connects steps from the trigger to the end", () => {
    const layout = lay([buildStep("a"), buildStep("b")]);
    expect(listEdges(layout)).toEqual([
      [START, "a"],
      ["a", "b"],
      ["b", END],
    ]);
    const tops = [START, "a", "b", END].map((id) => layout.boxes.get(id)?.y ?? 0);
    expect(tops).toEqual([...tops].sort((x, y) => x - y));
  });

  it("connects the trigger of a workflow without steps with the end", () => {
    expect(listEdges(lay([]))).toEqual([[START, END]]);
  });

  it("places branches next to each other and joins them at the next step", () => {
    const layout = lay(fork());
    expect(listEdges(layout)).toEqual([
      [START, "before"],
      ["before", "fork"],
      ["fork", A],
      ["fork", B],
      [A, "left"],
      ["left", "after"],
      [B, "after"],
      ["after", END],
    ]);
    expect(layout.boxes.get(A)?.y).toBe(layout.boxes.get(B)?.y);
  });

  it("places branches below each other if they do not fit next to each other", () => {
    const layout = lay(fork(), 320);
    const [first, second] = [layout.boxes.get(A), layout.boxes.get(B)] as [Box, Box];
    expect(first.x).toBe(second.x);
    expect(second.y).toBeGreaterThan(layout.boxes.get("left")?.y ?? Number.POSITIVE_INFINITY);
    expect(layout.width).toBe(320);
    expect(listEdges(layout)).toContainEqual(["fork", "after"]);
  });

  it("ends a terminating branch, and the workflow if all branches terminate", () => {
    const one = lay(fork({ terminates: true }));
    expect(listEdges(one)).toContainEqual(["left", getBranchEndId("fork", 0)]);
    expect(listEdges(one)).not.toContainEqual(["left", "after"]);
    const [, both] = fork({ terminates: true }, { terminates: true });
    for (const width of [1000, 320]) expect(lay([both as OutlineStep], width).boxes.has(END)).toBe(false);
  });

  it("makes boxes as high as their conditions need, and shortens long ones", () => {
    const height = (...texts: string[]) => lay([buildStep("s", [], all(...texts))]).boxes.get("s")?.height ?? 0;
    expect(height("a", "b")).toBeGreaterThan(height("a"));
    const many = lay([buildStep("s", [], all(...Array.from({ length: 14 }, (_, index) => `c${index}`)))]).boxes.get(
      "s",
    );
    expect(many?.lines.at(-1)?.text).toBe("… 5 more lines");
    expect(many?.lines).toHaveLength(10);
  });

  it("shows groups of conditions with their values", () => {
    const group: OutlineGroup = {
      match: "any",
      conditions: [
        { text: 'data.a equal_to "x"', result: false, value: '"y"' },
        { match: "all", conditions: [{ text: "data.n equal_to 1", result: true, value: "1" }] },
      ],
    };
    expect(lay([], 1000, group).boxes.get(START)?.lines).toEqual([
      { text: "any of:" },
      { text: '  data.a equal_to "x" (was "y")', result: false },
      { text: "  all of:" },
      { text: "    data.n equal_to 1 (was 1)", result: true },
    ]);
  });

  it("wraps texts at spaces and within long words, and indents the rest", () => {
    expect(wrapText("one two three", 8)).toEqual(["one two", "  three"]);
    expect(wrapText("data.customers_affected", 18)).toEqual(["data.customers_", "  affected"]);
    expect(wrapText("abcdefghijklmnop", 9, " ")).toEqual([" abcdefgh", "   ijklmn", "   op"]);
  });

  it("leaves space for branches and conditions at any depth", () => {
    let conditions = all("data.a_long_name_of_a_property equal_to 1");
    for (let depth = 0; depth < 40; depth++) conditions = { match: "all", conditions: [conditions] };
    let steps = [buildStep("s", [], conditions)];
    for (let depth = 0; depth < 20; depth++)
      steps = [buildStep(`s${depth}`, [buildBranch("a", steps), buildBranch("b", [], { conditions })])];
    const layout = lay(steps, 300);
    for (const box of layout.boxes.values()) {
      expect(box.width).toBeGreaterThan(0);
      expect(box.x + box.width).toBeLessThanOrEqual(layout.width);
    }
  });

  it("never lets boxes overlap or leave the diagram, at any width", () => {
    fc.assert(
      fc.property(outlines, fc.integer({ min: 280, max: 1400 }), (steps, width) => {
        const layout = lay(steps, width);
        const boxes = [...layout.boxes.values()];
        for (const [index, box] of boxes.entries()) {
          if (boxes.slice(index + 1).some((other) => overlap(box, other))) return false;
          if (box.x < 0 || box.width <= 0 || box.x + box.width > layout.width) return false;
          if (box.y < 0 || box.y + box.height > layout.height) return false;
        }
        return layout.edges.every(({ from, to }) => layout.boxes.has(from) && layout.boxes.has(to));
      }),
    );
  });
});

describe("the progress of a run", () => {
  const conditions: OutlineGroup = { match: "all", conditions: [{ text: "c", result: false, value: "1" }] };
  const outline = { conditions: null, steps: fork({ conditions }, { terminates: true, is_default: true }) };
  const run: JsonObject = {
    status: "completed",
    steps: [
      { ref: "before", outcome: "passed" },
      { ref: "fork", outcome: "passed", branch: "b" },
    ],
  };

  it("contain outcomes and the branch that was taken", () => {
    const progress = createRunProgress(run, outline);
    expect(progress.steps.get("fork")).toEqual({ tone: "good", label: "passed", branches: [1] });
    expect([...listReached(outline, progress)]).toEqual([START, "before", "fork", B, getBranchEndId("fork", 1)]);
  });

  it("distinguish branches with the same name by their conditions", () => {
    const twins = { conditions: null, steps: fork({ name: "b", conditions }, { is_default: true }) };
    expect(createRunProgress(run, twins).steps.get("fork")?.branches).toEqual([1]);
  });

  it.each([
    [{ status: "paused", steps: [{ ref: "before", outcome: "waiting" }] }, false],
    [{ status: "completed", steps: [{ ref: "before", outcome: "halted" }] }, false],
    [{ status: "completed", reason: { code: "condition" }, steps: [] }, false],
    [{ status: "completed", steps: [{ ref: "before", outcome: "sent", message_status: "not_sent" }] }, true],
  ])("are for %j at the end: %s", (other, hasEnded) => {
    const progress: RunProgress = createRunProgress(other, { conditions: null, steps: [buildStep("before")] });
    expect(progress.hasEnded).toBe(hasEnded);
    expect(listReached({ conditions: null, steps: [buildStep("before")] }, progress).has(END)).toBe(hasEnded);
  });

  it("belong to steps at any depth", () => {
    expect(findOutlineStep(outline.steps, "left")?.ref).toBe("left");
    expect(findOutlineStep(outline.steps, "none")).toBeNull();
  });
});
