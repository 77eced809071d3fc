import { type AccountRecipients, readAccountRecipients } from "../../comparison/read-account-recipients.js";
import { RECIPIENT_STEPS } from "../../comparison/read-stored-history.js";
import type { SentMessage } from "../../comparison/recorded-history.js";
import { createLocalEngine } from "../../context/create-local-engine.js";
import { readSeeds } from "../../context/open-project-store.js";
import type { ProcessIO } from "../../context/process-io.js";
import { parseRecipientReference } from "../../domain/run/message-outcomes.js";
import type { RecipientOutcome, TriggerOutcome } from "../../domain/run/outcome.js";
import { hasEndedStatus } from "../../domain/run/run-status.js";
import { isRandomCohortType } from "../../domain/step-types/random-cohort-step.js";
import { isTriggerWorkflowType } from "../../domain/step-types/trigger-workflow-step.js";
import { walkSteps } from "../../domain/step-types/walk-steps.js";
import { collectRecipientKeys, type Trigger } from "../../domain/trigger/trigger.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { readOnce } from "../../engine/workflow/read-once.js";
import { KnockError } from "../../errors/knock-error.js";
import { formatRecipientLabel } from "../../output/labels.js";
import type { LocalOperations, Operations } from "../../ports/operations.js";
import type { Seed } from "../../ports/seed-store.js";
import type { Project } from "../../project/open-project.js";
import { openSqliteStore } from "../../store/sqlite/open-sqlite-store.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { buildDiffReport, type DiffReport, type TargetResult } from "./diff-report.js";

const toText = (value: Json | undefined): string => (typeof value === "string" ? value : "");
const toObject = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});

/** Returns the message that the API's `Message` with its `content` describes. `trigger` is the name of its trigger. */
function parseSentMessage(message: JsonObject, trigger: string): SentMessage {
  const source = toObject(message.source);
  const channel = toObject(message.channel);
  return {
    id: toText(message.id),
    workflowRunId: toText(source.workflow_run_id),
    recipientRunId: toText(source.workflow_recipient_run_id),
    trigger,
    recipient: parseRecipientReference(message.recipient),
    workflow: toText(source.key) || toText(message.workflow),
    step: toText(source.step_ref),
    channel: { key: toText(channel.key), type: toText(channel.type) },
    tenant: toText(message.tenant) || null,
    status: toText(message.status),
    at: Date.parse(toText(message.inserted_at)),
    content: toObject(toObject(message.content).data),
  };
}

/** Limits the moves of the local clock, because a workflow may wait again and again. */
const MAX_CLOCK_MOVES = 1_000;
/** The difference that the times of both runs may have in addition to the wait. */
const TIME_MARGIN_MS = 60_000;
/** No recipients file has this name. */
const SEED_FILE_NAME = "(account)";

interface DiffOptions {
  idempotencyKey: string | null;
  /** The time that the runs on the account may take, in milliseconds. */
  timeoutMs: number;
  /** Whether the local run uses the data of the recipients files, so that other data on the account is a difference. */
  usesProjectRecipients: boolean;
}

interface DiffContext {
  project: Project;
  remote: Operations;
  io: Pick<ProcessIO, "sleep" | "env" | "signal">;
  warn(text: string): void;
  setProgress(text: string): void;
}

/** Returns a sentence for each kind of step whose effects are not compared, or that may differ by itself. */
function listStepNotes(workflow: Workflow | null): string[] {
  const refs = (isListed: (type: string) => boolean): string =>
    [...walkSteps(workflow?.steps ?? [])].flatMap(({ step }) => (isListed(step.type) ? [step.ref] : [])).join(", ");
  const changes = refs((type) => RECIPIENT_STEPS.includes(type));
  const triggers = refs(isTriggerWorkflowType);
  const cohorts = refs(isRandomCohortType);
  return [
    ...(changes === ""
      ? []
      : [`data that steps change is also changed on the account, and is not compared: ${changes}`]),
    ...(triggers === "" ? [] : [`the runs of workflows that steps trigger are not compared: ${triggers}`]),
    ...(cohorts === "" ? [] : [`the account may choose another cohort than the local engine: ${cohorts}`]),
  ];
}

/** Returns a sentence about the recipients that neither side knows, because nothing is compared for them. */
function listUnknownNotes(remote: TargetResult, local: TargetResult): string[] {
  const listUnknown = ({ recipients }: TargetResult): string[] =>
    recipients.flatMap(({ recipient, status }) => (status === null ? [formatRecipientLabel(recipient)] : []));
  const locally = new Set(listUnknown(local));
  const unknown = listUnknown(remote).filter((key) => locally.has(key));
  return unknown.length === 0
    ? []
    : [`recipients that were never identified on either side cannot be compared: ${unknown.join(", ")}`];
}

/** Returns the project's recipients files, in which the recipients of the account are replaced by what it knows. */
async function buildSeeds(project: Project, { recipients, subscriptions }: AccountRecipients): Promise<Seed[]> {
  const files = (await readSeeds(project, new Map())).map((seed) => ({
    ...seed,
    recipients: seed.recipients.filter(({ key }) => !recipients.has(key)),
    subscriptions: seed.subscriptions.filter(({ object }) => !recipients.has(object)),
  }));
  const account = { file: SEED_FILE_NAME, digest: "", recipients: [...recipients.values()], subscriptions };
  return [...files, { ...account, audiences: [] }];
}

/** Opens an engine on a new store in memory. Closing it closes the store. */
async function openDiffEngine(
  { project, io, warn }: DiffContext,
  account: AccountRecipients,
): Promise<LocalOperations> {
  const store = await openSqliteStore(":memory:", { watchUsers: project.hasAudiences() });
  await store.applySeeds(await buildSeeds(project, account), Date.now());
  return createLocalEngine(readOnce(project), store, io, { warn });
}

const listMessageIds = (recipients: readonly RecipientOutcome[]): string[] =>
  recipients.flatMap(({ steps }) =>
    steps.flatMap(({ message_ids, message_id }) => message_ids ?? (message_id ? [message_id] : [])),
  );

async function readResult(outcome: TriggerOutcome, operations: Operations): Promise<TargetResult> {
  const recipients = outcome.recipients ?? [];
  const messages: SentMessage[] = [];
  for (const id of listMessageIds(recipients)) {
    const message = await operations.readMessage(id);
    if (message !== null) messages.push(parseSentMessage(message, outcome.workflow));
  }
  return { recipients, messages: messages.sort((a, b) => a.at - b.at) };
}

const hasEnded = ({ status }: RecipientOutcome): boolean => status === null || hasEndedStatus(status);

/** Runs the trigger in the local engine from `start` until all runs have ended or the clock would pass `end`. */
async function runLocally(
  operations: LocalOperations,
  trigger: Trigger,
  { start, end, signal }: { start: number; end: number; signal: AbortSignal },
): Promise<TriggerOutcome> {
  await operations.freezeClock(start, { force: true });
  let outcome = await operations.triggerWorkflow(trigger, { idempotency_key: null });
  await operations.runDue({ signal });
  for (let moves = 0; moves < MAX_CLOCK_MOVES && !signal.aborted; moves++) {
    outcome = (await operations.readWorkflowRun(outcome.workflow_run_id)) ?? outcome;
    if (outcome.recipients?.every(hasEnded)) break;
    const next = await operations.readNextDueAt();
    if (next === null || next > end) break;
    await operations.moveClock((now) => Math.max(now, next), { force: false, signal });
  }
  return outcome;
}

/**
 * Runs a trigger on the account and, with what the account knows about its recipients, in the local engine. Compares the
 * runs and the messages. The local clock is frozen at the time of the first message on the account.
 */
export async function runDiff(
  trigger: Trigger,
  { idempotencyKey, timeoutMs, usesProjectRecipients }: DiffOptions,
  context: DiffContext,
): Promise<DiffReport> {
  const { project, remote, io, setProgress } = context;
  setProgress("reading the recipients of the account");
  const resources = await remote.openResources();
  const parties = usesProjectRecipients ? [] : collectRecipientKeys(trigger);
  const account = await readAccountRecipients(resources, parties, await project.environment());
  const local = await openDiffEngine(context, account);
  try {
    // A trigger that the project rejects must not start anything on the account.
    await local.checkTrigger(trigger);
    const start = Date.now();
    setProgress(`waiting for ${trigger.workflow} on the account`);
    const triggered = await remote.triggerWorkflow(trigger, { idempotency_key: idempotencyKey });
    let isTimedOut = false;
    const outcome = await remote.awaitOutcome(triggered, {
      timeout_ms: timeoutMs,
      signal: io.signal,
      namedRecipients: trigger.recipients.flatMap(({ key, upsert }) => (upsert === null ? [key] : [])),
      onTimeout: () => {
        isTimedOut = true;
      },
      onProgress: (ended, total) => setProgress(`waiting for the account: ${ended} of ${total} runs ended`),
    });
    if (io.signal.aborted)
      throw new KnockError("interrupted", "interrupted while waiting for the account", {
        hint: `The trigger was accepted (workflow run ${outcome.workflow_run_id}).`,
      });
    const remoteResult = await readResult(outcome, remote);
    const localStart = remoteResult.messages[0]?.at ?? start;
    const localOutcome = await runLocally(local, trigger, {
      start: localStart,
      end: isTimedOut ? localStart + Date.now() - start : Number.POSITIVE_INFINITY,
      signal: io.signal,
    });
    const localResult = await readResult(localOutcome, local);
    return buildDiffReport({
      workflow: trigger.workflow,
      workflowRunId: outcome.workflow_run_id,
      isTimedOut,
      remote: remoteResult,
      local: localResult,
      tolerance: timeoutMs + TIME_MARGIN_MS,
      notes: [
        ...account.notes,
        ...listUnknownNotes(remoteResult, localResult),
        ...listStepNotes(await project.workflow(trigger.workflow)),
      ],
    });
  } finally {
    await local.close();
  }
}
