import type * as z from "zod/mini";
import { parseConditionLog } from "../domain/condition/evaluated-condition.js";
import { countMessages, type StepOutcome } from "../domain/run/outcome.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { filterObjects, isJsonObject, type JsonObject } from "../util/json.js";
import { COVERAGE_KINDS, type CoverageKind } from "./coverage-kinds.js";
import type { coverageSchema } from "./coverage-schema.js";
import { createItemId, listCoverageItems } from "./list-coverage-items.js";
import { type StepCondition, toReportedLocation } from "./step-condition.js";

/** The parts of workflows that scenarios reached, and those that they did not. */
export type Coverage = z.infer<typeof coverageSchema>;
type WorkflowCoverage = Coverage["workflows"][number];
type Shares = Coverage["total"];

/** The kinds that must reach the threshold. A reason may need a failure that is not worth a scenario. */
export const REQUIRED_KINDS = ["steps", "branches", "conditions", "templates"] as const;

/** Returns the IDs of the parts of its workflow that a recipient run reached, from its detail. */
export function listReachedItems(run: JsonObject): string[] {
  const workflow = String(run.workflow);
  const reached: string[] = [];
  const add = (kind: CoverageKind, ...names: (string | number | boolean | null)[]): void =>
    void reached.push(createItemId(workflow, kind, ...names));
  const addPart = (step: string | null, { conditions, reason }: JsonObject): void => {
    for (const [index, { variable, operator, result }] of parseConditionLog(conditions).entries())
      if (result !== null) add("conditions", step, index, variable, operator, result);
    if (isJsonObject(reason)) add("reasons", step, String(reason.code));
  };
  addPart(null, run);
  for (const step of filterObjects(run.steps)) {
    const ref = String(step.ref);
    add("steps", ref);
    if (typeof step.branch === "string") add("branches", ref, step.branch);
    if (countMessages(step as StepOutcome) > 0) add("templates", ref);
    addPart(ref, step);
  }
  return reached;
}

function toShare(covered: number, total: number): Shares["steps"] {
  return { covered, total, percent: total === 0 ? 100 : Math.floor((covered / total) * 1_000) / 10 };
}

function buildShares(count: (kind: CoverageKind) => { covered: number; total: number }): Shares {
  const shares = COVERAGE_KINDS.map((kind) => {
    const { covered, total } = count(kind);
    return [kind, toShare(covered, total)];
  });
  return Object.fromEntries(shares) as Shares;
}

/** Builds the coverage of workflows from the IDs of the parts that scenarios reached. */
export function buildCoverage(
  workflows: readonly Workflow[],
  reached: ReadonlySet<string>,
  threshold: number | null,
  templateConditions: ReadonlyMap<string, readonly StepCondition[]> = new Map(),
): Coverage {
  const reports = workflows.map((workflow): WorkflowCoverage => {
    const items = listCoverageItems(workflow, templateConditions.get(workflow.key));
    const shares = buildShares((wanted) => {
      const ofKind = items.filter(({ kind }) => kind === wanted);
      return { covered: ofKind.filter(({ id }) => reached.has(id)).length, total: ofKind.length };
    });
    const missing = items
      .filter(({ id }) => !reached.has(id))
      .map(({ kind, step, text, location }) => ({ kind, step, text, ...toReportedLocation(location) }));
    return { workflow: workflow.key, ...shares, missing };
  });
  const total = buildShares((kind) => ({
    covered: reports.reduce((sum, report) => sum + report[kind].covered, 0),
    total: reports.reduce((sum, report) => sum + report[kind].total, 0),
  }));
  const passed = REQUIRED_KINDS.every((kind) => total[kind].percent >= (threshold ?? 0));
  return { threshold, passed, total, workflows: reports };
}
