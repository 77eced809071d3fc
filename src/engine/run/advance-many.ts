import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import type { AudienceStore } from "../../ports/audience-store.js";
import type { ThrottleRequest } from "../../ports/run-store.js";
import { monotonicClock } from "../../util/monotonic-clock.js";
import type { AudienceData } from "../audience/audience-membership.js";
import { findTemplateError } from "../compile/compile-workflow.js";
import { type EngineContext, isWorkflowActive, type QueryStore } from "../context/engine-context.js";
import type { PendingQuery } from "../context/pending-query.js";
import { mapInParallel, resolveAgent, resolveFetch } from "../context/resolve-outbound-queries.js";
import { resolveStoreLookups } from "../context/resolve-store-lookups.js";
import type { AdvanceInput } from "../execution/advance-input.js";
import { RenderError } from "../liquid/liquid.js";
import { resolveConnection } from "../message/store-connections.js";
import { type Advance, isPendingQuery } from "./advance.js";
import { advanceWithinLimit } from "./advance-within-limit.js";

/** Decides which runs pass their throttles, in the order of the requests. */
type DecideThrottles = (requests: readonly ThrottleRequest[]) => Promise<boolean[]>;

/** Resolves the pending queries of many runs together. Returns the results in the order of the queries. */
export async function resolveQueries(
  context: EngineContext<QueryStore>,
  queries: readonly PendingQuery[],
  now: number,
  decideThrottles: DecideThrottles = (requests) => context.store.acquireThrottleSlots(requests, now),
): Promise<unknown[]> {
  const throttleQueries = queries.filter((query) => query.kind === "throttle");
  const throttleRequests = throttleQueries.map(({ throttleRequest }) => throttleRequest);
  const passed = throttleRequests.length > 0 ? await decideThrottles(throttleRequests) : [];
  const passedByQuery = new Map<PendingQuery, boolean | undefined>(
    throttleQueries.map((query, index) => [query, passed[index]]),
  );
  const getAudienceData = await readAudiences(context, queries);
  const getStoreLookups = await resolveStoreLookups(context, queries);
  const environment = await context.definitions.environment();
  return mapInParallel(queries, async (query): Promise<unknown> => {
    switch (query.kind) {
      case "throttle":
        return passedByQuery.get(query);
      case "audiences":
        return getAudienceData(query.recipient);
      case "store_lookups":
        return getStoreLookups(query);
      case "known_recipients":
        return new Set((await context.store.readRecipients(query.keys)).keys());
      case "workflow":
        return findRunnableWorkflow(context, query.key);
      case "connection":
        return resolveConnection(context, query, now);
      case "fetch":
        return measureStep(context, "http_fetch", () => resolveFetch(context, environment, query));
      case "agent":
        return measureStep(context, "ai_agent", () => resolveAgent(context, environment, query));
    }
  });
}

/** Reports how long the request of a step took. */
async function measureStep<T>({ onStep }: EngineContext<unknown>, type: string, request: () => Promise<T>): Promise<T> {
  const startedAt = monotonicClock.now();
  try {
    return await request();
  } finally {
    onStep?.(type, (monotonicClock.now() - startedAt) / 1_000);
  }
}

/** Reads the audience data for all runs that query it. Returns a function that gives the data of a recipient. */
async function readAudiences(
  { store, definitions }: EngineContext<AudienceStore>,
  queries: readonly PendingQuery[],
): Promise<(recipient: RecipientKey) => AudienceData> {
  const recipientKeys = new Set(queries.flatMap((query) => (query.kind === "audiences" ? [query.recipient] : [])));
  if (recipientKeys.size === 0) return () => ({ memberships: [], audiences: [] });
  const [memberships, audiences] = await Promise.all([
    store.readMemberships([...recipientKeys]),
    definitions.audiences(),
  ]);
  return (recipient) => ({ memberships: memberships.get(recipient) ?? [], audiences });
}

/**
 * Returns the newest version of a workflow, or null if it may not run (E-024, E-317). If its templates are invalid,
 * returns the error for the step that would trigger it, because a run of it could not continue and would block all due
 * work.
 */
async function findRunnableWorkflow(
  context: EngineContext<unknown>,
  key: string,
): Promise<Workflow | RenderError | null> {
  const [workflow, environment] = await Promise.all([
    context.definitions.workflow(key),
    context.definitions.environment(),
  ]);
  if (workflow === null || !isWorkflowActive(workflow, environment)) return null;
  const error = await findTemplateError(workflow, context.definitions);
  return error === null ? workflow : new RenderError(error.message, { cause: error });
}

/**
 * Advances runs, and repeats each with the results of its pending queries until it has none. Returns the advances in
 * the order of the inputs. Without `decideThrottles`, the runs use slots of their throttles, so they must be stored.
 */
export async function advanceMany(
  context: EngineContext<QueryStore>,
  inputs: readonly AdvanceInput[],
  now: number,
  decideThrottles?: DecideThrottles,
): Promise<Advance[]> {
  const results = await advanceWithinLimit(inputs);
  let waiting = results.flatMap((result, index) =>
    isPendingQuery(result) ? [{ index, query: result, queryResults: new Map<string, unknown>() }] : [],
  );
  while (waiting.length > 0) {
    const resolved = await resolveQueries(
      context,
      waiting.map(({ query }) => query),
      now,
      decideThrottles,
    );
    for (const [position, { query, queryResults }] of waiting.entries())
      queryResults.set(query.ref, resolved[position]);
    const advanced = await advanceWithinLimit(
      waiting.map(({ index, queryResults }) => ({ ...(inputs[index] as AdvanceInput), queryResults })),
    );
    waiting = waiting.flatMap(({ index, queryResults }, position) => {
      const result = advanced[position] as Advance | PendingQuery;
      results[index] = result;
      return isPendingQuery(result) ? [{ index, query: result, queryResults }] : [];
    });
  }
  return results as Advance[];
}
