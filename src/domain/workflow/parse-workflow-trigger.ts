import type { JsonObject } from "../../util/json.js";
import type { Complain } from "../shape/complain.js";
import { anything, object, oneOf, optional, record } from "../shape/shape.js";
import { checked } from "../step/step-context.js";
import { filledText } from "../step/step-shapes.js";
import type { WorkflowTrigger } from "./workflow.js";

const typeShape = object({ type: oneOf(["audience", "event"]) });
const audienceShape = object({ audience_key: filledText });
const eventShape = object({ source_key: filledText, event_key: filledText, mapping: optional(record(anything)) });

/** The file's `trigger` (F-025); null where it has none, and after a complaint. */
export function parseWorkflowTrigger(value: unknown, path: PropertyKey[], complain: Complain): WorkflowTrigger | null {
  if (value === undefined || value === null) return null;
  const type = checked(typeShape, value, path, complain)?.type ?? null;
  if (type === "audience") {
    const trigger = checked(audienceShape, value, path, complain);
    return trigger && { type, audience_key: trigger.audience_key };
  }
  const trigger = type && checked(eventShape, value, path, complain);
  if (type === null || trigger === null) return null;
  const { source_key, event_key, mapping } = trigger;
  return { type, source_key, event_key, mapping: (mapping as JsonObject | null | undefined) ?? {} };
}
