import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import type { AudienceStore } from "../../ports/audience-store.js";
import type { AdvanceInput } from "../advancing/advancing.js";
import type { KnownAudiences } from "../audience/audience-membership.js";
import { faultOf } from "../compile/compile-workflow.js";
import { answerAgent, answerFetch, inParallel } from "../context/answer-outside.js";
import { answerReadings } from "../context/answer-readings.js";
import { type AdvanceStore, type EngineContext, isActive } from "../context/engine-context.js";
import type { Need } from "../context/need.js";
import { RenderError } from "../liquid/liquid.js";
import { type Advance, advance, isNeed } from "./advance.js";

/** Answers what steps asked, many at once, in the order asked. */
export async function answer(
  context: EngineContext<AdvanceStore>,
  needs: readonly Need[],
  now: number,
): Promise<unknown[]> {
  const passes = needs.flatMap((need) => (need.kind === "throttle" ? [need.pass] : []));
  const passed = passes.length > 0 ? await context.store.passThrottles(passes, now) : [];
  const audiences = await audiencesOf(context, needs);
  const readings = await answerReadings(context, needs);
  const environment = await context.definitions.environment();
  let pass = 0;
  const order = new Map(needs.map((need) => [need, need.kind === "throttle" ? pass++ : -1]));
  return inParallel(needs, async (need): Promise<unknown> => {
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
        return runnable(context, need.key);
      case "connection":
        return (await import("../message/store-connections.js")).answerConnection(context, need, now);
      case "fetch":
        return answerFetch(context, environment, need.request);
      case "agent":
        return answerAgent(context, environment, need.request, need.once);
    }
  });
}

/** What runs that ask about audiences are told, read at once for all of them. */
async function audiencesOf(
  { store, definitions }: EngineContext<AudienceStore>,
  needs: readonly Need[],
): Promise<(recipient: RecipientKey) => KnownAudiences> {
  const asked = new Set(needs.flatMap((need) => (need.kind === "audiences" ? [need.recipient] : [])));
  if (asked.size === 0) return () => ({ memberships: [], audiences: [] });
  const [memberships, audiences] = await Promise.all([store.readMemberships([...asked]), definitions.audiences()]);
  return (recipient) => ({ memberships: memberships.get(recipient) ?? [], audiences });
}

/**
 * The newest version of a workflow, if it may run (E-024, E-317). Where its templates are at fault, the error for the step
 * that would trigger it: a run of it could not go on, and would hold up all that is due.
 */
async function runnable(context: EngineContext<unknown>, key: string): Promise<Workflow | RenderError | null> {
  const [workflow, environment] = await Promise.all([
    context.definitions.workflow(key),
    context.definitions.environment(),
  ]);
  if (workflow === null || !isActive(workflow, environment)) return null;
  const fault = await faultOf(workflow, context.definitions);
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
    isNeed(result) ? [{ index, need: result, answers: new Map<string, unknown>() }] : [],
  );
  while (waiting.length > 0) {
    const answered = await answer(
      context,
      waiting.map(({ need }) => need),
      now,
    );
    waiting = waiting.flatMap(({ index, need, answers }, place) => {
      answers.set(need.ref, answered[place]);
      const result = advance({ ...(inputs[index] as AdvanceInput), answers });
      results[index] = result;
      return isNeed(result) ? [{ index, need: result, answers }] : [];
    });
  }
  return results as Advance[];
}
