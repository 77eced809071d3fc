import type { Step } from "../../src/domain/step/step.js";
import { parseWorkflow } from "../../src/domain/workflow/parse-workflow.js";
import type { Workflow } from "../../src/domain/workflow/workflow.js";
import { KnockError } from "../../src/errors/knock-error.js";
import type { Json, JsonObject } from "../../src/util/json.js";

/** Returns a workflow with these steps. */
export function parseSteps(steps: Json[], otherFields: JsonObject = {}): Workflow {
  return parseWorkflow("ferry", { name: "Ferry", steps, ...otherFields });
}

export function parseStep(type: string, settings: JsonObject, otherFields: JsonObject = {}): Step {
  return parseSteps([{ ref: "one", type, settings, ...otherFields }]).steps[0] as Step;
}

/** Returns each finding as `pointer message`; pointers are relative to `/steps/0`. */
export function collectFindings(parse: () => unknown): string[] {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    return error.details.map(({ pointer, message }) => `${pointer.replace(/^\/steps\/0/, "")} ${message}`);
  }
  return [];
}

export const buildDuration = (value: number, unit = "minutes"): JsonObject => ({ unit, value });
