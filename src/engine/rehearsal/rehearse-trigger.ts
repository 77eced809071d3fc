import type { Message } from "../../domain/message/message.js";
import { mergeUpserts } from "../../domain/recipient/merge-recipient.js";
import type { Recipient, RecipientKey, RecipientUpsert } from "../../domain/recipient/recipient.js";
import type { BatchActivity, BatchContent } from "../../domain/run/batch-continuations.js";
import { decideBatch } from "../../domain/run/decide-batch.js";
import { isFanOutComplete } from "../../domain/run/fan-out-state.js";
import { findStep } from "../../domain/run/step-path.js";
import type { RecipientRun, WorkflowRun } from "../../domain/run/workflow-run.js";
import { isBatchStep } from "../../domain/step-types/batch-step.js";
import { collectRecipientKeys, type Trigger } from "../../domain/trigger/trigger.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import type { HttpClient } from "../../ports/http-client.js";
import type { RehearsalOptions, RehearsedRun } from "../../ports/rehearsal.js";
import type { ClaimedRun } from "../../ports/run-store.js";
import type { Store } from "../../ports/store.js";
import type { JsonObject } from "../../util/json.js";
import { checkTrigger } from "../compile/check-trigger.js";
import { type EngineContext, isDeliveryDue, readTime } from "../context/engine-context.js";
import { buildFanOut, collectInlineUpserts } from "../execution/build-fan-out.js";
import type { ChannelRenderer } from "../render/channel-renderer.js";
import { explainRun } from "../resources/run-operations.js";
import type { Advance } from "../run/advance.js";
import { advanceClaimedRuns } from "../run/advance-claimed-runs.js";
import { buildRecipientOutcome } from "../run/build-trigger-outcome.js";
import { collectNextRecipients, MAX_RECIPIENTS_PER_CHUNK } from "../run/continue-fan-out.js";
import { buildWorkflowRun, startRuns } from "../run/start-runs.js";
import { checkActor } from "../run/trigger-workflow.js";
import { resolveBranchContext } from "../workflow/branch-context.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";

/** A run in memory, with everything that its next advance needs. */
interface RunState {
  recipientRun: RecipientRun;
  messages: Message[];
  /** The activity of the run in the batch that it opened. */
  activity: BatchActivity | null;
  /** When the batch that the run joined closes, in milliseconds. */
  joinedUntil: number | null;
}

/** The recipients that a rehearsal keeps in memory. */
interface KeptRecipients {
  /** Those that it has changed. */
  changed: Map<RecipientKey, Recipient>;
  /** Those that the current chunk of runs has read, because each of its advances needs them. */
  read: Map<RecipientKey, Recipient>;
}

/**
 * Returns a store that keeps the changes of recipients in memory and uses no slots of throttles. The rehearsal calls nothing else
 * that writes.
 */
function withoutWrites(store: Store, { changed, read }: KeptRecipients): Store {
  const replaced: Partial<Store> = {
    async readRecipients(keys) {
      const unknown = keys.filter((key) => !changed.has(key) && !read.has(key));
      if (unknown.length > 0)
        for (const [key, recipient] of await store.readRecipients(unknown)) read.set(key, recipient);
      const found = new Map<RecipientKey, Recipient>();
      for (const key of keys) {
        const recipient = changed.get(key) ?? read.get(key);
        if (recipient !== undefined) found.set(key, recipient);
      }
      return found;
    },
    // The links of a rehearsal do not work, and reading the secret may create it.
    readSecret: async () => "rehearsal",
    acquireThrottleSlots: (requests, now) => store.previewThrottleSlots(requests, now),
  };
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(replaced, name) ?? Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Returns when a run continues, or null. That of a subscriber does not continue after its first message. */
const getNextTime = ({ recipientRun: { due_at, via }, messages }: RunState): number | null =>
  via !== null && messages.length > 0 ? null : due_at;

const NO_CONTENT: JsonObject = {};

/** Returns a workflow whose channel steps decide as usual, but create messages without content. */
function withoutContent(compiled: CompiledWorkflow): CompiledWorkflow {
  const renderers = [...compiled.renderers].map(([ref, renderer]) => {
    const empty: ChannelRenderer = Object.assign(Object.create(renderer) as ChannelRenderer, {
      render: () => NO_CONTENT,
    });
    return [ref, empty] as const;
  });
  const { trackContent: _, ...rest } = compiled;
  return { ...rest, renderers: new Map(renderers) };
}

/** The runs of one trigger, which exist only in memory. */
class TriggerRehearsal {
  private readonly recipients: KeptRecipients = { changed: new Map(), read: new Map() };
  private readonly context: EngineContext;
  private readonly withoutContent = new WeakMap<CompiledWorkflow, CompiledWorkflow>();
  /** Whether messages have contents, which take most of the time. */
  rendersContent = true;

  constructor(
    context: EngineContext,
    private readonly run: WorkflowRun,
    private readonly version: Workflow,
  ) {
    this.context = {
      ...context,
      httpClient: NO_REQUESTS,
      findProvider: () => null,
      store: withoutWrites(context.store, this.recipients),
    };
  }

  /** Returns the workflow that the next runs use. */
  prepare(compiled: CompiledWorkflow): CompiledWorkflow {
    if (this.rendersContent) return compiled;
    const known = this.withoutContent.get(compiled) ?? withoutContent(compiled);
    this.withoutContent.set(compiled, known);
    return known;
  }

  /** Applies changes of recipients, which later steps and runs see. */
  async change(upserts: readonly RecipientUpsert[], now: number): Promise<void> {
    if (upserts.length === 0) return;
    const known = await this.context.store.readRecipients(upserts.map(({ key }) => key));
    for (const [key, recipient] of mergeUpserts(known, upserts, now)) this.recipients.changed.set(key, recipient);
  }

  /** Returns a run after an advance. At a batch, it opens one or joins the open one of the store. */
  private async toState(advance: Advance, earlier: readonly Message[], now: number): Promise<RunState> {
    const { recipientRun, messages, batch, upserts } = advance;
    await this.change(upserts, now);
    if (batch === null) return { recipientRun, messages: [...earlier, ...messages], activity: null, joinedUntil: null };
    const open = new Map((await this.context.store.readOpenBatches([batch.key])).map((found) => [found.key, found]));
    const { continuation, changes } = decideBatch(batch, (key) => open.get(key) ?? null, now);
    await this.change(continuation.upserts, now);
    const last = changes.at(-1);
    const joins = last !== undefined && last.joinedBatch !== null;
    return {
      recipientRun: continuation.recipientRun,
      messages: [...earlier, ...messages, ...continuation.messages],
      activity: last?.waitsForClose ? batch.activity : null,
      joinedUntil: joins ? last.closes_at : null,
    };
  }

  async start(...[start, recipients]: [Parameters<typeof startRuns>[1], Parameters<typeof startRuns>[2]]) {
    this.recipients.read.clear();
    const started = await startRuns(this.context, start, recipients, new Set());
    const runs: RunState[] = [];
    for (const advance of started.advances) runs.push(await this.toState(advance, [], start.now));
    return { runs, unidentified: started.unidentified };
  }

  private toClaimed({ recipientRun, messages, activity }: RunState): ClaimedRun {
    const { run, version } = this;
    const at = recipientRun.position === null ? undefined : findStep(version.steps, recipientRun.position);
    const batch: BatchContent | null =
      activity === null || !isBatchStep(at)
        ? null
        : { first: [activity], last: [activity], total_activities: 1, total_actors: activity.actor === null ? 0 : 1 };
    return { recipientRun, run, version, messages, batch, signals: [], revision: 0 };
  }

  /** Continues runs in the order of their due times, until all have ended. Nothing else happens while they wait. */
  async continue(runs: RunState[]): Promise<void> {
    for (;;) {
      const due = runs.flatMap((run) => getNextTime(run) ?? []);
      if (due.length === 0) return;
      const now = due.reduce((first, time) => Math.min(first, time));
      const waiting = runs.flatMap((run, index) => (getNextTime(run) === now ? [{ run, index }] : []));
      for (const { run } of waiting)
        for (const message of run.messages) if (isDeliveryDue(message, now)) message.status = "sent";
      const advanced = await advanceClaimedRuns(
        this.context,
        waiting.map(({ run }) => this.toClaimed(run)),
        now,
        (compiled) => this.prepare(compiled),
      );
      for (const [position, { result }] of advanced.entries()) {
        const { index, run } = waiting[position] as (typeof waiting)[number];
        runs[index] = { ...(await this.toState(result, run.messages, now)), joinedUntil: run.joinedUntil };
      }
    }
  }
}

function toRehearsedRun(state: RunState, run: WorkflowRun, version: Workflow): RehearsedRun {
  const { recipientRun, messages, joinedUntil } = state;
  const outcome = buildRecipientOutcome(recipientRun, new Map(messages.map((message) => [message.id, message])));
  return {
    recipient: recipientRun.recipient,
    outcome,
    messages,
    joinedUntil,
    readDocument: () => explainRun({ run, recipientRun, version }, outcome),
  };
}

/** Runs send nothing and use only the responses that the environment declares. */
const NO_REQUESTS: HttpClient = {
  fetch: async ({ method, url }) => ({
    failure: "connection",
    message: `nothing is sent here, and environment.json declares no response for ${method.toUpperCase()} ${url}`,
  }),
};

/**
 * Runs a trigger in memory at a time, for its recipients and the subscribers of objects, and passes the runs to `onRuns` in chunks. The
 * run of a subscriber ends with its first message. No other run exists and no event occurs while runs wait. Nothing is written or delivered. Throws the errors of `triggerWorkflow`.
 */
export async function rehearseTrigger(
  mainContext: EngineContext,
  trigger: Trigger,
  { at, isDataRequired, rendersAll, signal, onRuns }: RehearsalOptions,
): Promise<void> {
  const { context, branch } = resolveBranchContext(mainContext, mainContext.branch);
  const now = at ?? (await readTime(context));
  const { workflow, environment, compiled } = await checkTrigger(context.definitions, trigger, { isDataRequired });
  checkActor(trigger, await context.store.readRecipients(collectRecipientKeys(trigger)));
  const run = buildWorkflowRun(trigger, workflow, context.ids.uuid(), now);
  if (branch !== null) run.settings = { ...run.settings, branch };
  const rehearsal = new TriggerRehearsal(context, run, workflow);
  await rehearsal.change(collectInlineUpserts(trigger, environment), now);
  for (let rest = buildFanOut(trigger.recipients); !isFanOutComplete(rest) && !signal?.aborted; ) {
    const next = await collectNextRecipients(context, run, rest, MAX_RECIPIENTS_PER_CHUNK);
    rest = next.rest;
    const start = { run, compiled: rehearsal.prepare(compiled), environment, now };
    const { runs, unidentified } = await rehearsal.start(start, next.recipients);
    await rehearsal.continue(runs);
    rehearsal.rendersContent = rendersAll;
    await onRuns(
      runs.map((rehearsed) => toRehearsedRun(rehearsed, run, workflow)),
      unidentified,
    );
  }
}
