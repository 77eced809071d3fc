import type { TemplateCondition } from "../engine/liquid/template-conditions.js";
import type { TextPosition } from "../util/text-positions.js";

/** A condition in a template of a workflow's step. Each has two cases: true and false. */
export interface StepCondition extends TemplateCondition {
  /** The ref of the step. */
  step: string;
  fieldPath: string;
  /** The path of the template in the workflow. */
  path: string[];
  /** The number of the condition in its template, from 0. */
  index: number;
  /** The file, line and column of the condition. Null if they are unknown. */
  location: (TextPosition & { displayPath: string }) | null;
}

/** Returns a location as reports have it. */
export const toReportedLocation = (location: StepCondition["location"]) => ({
  file: location?.displayPath ?? null,
  line: location?.line ?? null,
  column: location?.column ?? null,
});
