import { openRevision } from "../../comparison/open-revision.js";
import { type SentMessage, toRunKey } from "../../comparison/recorded-history.js";
import { buildReplayReport, type RejectedTrigger, type ReplayReport } from "../../comparison/replay-report.js";
import { replayTriggers } from "../../comparison/replay-triggers.js";
import type { ReplayContext, ReplaySource } from "../../comparison/trigger-sources.js";
import { toRecipientKey } from "../../domain/recipient/recipient.js";
import { checkWorkflowKeys } from "../../project/check-workflow-keys.js";
import type { Project } from "../../project/open-project.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { ReplayOptions } from "./replay-options.js";

/** The messages of one replay, and the triggers that its files rejected. */
interface ReplayRun {
  messages: SentMessage[];
  rejected: Omit<RejectedTrigger, "side">[];
}

/** Runs the triggers against the files of a project, in a new store in memory. */
async function runAgainst(project: Project, source: ReplaySource, context: ReplayContext): Promise<ReplayRun> {
  const { messages, failures } = await replayTriggers(project, source, context);
  const rejected = failures.map(({ trigger: { name, at, trigger }, error }) => ({
    trigger: name,
    workflow: trigger.workflow,
    at: toIsoTime(at),
    code: error.code,
    message: error.message,
  }));
  return { messages, rejected };
}

/** Throws `workflow_missing` for a key that neither the project nor a trigger has. */
async function checkSelectedWorkflows(
  { range }: ReplayOptions,
  { history }: ReplaySource,
  { project }: ReplayContext,
): Promise<void> {
  if (range.workflows.length === 0) return;
  const known = [
    ...new Set([...(await project.workflowKeys()), ...history.triggers.map(({ trigger }) => trigger.workflow)]),
  ];
  checkWorkflowKeys(range.workflows, known);
}

const withSide = (side: RejectedTrigger["side"], { rejected }: ReplayRun): RejectedTrigger[] =>
  rejected.map((trigger) => ({ side, ...trigger }));

/** Runs the triggers of a source against the project's files, and compares the messages with those of the past. */
async function compareWithRecorded(
  source: ReplaySource,
  options: ReplayOptions,
  context: ReplayContext,
): Promise<ReplayReport> {
  const { triggers, messages, unknownFrom } = source.history;
  const after = await runAgainst(context.project, source, context);
  const isKnown = ({ trigger, recipient, at }: SentMessage): boolean =>
    at < (unknownFrom.get(toRunKey(trigger, toRecipientKey(recipient))) ?? Number.POSITIVE_INFINITY);
  return buildReplayReport(
    {
      source: source.name,
      triggers,
      before: { name: "the messages that were sent", messages: messages ?? [], isRecorded: true },
      after: { name: "the current files", messages: after.messages.filter(isKnown), isRecorded: false },
      rejected: withSide("after", after),
      notes: source.history.notes,
      filter: source.filter,
    },
    options,
  );
}

/** Runs the triggers of a source against another version of the project, and against the project's files. */
async function compareWithRevision(
  source: ReplaySource,
  against: string,
  options: ReplayOptions,
  context: ReplayContext,
): Promise<ReplayReport> {
  const revision = await openRevision(context.project, { revision: against, flag: "--against" }, context.io.cwd);
  try {
    // Both runs end when no work is pending, because what was sent in the past is not compared.
    const untilIdle = { ...source, history: { ...source.history, until: null, ignoresStepRuns: false } };
    const before = await runAgainst(revision.project, untilIdle, context);
    const after = await runAgainst(context.project, untilIdle, context);
    return buildReplayReport(
      {
        source: source.name,
        triggers: source.history.triggers,
        before: { name: revision.name, messages: before.messages, isRecorded: false },
        after: { name: "the current files", messages: after.messages, isRecorded: false },
        rejected: [...withSide("before", before), ...withSide("after", after)],
        notes: source.history.notes,
        filter: source.filter,
      },
      options,
    );
  } finally {
    revision.close();
  }
}

/** Replays the triggers of a source, and compares the messages with those of the past or of another revision. */
export async function runReplay(
  source: ReplaySource,
  options: ReplayOptions,
  context: ReplayContext,
): Promise<ReplayReport> {
  await checkSelectedWorkflows(options, source, context);
  const { against } = options;
  return against === null
    ? compareWithRecorded(source, options, context)
    : compareWithRevision(source, against, options, context);
}
