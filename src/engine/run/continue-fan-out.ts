import { type RecipientKey, splitRecipientKey, USERS } from "../../domain/recipient/recipient.js";
import {
  type FanOutState,
  isCanceledFor,
  isFanOutComplete,
  MAX_FAN_OUT_DEPTH,
} from "../../domain/run/fan-out-state.js";
import type { WorkflowRun } from "../../domain/run/workflow-run.js";
import type { Claim } from "../../ports/due-store.js";
import type { FanOutStore } from "../../ports/fan-out-store.js";
import type { SubscriptionStore } from "../../ports/subscription-store.js";
import { createClaimToken, type EngineContext, type StartStore } from "../context/engine-context.js";
import type { Advance } from "./advance.js";
import { applyBatchDecision, type ReachedRecipient, type RunStart, startRuns } from "./start-runs.js";

/** Limits the recipients that become runs in one transaction. */
export const MAX_RECIPIENTS_PER_CHUNK = 500;

const DUE_WORK_LEASE_MS = 60_000;

/** Creates a lease on due work, for one minute of real time. */
export function createClaim(context: EngineContext<unknown>, now: number): Claim {
  const claim: Claim = { now, leaseMs: DUE_WORK_LEASE_MS, token: createClaimToken(context) };
  if (context.ownWork !== undefined) claim.scope = context.ownWork.scope;
  return claim;
}

function isUser(key: RecipientKey): boolean {
  return splitRecipientKey(key).collection === USERS;
}

/**
 * Returns the next recipients of a trigger, up to `limit` and each once, and the rest of the fan-out (E-055 to E-060,
 * EQ-11). The actor is left out as a subscriber. A subscribed object is reached and, above the maximum depth, also fans
 * out.
 */
export async function collectNextRecipients(
  context: EngineContext<SubscriptionStore>,
  run: WorkflowRun,
  from: FanOutState,
  limit: number,
): Promise<{ recipients: ReachedRecipient[]; rest: FanOutState }> {
  const rest: FanOutState = { listed: from.listed.slice(limit), objects: [...from.objects], after: from.after };
  if (from.canceled !== undefined) rest.canceled = from.canceled;
  const reached = new Map<RecipientKey, ReachedRecipient>();
  // Named keys, because V8 gives the result of a spread a class of its own, and each run would be slower to build (decision 61).
  const reach = ({ key, trigger_data, via }: ReachedRecipient): void =>
    void reached.set(key, { key, trigger_data, via, isCanceled: isCanceledFor(from, key) });
  for (const { key, trigger_data } of from.listed.slice(0, limit)) reach({ key, trigger_data, via: null });
  for (let object = rest.objects[0]; object !== undefined && reached.size < limit; object = rest.objects[0]) {
    const page = await context.store.listSubscribers(object.key, rest.after, limit - reached.size);
    for (const subscription of page.items) {
      const key = subscription.recipient;
      if (key === run.actor || reached.has(key)) continue;
      reach({ key, trigger_data: null, via: subscription });
      if (!isUser(key) && object.depth < MAX_FAN_OUT_DEPTH) rest.objects.push({ key, depth: object.depth + 1 });
    }
    rest.after = page.next;
    if (page.next === null) rest.objects.shift();
  }
  return { recipients: [...reached.values()], rest };
}

interface InsertedChunk {
  advances: Advance[];
  rest: FanOutState;
}

/**
 * Inserts the next chunk of a claimed fan-out. Then renews the claim for `leaseMs`, or ends it for null, so that other work gets
 * its turn between chunks. Returns null if another process has taken the fan-out over.
 */
export async function insertNextChunk(
  context: EngineContext<StartStore & FanOutStore>,
  start: RunStart,
  from: FanOutState,
  { token, leaseMs, limit = MAX_RECIPIENTS_PER_CHUNK }: { token: string; leaseMs: number | null; limit?: number },
): Promise<InsertedChunk | null> {
  const next = await collectNextRecipients(context, start.run, from, limit);
  const before = await context.store.readRecipientsWithRun(
    start.run.id,
    next.recipients.map(({ key }) => key),
  );
  const alreadyTriggered = new Set<RecipientKey>();
  for (;;) {
    const { advances, ...started } = await startRuns(
      context,
      start,
      next.recipients.filter(({ key }) => !before.has(key)),
      alreadyTriggered,
    );
    const rest = isFanOutComplete(next.rest) ? null : next.rest;
    const chunk = { ...started, workflow_run_id: start.run.id, at: start.now, rest };
    const inserted = await context.store.insertFanOutChunk(chunk, token, leaseMs);
    if (inserted.outcome === "lost") return null;
    if (inserted.outcome === "repeated") return { advances: [], rest: next.rest };
    if (inserted.outcome === "inserted") {
      context.ownWork?.add(inserted.caused);
      return {
        advances: advances.map((advance) => applyBatchDecision(advance, inserted.batchDecisions)),
        rest: next.rest,
      };
    }
    for (const recipient of inserted.recipients) alreadyTriggered.add(recipient);
  }
}

/** Continues the fan-out of a trigger to its end, one chunk per transaction, each of which renews the claim. */
export async function continueFanOut(
  context: EngineContext<StartStore & FanOutStore>,
  start: RunStart,
  from: FanOutState,
  claim: Claim,
): Promise<void> {
  for (let rest = from; !isFanOutComplete(rest); ) {
    const inserted = await insertNextChunk(context, start, rest, claim);
    if (inserted === null) return;
    rest = inserted.rest;
  }
}
