import * as z from "zod/mini";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import type { ConditionGroup } from "../condition/condition.js";
import { normalizeConditionGroup, parseConditionGroup } from "../condition/parse-conditions.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { CHANNEL_TYPES } from "../message/channel-types.js";
import { discriminatedUnion } from "../schema/discriminated-union.js";
import { named } from "../schema/fields.js";
import type { Step, StepBase } from "../step/step.js";
import type { StepCheckContext, StepDefinition } from "../step/step-definition.js";
import { unknownStepSchema } from "../step/step-fields.js";
import { findStepDefinition, STEP_DEFINITIONS } from "./step-definitions.js";

const MAX_BRANCH_DEPTH = 5;

const schemas = new WeakMap<StepDefinition, z.ZodMiniType>();

function getStepSchema(definition: StepDefinition): z.ZodMiniType {
  const schema = schemas.get(definition) ?? definition.schema(stepListSchema());
  schemas.set(definition, schema);
  return schema;
}

/**
 * The schema of a list of steps, each checked by the schema of its type. Schemas of types that a project does not use
 * are not built.
 */
export const stepListSchema = once((): z.ZodMiniType => {
  const step = discriminatedUnion("type", STEP_DEFINITIONS, {
    label: "step type",
    suggest: (name) =>
      CHANNEL_TYPES.some((type) => type === name)
        ? `use "type": "channel" with "channel_type": ${JSON.stringify(name)}`
        : undefined,
    common: unknownStepSchema,
    build: getStepSchema,
  });
  return z.array(named(step, "step"), { error: "must be a list of steps" });
});

interface RawStepEntry {
  raw: JsonObject;
  /** Undefined for a step of an unknown type. */
  definition: StepDefinition | undefined;
  path: PropertyKey[];
  /** The number of branches and cohorts that contain the step, plus 1. */
  depth: number;
}

function getBranchesFields(definition: StepDefinition | undefined): string[] {
  const definitions: (StepDefinition | undefined)[] =
    definition === undefined ? Object.values(STEP_DEFINITIONS) : [definition];
  return definitions.flatMap((candidate) => candidate?.branchesField ?? []);
}

/**
 * Yields each step in a file, which may have findings. Nesting is limited to one level more than a valid file can have.
 */
export function* walkRawSteps(steps: unknown, path: PropertyKey[], depth = 1): Generator<RawStepEntry> {
  if (!Array.isArray(steps) || depth > MAX_BRANCH_DEPTH + 1) return;
  for (const [index, raw] of steps.entries()) {
    if (!isJsonObject(raw)) continue;
    const definition = findStepDefinition(raw.type);
    const stepPath = [...path, index];
    yield { raw, definition, path: stepPath, depth };
    for (const field of getBranchesFields(definition)) {
      const branches = raw[field];
      for (const [b, branch] of (Array.isArray(branches) ? branches : []).entries())
        if (isJsonObject(branch)) yield* walkRawSteps(branch.steps, [...stepPath, field, b, "steps"], depth + 1);
    }
  }
}

/**
 * Reports errors in steps that their schemas do not find: duplicate refs, conditions, nesting, and the checks of the
 * step types.
 */
export function checkSteps(
  steps: unknown,
  context: Pick<StepCheckContext, "triggerAudience">,
  report: ReportFinding,
): void {
  const entries = [...walkRawSteps(steps, ["steps"])];
  const refs = new Set<string>();
  for (const { raw, path } of entries) {
    const { ref } = raw;
    if (typeof ref !== "string") continue;
    if (refs.has(ref)) report([...path, "ref"], `"${ref}" is already the ref of another step`);
    refs.add(ref);
  }
  const known = { ...context, refs };
  for (const { raw, definition, path, depth } of entries) {
    if (definition?.branchesField !== undefined && depth > MAX_BRANCH_DEPTH)
      report(path, `branches may nest at most ${MAX_BRANCH_DEPTH} deep`);
    if (!definition?.ignoresConditions) parseConditionGroup(raw.conditions, [...path, "conditions"], known, report);
    definition?.check?.(raw, (below, message) => report([...path, ...below], message), known);
  }
}

interface RawStepBase {
  type: string;
  ref: string;
  name?: string | null;
  conditions?: ConditionGroup | null;
}

/** Returns the run-time steps for the steps of a file, which must not have findings. */
export function normalizeSteps(steps: unknown): Step[] {
  return (steps as RawStepBase[]).map((step) => {
    const definition = findStepDefinition(step.type) as StepDefinition;
    const conditions = definition.ignoresConditions ? null : normalizeConditionGroup(step.conditions);
    const base: StepBase = { ref: step.ref, name: step.name ?? null, conditions };
    return definition.normalize(step as never, base, normalizeSteps) as Step;
  });
}
