import type { RecipientRun, RunEvent } from "../../domain/run/workflow-run.js";
import { uuidV5 } from "../../util/ids.js";
import { isoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";

/** First of a step's events where it did not begin: it was passed over. */
const NOT_BEGUN = new Set(["step_skipped"]);

function eventShape(event: RunEvent, id: string): JsonObject {
  return {
    __typename: "WorkflowRecipientRunEvent",
    id,
    event: event.event,
    status: event.status,
    step_ref: event.step_ref,
    step_type: event.step_type,
    attempt: event.attempt,
    data: event.data,
    inserted_at: isoTime(event.at),
  };
}

/**
 * A run's events as the API has them, in order (E-009, EQ-04). That a step began is not stored: it is told by the first of its
 * other events, so that a run of many recipients keeps nothing for it.
 */
export function runEventShapes({ id, events }: Pick<RecipientRun, "id" | "events">): JsonObject[] {
  const begun = new Set<string>();
  return events.flatMap((event, index) => {
    // Stored without ids: the place in the list names an event for good.
    const shape = eventShape(event, uuidV5(id, `event ${index}`));
    if (event.step_ref === null || begun.has(event.step_ref)) return [shape];
    begun.add(event.step_ref);
    if (NOT_BEGUN.has(event.event)) return [shape];
    const start: RunEvent = { ...event, event: "step_started", status: "ok", attempt: 1, data: null };
    return [eventShape(start, uuidV5(id, `event ${index} started`)), shape];
  });
}
