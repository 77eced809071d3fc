import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { conditionGroupSchema } from "../condition/condition-schema.js";
import { isUnstorable, UNSTORABLE_MESSAGE } from "../recipient/describe-invalid-id.js";
import { described, optional, text } from "../schema/fields.js";

const REF_ERROR = "is required (a name unique in the workflow)";

const commonFields = () => ({
  ref: described(
    z.string({ error: REF_ERROR }).check(
      z.refine((value) => value !== "", { error: REF_ERROR }),
      z.refine((value) => !isUnstorable(value), { error: UNSTORABLE_MESSAGE }),
      z.meta({ minLength: 1 }),
    ),
    "The name of the step, unique in the workflow. Conditions and errors refer to it.",
  ),
  name: text("The display name."),
  description: text("The purpose of the step.", "Waits for more comments"),
  conditions: described(
    optional(conditionGroupSchema()),
    "Conditions of the step. If they are false, the step is skipped.",
  ),
});

/** Returns the fields that every step has (section 5 of the format). */
export const stepFields = <const T extends string>(type: T) => ({
  type: described(z.literal(type), "The type of the step."),
  ...commonFields(),
});

/** The schema of the fields that can be checked for a step of an unknown type. */
export const unknownStepSchema = once(() => z.looseObject(commonFields()));
