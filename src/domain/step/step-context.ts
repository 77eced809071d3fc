import type { JsonObject } from "../../util/json.js";
import type { ConditionPlace } from "../condition/parse-conditions.js";
import type { Complain } from "../shape/complain.js";
import type { Shape } from "../shape/shape.js";
import type { StepBase } from "./step-types.js";

/** What the parser of one workflow carries along. */
export interface StepContext extends ConditionPlace {
  workflow: string;
  refs: ReadonlySet<string>;
  /** The audience that starts runs of this workflow, or null (F-025). */
  triggerAudience: string | null;
  /** How deep in branches and cohorts the steps stand; 1 for the workflow's own. */
  depth: number;
  complain: Complain;
}

/** One step of a known type, its shared fields parsed; null after a complaint. */
export type StepParser<S> = (raw: JsonObject, base: StepBase, path: PropertyKey[], context: StepContext) => S | null;

/** The value, where it has the shape; null after a complaint. */
export function checked<T>(shape: Shape<T>, value: unknown, path: PropertyKey[], complain: Complain): T | null {
  return shape(value, path, complain) ? value : null;
}
