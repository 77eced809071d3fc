import { LINK_SECRET } from "../../domain/message/link-token.js";
import type { Recipient } from "../../domain/recipient/recipient.js";
import type { BatchContent } from "../../domain/run/batch-continuations.js";
import { getTriggerData } from "../../domain/run/trigger-data.js";
import type { RecipientRun, RunEvent } from "../../domain/run/workflow-run.js";
import type { Step } from "../../domain/step/step.js";
import { isAgentType } from "../../domain/step-types/ai-agent-step.js";
import { isBatchStep } from "../../domain/step-types/batch-step.js";
import { getStepDefinition } from "../../domain/step-types/step-definitions.js";
import { isWaitForEventStep } from "../../domain/step-types/wait-for-event-step.js";
import { walkSteps } from "../../domain/step-types/walk-steps.js";
import { KnockError } from "../../errors/knock-error.js";
import type { RunVariables } from "../../ports/operations.js";
import { toIsoTime } from "../../util/iso-time.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { redactJson } from "../../util/redact-secrets.js";
import { compileWorkflow } from "../compile/compile-workflow.js";
import { buildBatchView } from "../context/build-batch-view.js";
import type { RunParties } from "../context/build-scope.js";
import { buildParties, type EngineContext, readRunRecipients, readRunSchedules } from "../context/engine-context.js";
import { type AdvanceInput, buildAdvanceInput } from "../execution/advance-input.js";
import { RunExecution } from "../execution/run-execution.js";
import { renderWithinLimit } from "../liquid/limit-rendering.js";
import { RenderError } from "../liquid/liquid.js";
import { getStepHandler } from "../steps/step-handlers.js";
import { getRunContext } from "../workflow/branch-context.js";
import { renderWithResults } from "./preview-steps.js";

/** The variables that a template sees, without the keys of `data` that are also at the top level. */
const VARIABLES = [
  ...["data", "recipient", "actor", "tenant", "vars", "refs", "workflow"],
  ...["total_activities", "activities", "total_actors", "actors", "timestamp"],
];

/** A run with everything that its variables come from. */
interface ReplayedRun {
  context: EngineContext;
  /** The input after all events of the run. */
  input: AdvanceInput;
  steps: ReadonlyMap<string, Step>;
  /** The data of each message, by ID. */
  messageData: ReadonlyMap<string, JsonObject>;
}

/** The events after which a step has ended. */
const ENDS = new Set(["step_completed", "step_skipped", "step_failed", "run_halted", "run_cancelled"]);

/** A wait step adds the variables of its event to templates, but leaves the data of the run unchanged. */
const changesData = (step: Step | undefined): boolean =>
  step !== undefined && !isWaitForEventStep(step) && (getStepDefinition(step).changedScopes?.includes("data") ?? false);

/** Returns whether an event may have replaced the data of the run. */
function mayChangeData({ event, step_ref }: RunEvent, steps: ReadonlyMap<string, Step>): boolean {
  return event === "batch_closed" || (event === "step_completed" && changesData(steps.get(step_ref ?? "")));
}

/** Returns the closed batch that a run is in after events, or null. A run that leads its next batch has left it. */
function findBatchClose(events: readonly RunEvent[]): RunEvent | null {
  const last = events.findLast(
    ({ event, data }) => event === "batch_closed" || (event === "batch_opened" && data?.leading === true),
  );
  return last?.event === "batch_closed" ? last : null;
}

/** Returns the input after the first `count` events, with `data` as it was then. */
function restoreInput({ input }: ReplayedRun, count: number, data: JsonObject | null): AdvanceInput {
  const { recipientRun, batch } = input;
  const events = recipientRun.events.slice(0, count);
  const reached = new Set(events.map(({ step_ref }) => step_ref));
  const ended = new Set(events.filter(({ event }) => ENDS.has(event)).map(({ step_ref }) => step_ref));
  const close = findBatchClose(events);
  // The store keeps the last batch of a run.
  const isKept = close !== null && close === findBatchClose(recipientRun.events);
  const restored: RecipientRun = {
    ...recipientRun,
    data,
    steps: recipientRun.steps.flatMap(({ matched, ...step }) => {
      if (!reached.has(step.ref)) return [];
      return [ended.has(step.ref) && matched !== undefined ? { ...step, matched } : step];
    }),
    events,
  };
  const now = events.at(-1)?.at ?? recipientRun.inserted_at;
  return { ...input, recipientRun: restored, batch: isKept ? batch : null, now };
}

/** Returns the response to the request of a step, as its handler receives it. */
function toResponse({ type }: Step, { data }: RunEvent): unknown {
  const body = isJsonObject(data?.response) ? data.response.body : undefined;
  if (isAgentType(type)) return { json: body ?? null, text: isJsonObject(body) ? body.text : null };
  return { status: 200, text: body === undefined ? "" : JSON.stringify(body) };
}

/** Executes the step of an event again with its stored response. Returns the data after it, or null if that is unknown. */
async function replayStep(
  replayed: ReplayedRun,
  step: Step,
  count: number,
  data: JsonObject | null,
): Promise<JsonObject | null> {
  const input = restoreInput(replayed, count, data);
  const response = toResponse(step, input.recipientRun.events[count - 1] as RunEvent);
  try {
    return await renderWithResults(replayed.context, input.now, (queryResults) => {
      const results = new Map([...queryResults, [step.ref, response]]);
      const execution = new RunExecution({ ...input, queryResults: results }, input.recipientRun);
      return renderWithinLimit(() => getStepHandler(step).execute(step, true, execution)).data ?? null;
    });
  } catch (error) {
    if (error instanceof RenderError || error instanceof KnockError) return null;
    throw error;
  }
}

function reduceBatch(step: Step | undefined, batch: BatchContent | null): JsonObject | null {
  return isBatchStep(step) && batch !== null ? buildBatchView(batch, step.settings).reducedData : null;
}

/**
 * Returns the data of a run after its first `count` events. It is exact after the last change, and where a message was created.
 * Otherwise the changes since then are repeated; `unknown` has the steps for which that is not possible.
 */
async function replayData(replayed: ReplayedRun, count: number): Promise<{ data: JsonObject; unknown: string[] }> {
  const { input, steps, messageData } = replayed;
  const { recipientRun, run, compiled } = input;
  const last = recipientRun.events.findLastIndex((event) => mayChangeData(event, steps));
  if (count > last) return { data: recipientRun.data ?? run.data, unknown: [] };
  let data = getTriggerData(recipientRun, compiled.workflow.steps) ?? run.data;
  let unknown: string[] = [];
  for (const [index, event] of recipientRun.events.slice(0, count).entries()) {
    const known = event.event === "message_enqueued" ? messageData.get(String(event.data?.message_id)) : undefined;
    if (known !== undefined) [data, unknown] = [known, []];
    if (!mayChangeData(event, steps)) continue;
    const step = steps.get(event.step_ref ?? "");
    const changed =
      event.event === "batch_closed"
        ? reduceBatch(step, restoreInput(replayed, index + 1, data).batch)
        : step === undefined
          ? null
          : await replayStep(replayed, step, index + 1, data);
    if (changed === null) unknown.push(String(event.step_ref));
    else data = changed;
  }
  return { data, unknown };
}

/** Returns the parties that changed after a time, with the time of their last change. */
function listChangedParties({ recipient, actor, tenant }: RunParties, at: number): RunVariables["changed"] {
  const known: [name: string, party: Recipient | null][] = [
    ["recipient", recipient],
    ["actor", actor],
    ["tenant", tenant],
  ];
  return known.flatMap(([name, party]) =>
    party !== null && party.updated_at > at ? [{ name, updated_at: toIsoTime(party.updated_at) }] : [],
  );
}

async function readMessageData(
  { store }: EngineContext,
  events: readonly RunEvent[],
): Promise<ReadonlyMap<string, JsonObject>> {
  const ids = events.flatMap(({ event, data }) => (event === "message_enqueued" ? [String(data?.message_id)] : []));
  const messages = ids.length === 0 ? [] : await store.readMessages(ids);
  return new Map(messages.map(({ id, data }) => [id, data]));
}

/**
 * Returns the variables of a run after its first `count` events, or null if the run or its recipient does not exist. Recipients, the environment
 * and the schedule are those of today, because the store keeps only their current state.
 */
export async function readRunVariables(engine: EngineContext, id: string, count: number): Promise<RunVariables | null> {
  const { store } = engine;
  const stored = await store.readRecipientRun(id);
  if (stored === null) return null;
  const { run, recipientRun, version } = stored;
  const context = getRunContext(engine, run.settings.branch);
  const [batch, environment, schedules] = await Promise.all([
    store.readBatch(id),
    context.definitions.environment(),
    readRunSchedules(store, [{ run }]),
  ]);
  const recipients = await readRunRecipients(store, [{ run, recipientRun, batch }]);
  const parties = buildParties(run, recipientRun, recipients);
  if (parties === null) return null;
  const input = buildAdvanceInput(context, parties, {
    recipients,
    run,
    recipientRun,
    environment,
    batch,
    // Not created here, because the store may be open for reading only.
    linkKey: environment.tracking && (await store.readText(LINK_SECRET)),
    schedule: schedules.get(run.trigger_source.schedule_id ?? ""),
    compiled: await compileWorkflow(version, context.definitions),
    now: recipientRun.updated_at,
  });
  const replayed: ReplayedRun = {
    context,
    input,
    steps: new Map([...walkSteps(version.steps)].map(({ step }) => [step.ref, step])),
    messageData: await readMessageData(context, recipientRun.events),
  };
  const { data, unknown } = await replayData(replayed, count);
  const then = restoreInput(replayed, count, data);
  const { scope } = new RunExecution(then, then.recipientRun);
  const close = findBatchClose(then.recipientRun.events);
  const known = VARIABLES.flatMap((name) => (scope[name] === undefined ? [] : [[name, scope[name] as Json]]));
  return {
    variables: redactJson(Object.fromEntries(known), environment.secrets),
    data,
    changed: listChangedParties(parties, then.now),
    unknown_data: [...new Set(unknown)],
    is_batch_unknown: close !== null && then.batch === null,
  };
}
