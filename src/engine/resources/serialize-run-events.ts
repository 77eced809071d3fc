import type { RecipientRun, RunEvent } from "../../domain/run/workflow-run.js";
import { createUuidV5 } from "../../util/ids.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";

/** Events that are a step's first if it was skipped, so that it has no `step_started`. */
const EVENTS_OF_SKIPPED_STEPS = new Set(["step_skipped"]);

function serializeRunEvent(event: RunEvent, id: string): JsonObject {
  return {
    __typename: "WorkflowRecipientRunEvent",
    id,
    event: event.event,
    status: event.status,
    step_ref: event.step_ref,
    step_type: event.step_type,
    attempt: event.attempt,
    data: event.data,
    inserted_at: toIsoTime(event.at),
  };
}

/**
 * Returns a run's events in the API's format, in order (E-009, EQ-04). `step_started` is not stored but derived from
 * the first event of each step, which saves space in runs with many recipients.
 */
export function serializeRunEvents({ id, events }: Pick<RecipientRun, "id" | "events">): JsonObject[] {
  const startedSteps = new Set<string>();
  return events.flatMap((event, index) => {
    // Events are stored without ids. The index identifies an event, because it never changes.
    const serialized = serializeRunEvent(event, createUuidV5(id, `event ${index}`));
    if (event.step_ref === null || startedSteps.has(event.step_ref)) return [serialized];
    startedSteps.add(event.step_ref);
    if (EVENTS_OF_SKIPPED_STEPS.has(event.event)) return [serialized];
    const start: RunEvent = { ...event, event: "step_started", status: "ok", attempt: 1, data: null };
    return [serializeRunEvent(start, createUuidV5(id, `event ${index} started`)), serialized];
  });
}
