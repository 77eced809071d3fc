import type { TriggerOutcome } from "../../src/domain/run/outcome.js";
import type { Json, JsonObject } from "../../src/util/json.js";
import { step } from "./build-steps.js";
import { type Expected, formatRun, getRecipientOutcome, type Moment } from "./engine-case.js";
import type { EngineHarness } from "./engine-harness.js";

/** The body of the catalog's batch emails: `3 by 2: 1,2,3,`. */
export const BATCH_BODY =
  "{{ total_activities }} by {{ total_actors }}: {% for a in activities %}{{ a.n }},{% endfor %}";

export const minutes = (value: number): JsonObject => ({ unit: "minutes", value });
export const hours = (value: number): JsonObject => ({ unit: "hours", value });

/** Returns a batch of five minutes in `latest` mode; `settings` override both. */
export function batch(settings: JsonObject = {}, ref = "batch_1"): JsonObject {
  const window: JsonObject = settings.batch_until_field_path === undefined ? { batch_window: minutes(5) } : {};
  return { ref, type: "batch", settings: { ...window, workflow_version_mode: "latest", ...settings } };
}

/** Returns `batch → email(mail)`. */
export function batchedEmail(settings: JsonObject = {}, body = BATCH_BODY): JsonObject[] {
  return [batch(settings), step.email("S", body)];
}

export function buildPayload(n: number, data: JsonObject = {}, over: Record<string, Json> = {}): JsonObject {
  return { recipients: ["ana"], data: { n, ...data }, ...over };
}

/** Returns a function that triggers `digest` for ana with `data.n`. */
export function triggerDigest(n: number, data: JsonObject = {}, over: Record<string, Json> = {}) {
  return (h: EngineHarness): Promise<TriggerOutcome> => h.trigger("digest", buildPayload(n, data, over));
}

/** Returns a moment at which `digest` is triggered. */
export function triggerAt(
  at: number,
  n: number,
  { data = {}, over = {}, ...expected }: { data?: JsonObject; over?: Record<string, Json> } & Expected = {},
): Moment {
  return { at, action: triggerDigest(n, data, over), ...expected };
}

/** Returns moments that expect `before` just before `at`, and `messages` at `at`. */
export function expectClose(at: number, before: string[], messages: string[], expected: Expected = {}): Moment[] {
  return [
    { at: at - 1, messages: before },
    { at, messages, ...expected },
  ];
}

/** Returns every run of ana in words, oldest first. */
export async function allRuns(h: EngineHarness): Promise<string[]> {
  const { items } = await h.store.listRecipientRuns({}, { limit: 100 });
  const outcomes = await Promise.all(items.reverse().map(({ run }) => h.engine.readWorkflowRun(run.id)));
  return outcomes.map((outcome) => formatRun(getRecipientOutcome(outcome as NonNullable<typeof outcome>, "ana")));
}
