import { describe, expect, it } from "vitest";
import { parseWorkflow } from "../../src/domain/workflow/parse-workflow.js";
import type { Workflow } from "../../src/domain/workflow/workflow.js";
import { findChangedWorkflows } from "../../src/features/test/find-changed-workflows.js";
import { buildCoverage, listReachedItems } from "../../src/scenarios/coverage.js";
import { mutateWorkflow } from "../../src/scenarios/mutate-workflow.js";

const isPro = { variable: "recipient.plan", operator: "equal_to", argument: "pro" };
const template = { markdown_body: "hi" };
const inbox = { type: "channel", channel_type: "in_app_feed", channel_key: "inbox", template };

const parse = (key: string, steps: unknown[]): Workflow => parseWorkflow(key, { name: key, steps });

const workflow = (): Workflow =>
  parse("tips", [
    { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "hours", value: 2 } } },
    {
      ref: "branch_1",
      type: "branch",
      branches: [
        { name: "Pro", conditions: { all: [isPro] }, steps: [{ ...inbox, ref: "in_app_feed_1" }] },
        { name: "Default", conditions: null, steps: [] },
      ],
    },
  ]);

/** Returns the detail of a run that took the branch of professionals. */
const proRun = () => ({
  workflow: "tips",
  steps: [
    { ref: "delay_1", outcome: "passed", reason: null },
    {
      ref: "branch_1",
      outcome: "passed",
      reason: null,
      branch: "Pro",
      conditions: [{ ...isPro, value: "pro", result: true }],
    },
    { ref: "in_app_feed_1", outcome: "sent", reason: null, message_id: "m1" },
  ],
});

describe("coverage of workflows", () => {
  it("counts steps, branches, both results of conditions, and templates", () => {
    const { total, workflows } = buildCoverage([workflow()], new Set(listReachedItems(proRun() as never)), null);
    expect(total).toMatchObject({
      steps: { covered: 3, total: 3, percent: 100 },
      branches: { covered: 1, total: 2, percent: 50 },
      conditions: { covered: 1, total: 2 },
      templates: { covered: 1, total: 1 },
    });
    expect(workflows[0]?.missing.map(({ step, text }) => `${step}: ${text}`)).toEqual([
      'branch_1: branch "Default" is never taken',
      'branch_1: recipient.plan equal_to "pro" is never false',
      "in_app_feed_1: reason preference never occurs",
    ]);
  });

  it("compares each required kind with the threshold, but not reasons", () => {
    const all = new Set([
      ...listReachedItems(proRun() as never),
      ...listReachedItems({
        workflow: "tips",
        steps: [{ ref: "branch_1", branch: "Default", conditions: [{ ...isPro, value: null, result: false }] }],
      } as never),
    ]);
    expect(buildCoverage([workflow()], all, 100).passed).toBe(true);
    expect(buildCoverage([workflow()], new Set(listReachedItems(proRun() as never)), 51).passed).toBe(false);
    expect(buildCoverage([workflow()], new Set(listReachedItems(proRun() as never)), 50).passed).toBe(true);
  });

  it("does not count a condition that a run did not evaluate", () => {
    const run = {
      workflow: "tips",
      steps: [{ ref: "branch_1", conditions: [{ ...isPro, value: null, result: null }] }],
    };
    expect(buildCoverage([workflow()], new Set(listReachedItems(run as never)), null).total.conditions.covered).toBe(0);
  });
});

describe("mutants of a workflow", () => {
  it("have one fault each, at any depth, and versions of their own", () => {
    const mutants = mutateWorkflow(workflow(), []);
    expect(mutants.map(({ description: { step, kind } }) => `${step} ${kind}`)).toEqual([
      "delay_1 step",
      "delay_1 duration",
      "branch_1 step",
      "branch_1 condition",
      "in_app_feed_1 step",
    ]);
    expect(new Set(mutants.map(({ workflow: { version_id } }) => version_id)).size).toBe(mutants.length);
  });

  it("send through another channel of the same type if there is one", () => {
    const other = { key: "other", type: "in_app_feed" };
    const texts = mutateWorkflow(workflow(), [other] as never).map(({ description }) => description.text);
    expect(texts).toContain("sends through other instead of inbox");
    expect(texts).toContain("delay_for is 1 second instead of 2 hours");
    const hour = parse("tips", [
      { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "hours", value: 1 } } },
    ]);
    expect(mutateWorkflow(hour, []).map(({ description }) => description.text)).toContain(
      "delay_for is 1 second instead of 1 hour",
    );
  });
});

describe("changed workflows", () => {
  const find = (...paths: string[]) => findChangedWorkflows(paths, "knock", [workflow()]);

  it("are those with a changed file, and those that trigger them", () => {
    expect(find("knock/workflows/tips/a.md", "README.md")).toEqual(new Set(["tips"]));
    expect(find("knock/workflows/tips/tips.test.yaml")).toEqual(new Set());
    const caller = parse("caller", [{ ref: "t", type: "trigger_workflow", settings: { workflow_key: "tips" } }]);
    expect(findChangedWorkflows(["knock/workflows/tips/a.md"], "knock", [caller, workflow()])).toEqual(
      new Set(["tips", "caller"]),
    );
  });

  it("are all of them after a change of a shared file", () => {
    expect(find("knock/layouts/default/layout.json")).toBe("all");
    expect(find("knock.json")).toBe("all");
  });
});
