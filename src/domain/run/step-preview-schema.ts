import * as z from "zod/mini";
import { anyObject, described } from "../schema/fields.js";
import { jsonObjectOrNull, textField, textOrNull } from "../schema/output-fields.js";
import type { StepType } from "../step/step.js";
import { reasonSchema } from "./outcome-schema.js";

const stepType = () => described(z.string(), "The type of the step.") as z.ZodMiniType<StepType>;

export const stepPreviewSchema = z.object({
  ref: textField("The step's ref."),
  channel_type: textField("The channel type."),
  channel: textOrNull("The channel's key; null if no channel applies."),
  contents: described(z.array(anyObject()), "The content documents of the API, one for each destination."),
  reason: described(
    z.nullable(reasonSchema),
    "Why there is no content, such as a missing address or an error in a template; otherwise null.",
  ),
  warnings: described(z.array(z.string()), "Warnings that a run would add to an event, such as a missing translation."),
  tested: z.optional(
    described(
      z.object({
        type: stepType(),
        request: jsonObjectOrNull("The request, or null."),
        data: jsonObjectOrNull("The data after the response, or null."),
      }),
      "For a fetch or agent step, which is executed once.",
    ),
  ),
});
