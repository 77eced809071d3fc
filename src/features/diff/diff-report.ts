import type * as z from "zod/mini";
import { compareMessages } from "../../comparison/compare-messages.js";
import type { SentMessage } from "../../comparison/recorded-history.js";
import { getTitle } from "../../comparison/replay-report.js";
import { type RecipientKey, toRecipientKey } from "../../domain/recipient/recipient.js";
import type { Reason, RecipientOutcome, StepOutcome } from "../../domain/run/outcome.js";
import type { diffReportSchema } from "./diff-report-schema.js";

/** The result of `knock diff`. */
export type DiffReport = z.infer<typeof diffReportSchema>;
export type TargetDifferences = DiffReport["recipients"][number];
type DifferentStep = TargetDifferences["steps"][number];
type ComparedRun = TargetDifferences["local"];

/** The runs and messages of one target for a trigger. Messages are in order of time. */
export interface TargetResult {
  recipients: readonly RecipientOutcome[];
  messages: readonly SentMessage[];
}

/** Returns whether two reasons are the same. The API does not report every reason, so a missing one is no difference. */
function areReasonsEqual(remote: Reason | null | undefined, local: Reason | null | undefined): boolean {
  return !remote || !local || remote.code === local.code;
}

function areStepsEqual(remote: StepOutcome, local: StepOutcome): boolean {
  const areBranchesEqual = !remote.branch || !local.branch || remote.branch === local.branch;
  return remote.outcome === local.outcome && areReasonsEqual(remote.reason, local.reason) && areBranchesEqual;
}

const describeStep = (step: StepOutcome | undefined): DifferentStep["local"] =>
  step === undefined ? null : { outcome: step.outcome, reason: step.reason, branch: step.branch ?? null };

const describeRun = (run: RecipientOutcome | undefined): ComparedRun =>
  run === undefined ? null : { status: run.status, reason: run.reason ?? null };

/** Returns the steps that differ, in the order of the remote run. */
function listDifferentSteps(remote: RecipientOutcome | undefined, local: RecipientOutcome | undefined) {
  const remoteSteps = new Map(remote?.steps.map((step) => [step.ref, step]));
  const localSteps = new Map(local?.steps.map((step) => [step.ref, step]));
  const different: DifferentStep[] = [];
  for (const ref of new Set([...remoteSteps.keys(), ...localSteps.keys()])) {
    const [there, here] = [remoteSteps.get(ref), localSteps.get(ref)];
    if (there && here && areStepsEqual(there, here)) continue;
    different.push({ ref, remote: describeStep(there), local: describeStep(here) });
  }
  return different;
}

/** Returns whether both targets have a run that ended in the same way, or neither has one. */
function areRunsEqual(remote: RecipientOutcome | undefined, local: RecipientOutcome | undefined): boolean {
  if (remote === undefined || local === undefined) return false;
  const isStatusEqual = remote.status === local.status;
  return isStatusEqual && areReasonsEqual(remote.reason, local.reason);
}

/** Returns the entries by recipient. A subscriber of several objects has only one entry. */
const groupByRecipient = (outcomes: readonly RecipientOutcome[]): Map<RecipientKey, RecipientOutcome> =>
  new Map(outcomes.map((outcome) => [toRecipientKey(outcome.recipient), outcome]));

function describeMessage({ id, step, channel, tenant, content }: SentMessage, target: "local" | "remote") {
  return { message_id: target === "remote" ? id : null, step, channel, tenant, title: getTitle(content) };
}

const describeWithContent = (message: SentMessage, target: "local" | "remote") => ({
  ...describeMessage(message, target),
  content: message.content,
});

interface TargetComparison {
  workflow: string;
  workflowRunId: string;
  isTimedOut: boolean;
  remote: TargetResult;
  local: TargetResult;
  /** Milliseconds by which the times of two equal messages may differ. */
  tolerance: number;
  notes: readonly string[];
}

/** Compares what the account and the local engine did for the same trigger, and groups the differences by recipient. */
export function buildDiffReport(comparison: TargetComparison): DiffReport {
  const { workflow, workflowRunId, isTimedOut, remote, local, tolerance, notes } = comparison;
  const runs = { remote: groupByRecipient(remote.recipients), local: groupByRecipient(local.recipients) };
  const differences = new Map<RecipientKey, TargetDifferences>();
  const addDifferences = (key: RecipientKey, recipient: TargetDifferences["recipient"]): TargetDifferences => {
    const added = {
      recipient,
      remote: describeRun(runs.remote.get(key)),
      local: describeRun(runs.local.get(key)),
      steps: listDifferentSteps(runs.remote.get(key), runs.local.get(key)),
      remote_only: [],
      local_only: [],
      changed: [],
    };
    differences.set(key, added);
    return added;
  };
  const keys = new Map(
    [...remote.recipients, ...local.recipients].map(({ recipient }) => [toRecipientKey(recipient), recipient]),
  );
  for (const [key, recipient] of keys) {
    const [there, here] = [runs.remote.get(key), runs.local.get(key)];
    if (!areRunsEqual(there, here) || listDifferentSteps(there, here).length > 0) addDifferences(key, recipient);
  }
  const options = { tolerance, comparesContent: true, ignoresGeneratedUrls: true };
  const { gained, lost, changed, equal } = compareMessages(remote.messages, local.messages, options);
  const findDifferences = ({ recipient }: SentMessage): TargetDifferences => {
    const key = toRecipientKey(recipient);
    return differences.get(key) ?? addDifferences(key, recipient);
  };
  for (const message of lost) findDifferences(message).remote_only.push(describeWithContent(message, "remote"));
  for (const message of gained) findDifferences(message).local_only.push(describeWithContent(message, "local"));
  for (const pair of changed)
    findDifferences(pair.before).changed.push({
      remote: describeMessage(pair.before, "remote"),
      local: describeMessage(pair.after, "local"),
      fields: pair.fields.map(({ field, before, after }) => ({ field, remote: before, local: after })),
    });
  const recipients = [...differences].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, recipient]) => recipient);
  return {
    workflow,
    workflow_run_id: workflowRunId,
    timed_out: isTimedOut,
    recipients,
    notes: [...notes],
    summary: {
      recipients: keys.size,
      different: recipients.length,
      steps: recipients.reduce((sum, { steps }) => sum + steps.length, 0),
      equal,
      changed: changed.length,
      remote_only: lost.length,
      local_only: gained.length,
    },
  };
}
