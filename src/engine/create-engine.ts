import type { EngagementAction } from "../domain/message/message.js";
import type { CancelOutcome, TriggerOutcome } from "../domain/run/outcome.js";
import { getTriggerData } from "../domain/run/trigger-data.js";
import type { Cancellation, Trigger } from "../domain/trigger/trigger.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import type { DueTask, DueTaskResult } from "../ports/due-work.js";
import type { IdKind, MessageQuery, RunQuery } from "../ports/filters.js";
import type {
  AdvancedRun,
  ClockMoveOptions,
  ClockTarget,
  DueOptions,
  LocalOperations,
  MessageHistory,
  SourceEvent,
  TriggerOptions,
  WaitOptions,
} from "../ports/operations.js";
import type { PageRequest } from "../ports/page-request.js";
import type { PruneOptions, PruneReport } from "../ports/prune-store.js";
import type { LocalResourceOperations } from "../ports/resource-operations.js";
import type { Json, JsonObject } from "../util/json.js";
import { once } from "../util/once.js";
import { DeliveryRates } from "./context/delivery-rates.js";
import { type EngineContext, readTime } from "./context/engine-context.js";
import { OwnWork } from "./context/own-work.js";
import { WorkFailures } from "./context/work-failures.js";
import { explainSteps, getTriggerDecision } from "./preview/explain-steps.js";
import { previewSteps } from "./preview/preview-steps.js";
import {
  serializeDeliveryLog,
  serializeMessage,
  serializeMessageHistory,
  serializeRecipientRun,
  serializeRecipientRunDetail,
  serializeWholeMessage,
} from "./resources/api-serializers.js";
import { createResources } from "./resources/create-resources.js";
import { readActivities } from "./resources/read-activities.js";
import { checkMessagesExist, retryMessages } from "./resources/retry-messages.js";
import { seedRecipients } from "./resources/seed-recipients.js";
import { awaitOutcome } from "./run/await-outcome.js";
import { buildRecipientOutcome } from "./run/build-trigger-outcome.js";
import { cancelWorkflow } from "./run/cancel-workflow.js";
import { deliverSourceEvent } from "./run/deliver-source-event.js";
import { freezeClock, moveClock, resetClock, toClockState } from "./run/move-clock.js";
import { pruneRuns } from "./run/prune-runs.js";
import { readOutcome, readRunMessages } from "./run/read-outcome.js";
import { readTimeUntilDue } from "./run/read-time-until-due.js";
import { releaseWork } from "./run/release-after-error.js";
import { retryRuns } from "./run/retry-runs.js";
import { type BlockedSchedule, releaseSchedules, toBlockedOccurrence } from "./run/run-due-schedules.js";
import { runDueTask } from "./run/run-due-task.js";
import { runCausedWork, runDueWork } from "./run/run-due-work.js";
import { checkTriggerAndRecipients, triggerWorkflow } from "./run/trigger-workflow.js";
import { resolveBranchContext } from "./workflow/branch-context.js";
import { readFilesOnce } from "./workflow/read-once.js";

/** The context without the state that the engine adds. */
export type EngineSettings = Omit<EngineContext, "deliveryRates" | "workFailures">;

/** Creates the embedded engine: `Operations` over a store, definitions, providers and a clock. */
export function createEngine(context: EngineSettings): LocalOperations {
  return new Engine(context);
}

class Engine implements LocalOperations {
  readonly target = "local";
  /** The work of triggers, for callers that wait for it. */
  private readonly workByOutcome = new WeakMap<TriggerOutcome, OwnWork>();
  private readonly getResources: () => LocalResourceOperations;

  private readonly context: EngineContext;

  constructor(given: EngineSettings) {
    const deliveryRates = new DeliveryRates(given);
    const context = { ...given, deliveryRates, workFailures: new WorkFailures(given.realNow) };
    this.context = context;
    this.getResources = once(() => createResources(context)); // most commands use no resources
  }

  get resources(): LocalResourceOperations {
    return this.getResources();
  }

  openResources = async (): Promise<LocalResourceOperations> => this.resources;

  async triggerWorkflow(trigger: Trigger, options: TriggerOptions): Promise<TriggerOutcome> {
    const { branch } = this.context;
    const ownWork = new OwnWork();
    const allOptions = branch === undefined ? options : { branch, ...options };
    const outcome = await triggerWorkflow(this.context, trigger, allOptions, ownWork);
    this.workByOutcome.set(outcome, ownWork);
    return outcome;
  }

  checkTrigger(trigger: Trigger): Promise<string[]> {
    return checkTriggerAndRecipients(this.context, trigger);
  }

  awaitOutcome(started: TriggerOutcome, options: WaitOptions): Promise<TriggerOutcome> {
    const ownWork = this.workByOutcome.get(started) ?? new OwnWork();
    return awaitOutcome({ ...this.context, ownWork }, started, options);
  }

  cancelWorkflow(cancellation: Cancellation): Promise<CancelOutcome> {
    return cancelWorkflow(this.context, cancellation);
  }

  deliverSourceEvent(event: SourceEvent): Promise<void> {
    return deliverSourceEvent(this.context, event);
  }

  readWorkflowRun(id: string): Promise<TriggerOutcome | null> {
    return readOutcome(this.context, id);
  }

  listIdsByPrefix(kind: IdKind, prefix: string, limit: number): Promise<string[]> {
    return this.context.store.listIdsByPrefix(kind, prefix, limit);
  }

  async readRecipientRun(id: string): Promise<JsonObject | null> {
    const stored = await this.context.store.readRecipientRun(id);
    if (stored === null) return null;
    const messages = await readRunMessages(this.context, stored.recipientRun);
    const outcome = buildRecipientOutcome(
      stored.recipientRun,
      new Map(messages.map((message) => [message.id, message])),
    );
    return {
      ...serializeRecipientRunDetail(stored.run, stored.recipientRun),
      data: stored.recipientRun.data ?? stored.run.data,
      trigger_data: getTriggerData(stored.recipientRun, stored.version.steps) ?? stored.run.data,
      ...(stored.run.settings.branch === undefined ? {} : { branch: stored.run.settings.branch }),
      steps: explainSteps(outcome.steps, stored.recipientRun.events),
      ...getTriggerDecision(stored.recipientRun.events),
      ...(outcome.reason ? { reason: outcome.reason as unknown as Json } : {}),
    };
  }

  async readRunWorkflow(id: string): Promise<Workflow | null> {
    return (await this.context.store.readRecipientRun(id))?.version ?? null;
  }

  async listRecipientRuns(filter: RunQuery, page: PageRequest) {
    const { items, page_info } = await this.context.store.listRecipientRuns(filter, page);
    return { items: items.map(({ run, recipientRun }) => serializeRecipientRun(run, recipientRun)), page_info };
  }

  async readMessage(id: string): Promise<JsonObject | null> {
    return (await this.readMessages([id]))[0] ?? null;
  }

  async readMessages(ids: readonly string[]): Promise<JsonObject[]> {
    return (await this.context.store.readMessages(ids)).map(serializeWholeMessage);
  }

  async readMessageHistories(ids: readonly string[]): Promise<MessageHistory[]> {
    return (await this.context.store.readMessages(ids)).map(serializeMessageHistory);
  }

  deleteMessages(ids: readonly string[]): Promise<void> {
    return this.context.store.deleteMessages(ids);
  }

  async readDeliveryLogs(id: string): Promise<JsonObject[] | null> {
    const [message] = await this.context.store.readMessages([id]);
    return message === undefined ? null : (await this.context.store.readDeliveryLogs(id)).map(serializeDeliveryLog);
  }

  async readMessageActivities(id: string): Promise<JsonObject[] | null> {
    const [message] = await this.context.store.readMessages([id]);
    return message === undefined ? null : readActivities(this.context, message);
  }

  async listMessages(filter: MessageQuery, page: PageRequest) {
    const { items, page_info } = await this.context.store.listMessages(filter, page);
    return { items: items.map(serializeMessage), page_info };
  }

  listMessageIds(after: string | null): Promise<string[]> {
    return this.context.store.listMessageIds(after);
  }

  async markMessages(
    ids: readonly string[],
    action: EngagementAction,
    metadata: JsonObject | null = null,
  ): Promise<JsonObject[]> {
    const { store } = this.context;
    checkMessagesExist(ids, await store.readMessages(ids));
    const now = await readTime(this.context);
    const { messages, caused } = await store.markMessages(ids, action, now, metadata);
    await runCausedWork(this.context, now, caused);
    return messages.map(serializeMessage);
  }

  retryMessages(ids: readonly string[]): Promise<JsonObject[]> {
    return retryMessages(this.context, ids);
  }

  retryRuns(ids: readonly string[]): Promise<string[]> {
    return retryRuns(this.context, ids);
  }

  seedRecipients(content: unknown) {
    return seedRecipients(this.context, content);
  }

  clear(options: { keepRecipients: boolean }): Promise<void> {
    return this.context.store.clear(options);
  }

  async readContentsInLocale(ids: readonly string[], locale: string) {
    return (await this.context.renderContentsInLocale?.(this.context, ids, locale)) ?? new Map<string, JsonObject>();
  }

  previewSteps(trigger: Trigger, refs: readonly string[] | null) {
    return previewSteps(resolveBranchContext(this.context, this.context.branch).context, trigger, refs);
  }

  async readClock() {
    return toClockState(await this.context.store.readClock());
  }

  freezeClock(at: number | null, options = { force: false }) {
    return freezeClock(this.context, at, options);
  }

  resetClock() {
    return resetClock(this.context);
  }

  moveClock(to: ClockTarget, options: ClockMoveOptions) {
    return moveClock(this.context, to, options);
  }

  runDueTask(task: DueTask, signal: AbortSignal): Promise<DueTaskResult> {
    return runDueTask(this.context, task, { signal });
  }

  async runDue({ signal, onBlocked, once, scope }: DueOptions): Promise<AdvancedRun[]> {
    const own = scope === undefined ? this.context : { ...this.context, ownWork: new OwnWork(scope) };
    const context = once ? readFilesOnce(own) : own;
    const blockedSchedules: BlockedSchedule[] = [];
    try {
      return await runDueWork(context, await readTime(context), {
        signal,
        onBlocked: (schedule) => {
          blockedSchedules.push(schedule);
          onBlocked?.(toBlockedOccurrence(schedule));
        },
      });
    } finally {
      if (once) await releaseSchedules(context, blockedSchedules);
    }
  }

  pruneRuns(options: PruneOptions): Promise<PruneReport> {
    return pruneRuns(this.context, options);
  }

  readTimeUntilDue(): Promise<number | null> {
    return readTimeUntilDue(this.context);
  }

  readNextDueAt(): Promise<number | null> {
    return this.context.store.readNextDueAt({ excludeLeased: true });
  }

  explainError(error: unknown): Promise<unknown> {
    return this.context.store.explainError(error);
  }

  deferDiskSync(): Promise<void> {
    return this.context.store.deferDiskSync();
  }

  syncToDisk(): Promise<void> {
    return this.context.store.syncToDisk();
  }

  checkWritable(): Promise<void> {
    return this.context.store.checkWritable();
  }

  readChangeToken(): Promise<string> {
    return this.context.store.readChangeToken();
  }

  releaseWork = (): Promise<void> => releaseWork(this.context);

  async close(): Promise<void> {
    try {
      await this.context.close?.();
    } finally {
      await this.context.store.close();
    }
  }
}
