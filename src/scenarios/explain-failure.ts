import { formatRecipient } from "../domain/recipient/recipient.js";
import type { LocalOperations } from "../ports/operations.js";
import { filterObjects, type JsonObject } from "../util/json.js";
import { describeStep } from "./describe-step.js";
import type { DecidingStep, ExpectationFailure } from "./expectation-failure.js";
import type { MessageFilter } from "./expectation-schema.js";
import { formatCauses, listMissingCauses, listSendingSteps } from "./list-causes.js";
import { readObservedRuns } from "./observe.js";
import type { ObservedRun } from "./observed.js";

/** Limits the steps that are read to find one with a decision. */
const MAX_READ_STEPS = 8;

const hasDecision = ({ conditions, preference, warnings }: JsonObject): boolean =>
  [conditions, preference, warnings].some((value) => value !== undefined && value !== null);

/** Returns the step of a run, or the run without its steps, with the conditions and preferences that decided it. Null if it is unknown. */
async function readDecision(operations: LocalOperations, { run, step }: DecidingStep): Promise<JsonObject | null> {
  if (run.recipient_run_id === null) return null;
  const found = await operations.readRecipientRun(run.recipient_run_id);
  if (found === null) return null;
  const { steps, events: _, ...rest } = found;
  if (step === null) return rest;
  return filterObjects(steps).find(({ ref }) => ref === step.ref) ?? null;
}

/** Returns the first of several steps that conditions, a preference or a warning decided, otherwise the first one; null without steps. */
export async function explainCauses(
  operations: LocalOperations,
  causes: readonly DecidingStep[],
): Promise<JsonObject | null> {
  let first: JsonObject | null = null;
  for (const cause of causes.slice(0, MAX_READ_STEPS)) {
    const decision = await readDecision(operations, cause);
    if (decision !== null && hasDecision(decision)) return decision;
    first ??= decision;
  }
  return first;
}

/** Returns the steps before the one that sent a message, because they decided its time. */
function describeEarlierSteps([cause]: readonly DecidingStep[]): string {
  const { run, step } = cause ?? {};
  const earlier = run?.steps.slice(0, run.steps.indexOf(step as never)) ?? [];
  const texts = earlier
    .filter(({ channel_type }) => channel_type === undefined)
    .map((found) => `${found.ref} ${describeStep(found)}`);
  return texts.length === 0 ? "" : `; after ${texts.join(", ")}`;
}

/** Returns why no step is the cause of a missing message: the recipient has no run, or its runs have no such step. */
function describeMissing({ to, workflow }: MessageFilter, runs: readonly ObservedRun[]): string {
  if (!to) return "";
  const hasRun = runs.some((run) => formatRecipient(run.recipient) === to && (!workflow || run.workflow === workflow));
  if (hasRun) return `; ${to}'s run has no step that sends it`;
  return `; ${to} has no run: it is not a recipient, or was never identified`;
}

/** Returns why an expectation was not met: words to add to what was found, and the step that decided it. */
export async function explainFailure(
  operations: LocalOperations,
  { path, causes, missing, messages }: ExpectationFailure,
): Promise<{ suffix: string; explanation: JsonObject | null }> {
  if (causes !== undefined) return { suffix: "", explanation: await explainCauses(operations, causes) };
  if (missing === undefined && messages === undefined) return { suffix: "", explanation: null };
  const runs = await readObservedRuns(operations);
  if (missing === undefined) {
    const sending = listSendingSteps(messages ?? [], runs);
    const suffix = path.at(-1) === "at" ? describeEarlierSteps(sending) : "";
    return { suffix, explanation: await explainCauses(operations, sending) };
  }
  const found = listMissingCauses(missing, runs);
  return {
    suffix: found.length === 0 ? describeMissing(missing, runs) : formatCauses(found),
    explanation: await explainCauses(operations, found),
  };
}
