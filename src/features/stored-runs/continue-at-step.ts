import type { ReplayBeginning } from "../../comparison/run-triggers.js";
import { checkTriggerData } from "../../domain/data-schema/check-trigger-data.js";
import type { Message } from "../../domain/message/message.js";
import { failRun } from "../../domain/run/fail-run.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import { findStepPath } from "../../domain/run/step-path.js";
import type { RecipientRun } from "../../domain/run/workflow-run.js";
import { isBatchType } from "../../domain/step-types/batch-step.js";
import { walkSteps } from "../../domain/step-types/walk-steps.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import type { RunVariables } from "../../ports/operations.js";
import type { StoredRun } from "../../ports/run-store.js";
import type { Store } from "../../ports/store.js";
import type { Project } from "../../project/open-project.js";
import { didYouMean } from "../../util/find-nearest.js";
import { stableStringify } from "../../util/json.js";
import { NO_EFFECTS } from "./keep-rerun.js";
import { type RunHistory, replaceMethods } from "./read-run-history.js";
import type { RerunOptions } from "./rerun-options.js";

/** Returns the number of steps before one, and the time at which a run reached it; null if it did not. */
function findReached({ steps, events }: RecipientRun, ref: string): { index: number; at: number } | null {
  const index = steps.findIndex((step) => step.ref === ref);
  const event = events.find(({ step_ref }) => step_ref === ref);
  return index === -1 || event === undefined ? null : { index, at: event.at };
}

/** Reads the messages of the steps before one. */
async function readEarlierMessages(store: Store, run: RecipientRun, index: number): Promise<Message[]> {
  const ids = run.steps.slice(0, index).flatMap(({ message_id, message_ids }) => message_ids ?? message_id ?? []);
  return store.readMessages(ids);
}

/** Reads the variables of a run after its first events, or null if its recipient does not exist. */
type ReadVariables = (id: string, count: number) => Promise<RunVariables | null>;

/** Throws if the activities of the batch that a run had at a step are unknown. */
async function checkBatch(store: Store, { id, steps }: RecipientRun, ref: string, index: number): Promise<void> {
  const isClosed = ({ type, outcome }: StepOutcome): boolean => isBatchType(type) && outcome === "passed";
  const isEarlier = steps.slice(index).some(isClosed);
  if (!isEarlier && (await store.readBatch(id)) !== null) return;
  const why = isEarlier
    ? `"${ref}" is between two batches, and only the activities of the last one are stored`
    : `"${ref}" is after a batch whose activities are no longer stored`;
  throw new KnockError("not_supported", `--from: ${why}`, { hint: "Omit --from." });
}

/** Returns a store in which runs without a batch of their own continue with the one that they have in another store. */
export function keepBatches(source: Store, target: Store, runs: ReadonlySet<string>): Store {
  const readBatch = (id: string) => (runs.has(id) ? source.readBatch(id) : null);
  return replaceMethods(target, {
    readBatch: async (id) => (await target.readBatch(id)) ?? readBatch(id),
    async claimDueRuns(claim, limit) {
      const claimed = await target.claimDueRuns(claim, limit);
      return Promise.all(
        claimed.map(async (run) => ({ ...run, batch: run.batch ?? (await readBatch(run.recipientRun.id)) })),
      );
    },
  });
}

/** The beginning of a rerun at a step. */
interface RerunBeginning extends ReplayBeginning {
  /** The IDs of the runs that have passed a batch before the step. */
  batchedRuns: ReadonlySet<string>;
}

/** Returns the version of a workflow in the files that a run continues with. Throws if it does not have the step. */
async function readVersion(project: Project, key: string, ref: string): Promise<Workflow> {
  const workflow = await project.workflow(key);
  if (workflow === null)
    throw new KnockError("workflow_missing", `there is no workflow "${key}"`, {
      hint: didYouMean(key, await project.workflowKeys(), "Workflows"),
    });
  if (findStepPath(workflow.steps, ref) !== null) return workflow;
  const refs = [...walkSteps(workflow.steps)].map(({ step }) => step.ref);
  throw new KnockError("resource_missing", `--from: the files no longer have the step "${ref}"`, {
    hint: didYouMean(ref, refs, "Steps"),
  });
}

/**
 * Returns how a replay begins with runs at one of their steps: as runs that failed at it and are retried, with the outcomes and
 * messages of the steps before it, and with the data that it had then. Adds a note to `notes` if that data is not known.
 */
export async function continueAtStep(
  store: Store,
  { selected }: RunHistory,
  project: Project,
  ref: string,
  { changeData, skipsDelays }: RerunOptions,
  readVariables: ReadVariables,
  notes: string[],
): Promise<RerunBeginning> {
  const [first] = selected as [StoredRun, ...StoredRun[]];
  const version = await readVersion(project, first.run.workflow, ref);
  const position = findStepPath(version.steps, ref);
  const reached = selected.flatMap(({ recipientRun }) => {
    const found = findReached(recipientRun, ref);
    return found === null ? [] : [{ recipientRun, ...found }];
  });
  const at = Math.min(...reached.map((run) => run.at));
  const recipientRuns: RecipientRun[] = [];
  const messages: Message[] = [];
  const batchedRuns = new Set<string>();
  for (const { recipientRun, index } of reached) {
    const steps = recipientRun.steps.slice(0, index);
    if (steps.some(({ type, outcome }) => isBatchType(type) && outcome === "passed")) {
      await checkBatch(store, recipientRun, ref, index);
      batchedRuns.add(recipientRun.id);
    }
    const end = recipientRun.events.findIndex(({ step_ref }) => step_ref === ref);
    const events = recipientRun.events.slice(0, end);
    const then = await readVariables(recipientRun.id, end);
    if (then === null || then.unknown_data.length > 0)
      notes.push(`the data of the run before "${ref}" is not known, so the data of its end is used`);
    const isKnown = then !== null && then.unknown_data.length === 0;
    const known = isKnown ? then.data : (recipientRun.data ?? first.run.data);
    const data = await changeData(known);
    // The steps before may have added properties that the schema does not allow.
    if (stableStringify(data) !== stableStringify(known)) checkTriggerData(version, data);
    const begun: RecipientRun = { ...recipientRun, status: "queued", position, due_at: null, data, steps, events };
    const { wait: _wait, ...base } = { ...begun, reason: null, updated_at: at };
    recipientRuns.push(failRun(base, version, at, { code: "internal_error", detail: null }));
    messages.push(...(await readEarlierMessages(store, recipientRun, index)));
  }
  const settings = skipsDelays ? { ...first.run.settings, skip_delay: true } : first.run.settings;
  const run = { ...first.run, version_id: version.version_id, settings };
  return {
    at,
    batchedRuns,
    async perform(copy) {
      const inserted = { run, version, recipientRuns, messages, ...NO_EFFECTS, idempotency: null, fanOut: null };
      await copy.insertWorkflowRun(inserted, at);
      await copy.retryRuns(
        recipientRuns.map(({ id }) => id),
        at,
      );
      return [run.id];
    },
  };
}
