import type { AudienceMembership } from "../domain/audience/audience.js";
import { toRecipientKey } from "../domain/recipient/recipient.js";
import type { RecordedResponse } from "../domain/run/recorded-response.js";
import { buildEventName } from "../domain/run/run-wait.js";
import { REQUESTING_STEPS } from "../domain/run/sends-request.js";
import type { RunEvent } from "../domain/run/workflow-run.js";
import { isBatchStep } from "../domain/step-types/batch-step.js";
import { type AwaitedEvent, isWaitForEventStep } from "../domain/step-types/wait-for-event-step.js";
import { walkSteps } from "../domain/step-types/walk-steps.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";
import type { PastRun } from "./read-runs.js";
import type { RecordedEvent, RecordedMembership, RecordedRequest } from "./recorded-history.js";

/** Returns the response that an event of a step with a request keeps, or undefined if it does not end the step. */
function parseResponse({ event, data }: RunEvent): RecordedResponse | undefined {
  if (event === "step_completed") return isJsonObject(data?.response) ? { ...data.response } : {};
  if (event === "step_skipped" && data?.reason === "agent_error") return { error: String(data.detail) };
  // A step that an error of the store failed has no result.
  return event === "step_failed" && typeof data?.error === "string" ? { error: data.error } : undefined;
}

/** Returns what the requests of steps came to, because a replay sends none. */
export function readRequests(runs: readonly PastRun[]): RecordedRequest[] {
  return runs.flatMap(({ run, recipientRun: { recipient, events } }) =>
    events.flatMap((event): RecordedRequest[] => {
      const response = REQUESTING_STEPS.has(event.step_type ?? "") ? parseResponse(event) : undefined;
      if (response === undefined) return [];
      const { workflow, inserted_at: triggered_at } = run;
      const origin = { workflow, step: String(event.step_ref), recipient, triggered_at };
      const { request, status } = event.data ?? {};
      return [
        {
          origin,
          type: String(event.step_type),
          ...(isJsonObject(request)
            ? { request: { method: String(request.method).toLowerCase(), url: String(request.url) } }
            : {}),
          ...(typeof status === "number" ? { status } : {}),
          response,
        },
      ];
    }),
  );
}

/** Returns whether the replay of a workflow lets an event occur again. `isReplayed`: whether its triggers are replayed. */
function isRepeated(event: AwaitedEvent, isReplayed: (workflow: string) => boolean): boolean {
  if (event.event_type === "message") return event.source_type === "workflow" && isReplayed(event.source_key);
  return event.event_type === "workflow" && isReplayed(event.source_key);
}

const parseTime = (value: Json | undefined): number => (typeof value === "string" ? Date.parse(value) : Number.NaN);

/** Returns when an event occurred. Each kind of event has its own field for it. */
function getOccurrence({ inserted_at, happened_at, timestamp }: JsonObject, checkedAt: number): number {
  const at = parseTime(inserted_at ?? happened_at ?? timestamp);
  return Number.isNaN(at) ? checkedAt : at;
}

interface EventOptions {
  /** Returns the name of the trigger of a workflow run. */
  getTriggerName(workflowRunId: string): string;
  isReplayed(workflow: string): boolean;
}

/** Returns the events that waiting runs checked, except those that a replay lets occur again. */
export function readAwaitedEvents(
  runs: readonly PastRun[],
  { getTriggerName, isReplayed }: EventOptions,
): RecordedEvent[] {
  const recorded = new Map<string, RecordedEvent & { triggers: Set<string> }>();
  for (const { run, recipientRun, version } of runs) {
    const waits = new Map<string, AwaitedEvent>();
    for (const { step } of walkSteps(version.steps))
      if (isWaitForEventStep(step) && !isRepeated(step.settings.event, isReplayed))
        waits.set(step.ref, step.settings.event);
    for (const { step_ref, data, at } of recipientRun.events) {
      const awaited = waits.get(step_ref ?? "");
      if (awaited === undefined || !isJsonObject(data?.event)) continue;
      const { event } = data;
      const name = buildEventName(awaited);
      const key = JSON.stringify([name, event]);
      const known = recorded.get(key);
      if (known === undefined) {
        const isOfSource = awaited.event_type === "integration_source";
        const recipient = isOfSource
          ? typeof event.user_id === "string"
            ? toRecipientKey(event.user_id)
            : null
          : recipientRun.recipient;
        const occurred = { name, recipient, at: getOccurrence(event, at), event };
        recorded.set(key, { at, occurred, triggers: new Set([getTriggerName(run.id)]) });
      } else {
        known.at = Math.min(known.at, at);
        known.triggers.add(getTriggerName(run.id));
      }
    }
  }
  return [...recorded.values()].sort((a, b) => a.at - b.at);
}

/** Returns how many milliseconds later than due the waits of a run ended in total. */
function getLateness({ recipientRun, version }: PastRun): number {
  // The events of a sliding batch do not have the time until which it was extended.
  const sliding = new Set(
    [...walkSteps(version.steps)].flatMap(({ step }) =>
      isBatchStep(step) && step.settings.batch_window_type === "sliding" ? [step.ref] : [],
    ),
  );
  let until = Number.NaN;
  let total = 0;
  for (const { event, step_ref, data, at } of recipientRun.events) {
    if (event === "run_paused") until = sliding.has(step_ref ?? "") ? Number.NaN : parseTime(data?.until);
    if (event === "run_resumed" && at > until) total += at - until;
  }
  return total;
}

/** Returns the lateness of workflow runs that did not run in time: the lateness of their latest recipient run. */
export function readLateness(runs: readonly PastRun[]): Map<string, number> {
  const lateness = new Map<string, number>();
  for (const past of runs) {
    const late = getLateness(past);
    if (late > (lateness.get(past.run.id) ?? 0)) lateness.set(past.run.id, late);
  }
  return lateness;
}

/** Returns the changes of static audiences by steps, in order of time. */
export function readMembershipChanges(runs: readonly PastRun[]): RecordedMembership[] {
  const changes: (RecordedMembership & { at: number })[] = [];
  for (const { run, recipientRun } of runs)
    for (const { event, step_type, data, at } of recipientRun.events) {
      if (step_type !== "update_audience" || event !== "step_completed") continue;
      if (typeof data?.audience_key !== "string" || typeof data.was_member !== "boolean") continue;
      const member: AudienceMembership = { recipient: recipientRun.recipient, tenant: run.tenant };
      changes.push({ at, audience: data.audience_key, ...member, wasMember: data.was_member });
    }
  return changes.sort((a, b) => a.at - b.at);
}
