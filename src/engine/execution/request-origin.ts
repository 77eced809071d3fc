import type { RequestOrigin } from "../../domain/run/recorded-response.js";
import type { Step } from "../../domain/step/step.js";
import type { Json, JsonObject } from "../../util/json.js";
import type { RunExecution } from "./run-execution.js";

/** Returns which step of which run sends a request. */
export function getRequestOrigin({ ref }: Step, { input, run }: RunExecution): RequestOrigin {
  return { workflow: input.run.workflow, step: ref, recipient: run.recipient, triggered_at: input.run.inserted_at };
}

/** Returns the data of a step's event that keeps the response to its request. An empty response has none. */
export function buildResponseLog(body: Json | undefined): JsonObject {
  return body === undefined ? {} : { response: { body } };
}
