import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { contentUuid } from "../../util/ids.js";
import { isJsonObject, type JsonObject, pointerOf } from "../../util/json.js";
import { parseConditionGroup } from "../condition/parse-conditions.js";
import { checkJsonShape } from "../shape/json-limits.js";
import { jsonSchemaShape } from "../shape/json-schema-shape.js";
import { describeFault } from "../shape/place.js";
import { flag, integer, list, object, oneOf, optional, text, textUpTo } from "../shape/shape.js";
import { checked } from "../step/step-context.js";
import { filledText } from "../step/step-shapes.js";
import { parseSteps } from "./parse-step.js";
import { parseWorkflowTrigger } from "./parse-workflow-trigger.js";
import { TRIGGER_FREQUENCIES, type Workflow } from "./workflow.js";

const envelope = object({
  name: optional(textUpTo(255)),
  categories: optional(list(text)),
  trigger_frequency: optional(oneOf(TRIGGER_FREQUENCIES)),
  trigger_data_json_schema: optional(jsonSchemaShape),
  settings: optional(object({ is_commercial: optional(flag), override_preferences: optional(flag) })),
  active: optional(flag),
  description: optional(textUpTo(280)),
  tags: optional(list(text)),
  goal_attachment: optional(object({ goal_key: filledText, attribution_window_days: optional(integer(1, 30)) })),
});

/** Every ref in the raw steps, nested ones included, with the path of each. */
function* rawRefs(steps: unknown, path: PropertyKey[]): Generator<{ ref: string; path: PropertyKey[] }> {
  if (!Array.isArray(steps)) return;
  for (const [index, step] of steps.entries()) {
    if (!isJsonObject(step)) continue;
    if (typeof step.ref === "string") yield { ref: step.ref, path: [...path, index, "ref"] };
    for (const list of ["branches", "cohort_branches"]) {
      const branches = step[list];
      if (!Array.isArray(branches)) continue;
      for (const [b, branch] of branches.entries())
        if (isJsonObject(branch)) yield* rawRefs(branch.steps, [...path, index, list, b, "steps"]);
    }
  }
}

function activeOf(raw: JsonObject): boolean {
  const readonly = raw.__readonly;
  if (isJsonObject(readonly) && typeof readonly.active === "boolean") return readonly.active;
  return raw.active !== false;
}

/**
 * A workflow's JSON, its template files already read in → Workflow (section 4 of the format, checks F-040 to F-053).
 * Throws `workflow_invalid` with every fault and its pointer.
 */
export function parseWorkflow(key: string, raw: unknown): Workflow {
  const details: ErrorDetail[] = [];
  const complain = (path: PropertyKey[], message: string): void => {
    details.push({ pointer: pointerOf(path), message });
  };
  const fail = (): KnockError => {
    const [first, ...rest] = details;
    const summary = first ? describeFault(first) : "not valid";
    return new KnockError(
      "workflow_invalid",
      `workflow "${key}": ${summary}${rest.length > 0 ? ` (and ${rest.length} more)` : ""}`,
      {
        details,
        hint: `Mend workflows/${key}/workflow.json.`,
      },
    );
  };
  if (!isJsonObject(raw)) {
    complain([], "must be an object");
    throw fail();
  }
  checkJsonShape(raw, `workflow "${key}"`, "workflow_invalid");
  const value = checked(envelope, raw, [], complain);
  const refs = new Set<string>();
  for (const { ref, path } of rawRefs(raw.steps, ["steps"])) {
    if (refs.has(ref)) complain(path, `"${ref}" is already the ref of another step`);
    refs.add(ref);
  }
  const conditions = parseConditionGroup(raw.conditions, ["conditions"], { refs: null }, complain);
  const trigger = parseWorkflowTrigger(raw.trigger, ["trigger"], complain);
  const triggerAudience = trigger?.type === "audience" ? trigger.audience_key : null;
  const steps = parseSteps(raw.steps, ["steps"], { workflow: key, refs, triggerAudience, depth: 1, complain });
  if (value === null || details.length > 0) throw fail();
  const definition = {
    name: value.name ?? key,
    categories: value.categories ?? [],
    conditions,
    trigger_frequency: value.trigger_frequency ?? ("every_trigger" as const),
    trigger_data_json_schema: (value.trigger_data_json_schema as JsonObject | null | undefined) ?? null,
    settings: {
      is_commercial: value.settings?.is_commercial ?? false,
      override_preferences: value.settings?.override_preferences ?? false,
    },
    trigger,
    steps,
  };
  return {
    key,
    version_id: contentUuid(`${key}\n${JSON.stringify(definition)}`),
    active: activeOf(raw),
    ...definition,
  };
}
