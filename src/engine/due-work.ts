import type { Message } from "../domain/message.js";
import { referenceOf } from "../domain/recipient.js";
import type { WorkflowRun } from "../domain/workflow-run.js";
import type { AdvancedRun } from "../ports/operations.js";
import type { ClaimedRun, SavedAdvance } from "../ports/store.js";
import { type Advance, advance, stopRun } from "./advance.js";
import { compileWorkflow } from "./compile-workflow.js";
import { deliverDue } from "./deliver.js";
import { type EngineContext, isActive, partiesOf, readParties } from "./engine-context.js";
import { claimFor, continueFanOut } from "./fan-out.js";
import { recipientOutcome } from "./run-outcome.js";
import type { RunStart } from "./start-runs.js";

/** Runs advanced in one transaction: enough to share the cost, few enough that others get the lock soon. */
const CHUNK = 500;

async function advanceClaimed(context: EngineContext, claimed: readonly ClaimedRun[], now: number): Promise<Advance[]> {
  const [read, environment] = await Promise.all([
    readParties(context.store, claimed),
    context.definitions.environment(),
  ]);
  const available = new Map<string, boolean>();
  const advances: Advance[] = [];
  for (const { run, recipientRun, version, messages } of claimed) {
    let isAvailable = available.get(run.workflow);
    if (isAvailable === undefined) {
      const current = await context.definitions.workflow(run.workflow).catch(() => version); // a broken file is no archived workflow
      isAvailable = current !== null && isActive(current, environment);
      available.set(run.workflow, isAvailable);
    }
    const parties = partiesOf(run, recipientRun, read);
    if (parties === null) {
      advances.push(stopRun(recipientRun, { code: "recipient_deleted", detail: null }, now)); // E-053
      continue;
    }
    const compiled = await compileWorkflow(version);
    advances.push(
      advance({
        ...parties,
        run,
        recipientRun,
        environment,
        compiled,
        messages,
        now,
        ids: context.ids,
        unavailable: !isAvailable,
        usedUp: false,
      }),
    );
  }
  return advances;
}

function advancedRun(claimed: ClaimedRun, result: Advance, made: ReadonlyMap<string, Message>): AdvancedRun {
  const { recipientRun, run } = claimed;
  const { steps } = recipientOutcome({ ...result.recipientRun, steps: result.executed }, made);
  return {
    recipient_run_id: recipientRun.id,
    recipient: referenceOf(recipientRun.recipient),
    workflow: run.workflow,
    at: new Date(recipientRun.due_at ?? result.recipientRun.updated_at).toISOString(),
    steps,
  };
}

/** Triggers that were accepted and not yet fanned out: another process died over them, or a step made them. */
async function continueFanOuts(context: EngineContext, now: number, report: (one: AdvancedRun) => void): Promise<void> {
  for (;;) {
    const claim = claimFor(context, now);
    const claimed = await context.store.claimDueFanOuts(claim, 1);
    const [one] = claimed;
    if (one === undefined) return;
    const environment = await context.definitions.environment();
    const start: RunStart = { run: one.run, compiled: await compileWorkflow(one.version), environment, now };
    await continueFanOut(context, start, one.fanOut, claim.token, (advances) => {
      for (const result of advances) report(firstAdvance(one.run, result));
    });
  }
}

function firstAdvance(run: WorkflowRun, result: Advance): AdvancedRun {
  const messages = new Map(result.messages.map((message) => [message.id, message]));
  const { recipient, steps } = recipientOutcome(result.recipientRun, messages);
  return {
    recipient_run_id: result.recipientRun.id,
    recipient,
    workflow: run.workflow,
    at: new Date(result.recipientRun.inserted_at).toISOString(),
    steps,
  };
}

/** Runs everything due at `now`, chunk after chunk, then its deliveries. Answers with what ran. */
export async function runDueAt(context: EngineContext, now: number, signal?: AbortSignal): Promise<AdvancedRun[]> {
  const ran: AdvancedRun[] = [];
  await continueFanOuts(context, now, (one) => ran.push(one));
  while (!signal?.aborted) {
    const claim = claimFor(context, now);
    const claimed = await context.store.claimDueRuns(claim, CHUNK);
    if (claimed.length === 0) break;
    const advances = await advanceClaimed(context, claimed, now);
    const saved = await context.store.saveAdvances(
      advances.map((one): SavedAdvance => ({ recipientRun: one.recipientRun, messages: one.messages })),
      claim.token,
    );
    const made = new Map(advances.flatMap((one) => one.messages).map((message) => [message.id, message]));
    for (const [index, result] of advances.entries()) {
      if (saved.has(result.recipientRun.id)) ran.push(advancedRun(claimed[index] as ClaimedRun, result, made));
    }
  }
  if (!signal?.aborted) await deliverDue(context, now);
  return ran;
}
