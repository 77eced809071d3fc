import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import type { AudienceStore } from "../../ports/audience-store.js";
import type { AudienceData } from "../audience/audience-membership.js";
import { findTemplateError } from "../compile/compile-workflow.js";
import { type AdvanceStore, type EngineContext, isActive } from "../context/engine-context.js";
import type { PendingQuery } from "../context/pending-query.js";
import { mapInParallel, resolveAgent, resolveFetch } from "../context/resolve-outbound-queries.js";
import { resolveStoreLookups } from "../context/resolve-store-lookups.js";
import type { AdvanceInput } from "../execution/run-execution.js";
import { RenderError } from "../liquid/liquid.js";
import { type Advance, advance, isPendingQuery } from "./advance.js";

/** Answers what steps asked, many at once, in the order asked. */
export async function resolveQueries(
  context: EngineContext<AdvanceStore>,
  queries: readonly PendingQuery[],
  now: number,
): Promise<unknown[]> {
  const passes = queries.flatMap((query) => (query.kind === "throttle" ? [query.throttleRequest] : []));
  const passed = passes.length > 0 ? await context.store.acquireThrottleSlots(passes, now) : [];
  const audiences = await readAudiences(context, queries);
  const readings = await resolveStoreLookups(context, queries);
  const environment = await context.definitions.environment();
  let pass = 0;
  const order = new Map(queries.map((query) => [query, query.kind === "throttle" ? pass++ : -1]));
  return mapInParallel(queries, async (need): Promise<unknown> => {
    switch (need.kind) {
      case "throttle":
        return passed[order.get(need) as number];
      case "audiences":
        return audiences(need.recipient);
      case "readings":
        return readings(need);
      case "identified":
        return new Set((await context.store.readRecipients(need.keys)).keys());
      case "workflow":
        return findRunnableWorkflow(context, need.key);
      case "connection":
        return (await import("../message/store-connections.js")).resolveConnection(context, need, now);
      case "fetch":
        return resolveFetch(context, environment, need.request);
      case "agent":
        return resolveAgent(context, environment, need.request, need.singleAttempt);
    }
  });
}

/** What runs that ask about audiences are told, read at once for all of them. */
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
 * The newest version of a workflow, if it may run (E-024, E-317). Where its templates are at fault, the error for the step
 * that would trigger it: a run of it could not go on, and would hold up all that is due.
 */
async function findRunnableWorkflow(
  context: EngineContext<unknown>,
  key: string,
): Promise<Workflow | RenderError | null> {
  const [workflow, environment] = await Promise.all([
    context.definitions.workflow(key),
    context.definitions.environment(),
  ]);
  if (workflow === null || !isActive(workflow, environment)) return null;
  const fault = await findTemplateError(workflow, context.definitions);
  return fault === null ? workflow : new RenderError(fault.message, { cause: fault });
}

/** Advances runs, each again with the answer where a step needed one, until all are done. In the order of the inputs. */
export async function advanceMany(
  context: EngineContext<AdvanceStore>,
  inputs: readonly AdvanceInput[],
  now: number,
): Promise<Advance[]> {
  const results = inputs.map((input) => advance(input));
  let waiting = results.flatMap((result, index) =>
    isPendingQuery(result) ? [{ index, need: result, answers: new Map<string, unknown>() }] : [],
  );
  while (waiting.length > 0) {
    const answered = await resolveQueries(
      context,
      waiting.map(({ need }) => need),
      now,
    );
    waiting = waiting.flatMap(({ index, need, answers }, position) => {
      answers.set(need.ref, answered[position]);
      const result = advance({ ...(inputs[index] as AdvanceInput), queryResults: answers });
      results[index] = result;
      return isPendingQuery(result) ? [{ index, need: result, answers }] : [];
    });
  }
  return results as Advance[];
}
