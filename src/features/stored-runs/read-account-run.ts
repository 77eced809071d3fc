import type { RecordedHistory, RecordedTrigger, SentMessage } from "../../comparison/recorded-history.js";
import { type ReplayContext, readAccountSource } from "../../comparison/trigger-sources.js";
import { type RecipientKey, toRecipientKey } from "../../domain/recipient/recipient.js";
import { parseRecipientReference } from "../../domain/run/message-outcomes.js";
import { hasEndedStatus, type RunStatus } from "../../domain/run/run-status.js";
import { isBatchStep } from "../../domain/step-types/batch-step.js";
import { walkSteps } from "../../domain/step-types/walk-steps.js";
import { collectRecipientKeys } from "../../domain/trigger/trigger.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Operations } from "../../ports/operations.js";
import type { Seed } from "../../ports/seed-store.js";
import type { Store } from "../../ports/store.js";
import type { JsonObject } from "../../util/json.js";
import type { ReproducibleRun } from "./build-scenario.js";
import { listWindowTimes } from "./read-run-history.js";
import { type GivenRecipients, joinSeeds } from "./write-recipients.js";

/** The time before a run in which triggers may have opened its batch. */
const BATCH_MARGIN_MS = 24 * 60 * 60_000;
/** Limits the recipient runs that are read, with at least two requests for each. */
const MAX_ACCOUNT_RUNS = 200;

/** A run of the account, and the recipient that was asked for; null for all of its trigger. */
interface FoundRun {
  run: JsonObject;
  recipient: RecipientKey | null;
}

/** Finds a recipient run, or a run of a trigger. Returns null for an unknown ID. */
async function findRun(operations: Operations, id: string): Promise<FoundRun | null> {
  const run = await operations.readRecipientRun(id);
  if (run !== null) return { run, recipient: toRecipientKey(parseRecipientReference(run.recipient)) };
  const runId = (await operations.readWorkflowRun(id))?.recipients?.find(({ recipient_run_id }) => recipient_run_id);
  const first = runId?.recipient_run_id ? await operations.readRecipientRun(runId.recipient_run_id) : null;
  return first && { run: first, recipient: null };
}

/** Returns the triggers of a run and, if its workflow has a batch, those of the same recipient that may belong to it. */
function selectTriggers(
  triggers: readonly RecordedTrigger[],
  id: string,
  { recipient, hasBatch }: { recipient: RecipientKey | null; hasBatch: boolean },
): RecordedTrigger[] {
  const own = triggers.filter(({ name }) => name === id);
  const wanted = new Set(
    recipient === null ? own.flatMap(({ trigger }) => trigger.recipients.map(({ key }) => key)) : [recipient],
  );
  return triggers.flatMap((recorded): RecordedTrigger[] => {
    const isOwn = recorded.name === id;
    const recipients = recorded.trigger.recipients.filter(({ key }) => wanted.has(key));
    if (recipients.length > 0 && (isOwn || hasBatch))
      return [{ ...recorded, trigger: { ...recorded.trigger, recipients } }];
    // A subscriber is reached through the object that the trigger names.
    return isOwn ? [recorded] : [];
  });
}

/** Returns the part of a history that belongs to some of its triggers, and to one recipient or to all. */
function narrowHistory(
  history: RecordedHistory,
  triggers: readonly RecordedTrigger[],
  { recipient, until }: { recipient: RecipientKey | null; until: number },
): RecordedHistory & { until: number } {
  const names = new Set(triggers.map(({ name }) => name));
  const isOf = ({ triggers: affected }: { triggers: ReadonlySet<string> }): boolean =>
    [...affected].some((name) => names.has(name));
  const times = new Set(triggers.map(({ at }) => at));
  const isWanted = ({ trigger, recipient: to }: SentMessage): boolean =>
    trigger !== null && names.has(trigger) && (recipient === null || toRecipientKey(to) === recipient);
  return {
    ...history,
    triggers,
    cancellations: history.cancellations.filter(isOf),
    events: history.events.filter(isOf),
    engagements: history.engagements.filter(({ message }) => isWanted(message)),
    requests: history.requests.filter(({ origin }) => times.has(origin.triggered_at)),
    messages: (history.messages ?? []).filter(isWanted),
    until,
  };
}

/** Returns the recipients that triggers name, or all if some are reached through an object. */
function narrowRecipients(given: GivenRecipients, triggers: readonly RecordedTrigger[]): GivenRecipients {
  const named = new Set(triggers.flatMap(({ trigger }) => collectRecipientKeys(trigger)));
  if (given.subscriptions.some(({ object }) => named.has(object))) return given;
  return { ...given, recipients: given.recipients.filter(({ key }) => named.has(key)), subscriptions: [] };
}

/** Reads what reproduces a run of the account, with requests that change nothing. Returns null for an unknown ID. */
export async function readAccountRun(
  operations: Operations,
  id: string,
  context: ReplayContext,
): Promise<ReproducibleRun | null> {
  const found = await findRun(operations, id);
  if (found === null) return null;
  const { run, recipient } = found;
  const workflow = String(run.workflow);
  const workflowRunId = String(run.workflow_run_id);
  const at = Date.parse(String(run.inserted_at));
  const current = await context.project.workflow(workflow);
  const hasBatch = [...walkSteps(current?.steps ?? [])].some(({ step }) => isBatchStep(step));
  const end = hasEndedStatus(run.status as RunStatus) ? Date.parse(String(run.updated_at)) : Date.now();
  const source = await readAccountSource(
    operations,
    {
      range: { since: hasBatch ? at - BATCH_MARGIN_MS : at, until: end, workflows: [workflow] },
      last: null,
      limit: MAX_ACCOUNT_RUNS,
      keepsPersonalData: true,
      comparesContent: true,
    },
    context,
  );
  const triggers = selectTriggers(source.history.triggers, workflowRunId, { recipient, hasBatch });
  if (!triggers.some(({ name }) => name === workflowRunId))
    throw new KnockError(
      "conflict",
      "the account does not show the trigger data of the run, so it cannot be repeated",
      {
        hint: "The API shows the data only with messages. Choose a run that sent one.",
      },
    );
  const seeds: Seed[] = [];
  const collector: Pick<Store, "applySeeds"> = { applySeeds: async (applied) => void seeds.push(...applied) };
  await source.prepareStore(collector as Store, at, context.project);
  const sent = (source.history.messages ?? []).filter(({ trigger }) => trigger === workflowRunId);
  const named = triggers.flatMap(({ name, trigger }) => (name === workflowRunId ? trigger.recipients : []));
  return {
    id: workflowRunId,
    workflow,
    recipients: recipient === null ? named.map(({ key }) => key) : [recipient],
    history: narrowHistory(source.history, triggers, { recipient, until: Math.max(end, ...listWindowTimes(sent)) }),
    given: narrowRecipients(joinSeeds(seeds), triggers),
    version: null,
    recorded: null,
  };
}
