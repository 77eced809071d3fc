import { openRevision } from "../../comparison/open-revision.js";
import { KEEP_DATA } from "../../comparison/personal-data-filter.js";
import { type RecordedHistory, type SentMessage, toRunKey } from "../../comparison/recorded-history.js";
import { buildReplayReport } from "../../comparison/replay-report.js";
import { type ReplayedRun, replayTriggers } from "../../comparison/replay-triggers.js";
import type { ReplayContext, ReplaySource } from "../../comparison/trigger-sources.js";
import { createLocalEngine } from "../../context/create-local-engine.js";
import {
  formatRecipient,
  type RecipientKey,
  toRecipientKey,
  toRecipientReference,
} from "../../domain/recipient/recipient.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import { hasEndedStatus } from "../../domain/run/run-status.js";
import { walkSteps } from "../../domain/step-types/walk-steps.js";
import { KnockError } from "../../errors/knock-error.js";
import type { StoredRun } from "../../ports/run-store.js";
import type { Seed } from "../../ports/seed-store.js";
import type { Store } from "../../ports/store.js";
import type { Project } from "../../project/open-project.js";
import { didYouMean } from "../../util/find-nearest.js";
import { deepMerge, type JsonObject } from "../../util/json.js";
import { continueAtStep, keepBatches } from "./continue-at-step.js";
import { copyForRuns, type RunHistory, readRunHistory } from "./read-run-history.js";
import type { RerunOptions } from "./rerun-options.js";
import type { RerunReport } from "./rerun-report.js";

/** Limits the activities of a batch, because at most `MAX_RUNS` runs are repeated together. */
const MAX_ACTIVITIES = 80;

/** Recorded messages may have been sent a little late, because their work waited for a worker. */
const RECORDED_TOLERANCE_MS = 5 * 60_000;

/** Returns the history with the changed trigger, and with messages of the requested runs only. */
async function changeHistory(
  { selected, history }: RunHistory,
  { changeData, skipsDelays, from }: RerunOptions,
): Promise<RecordedHistory> {
  const ids = new Set(selected.map(({ run }) => run.id));
  const keys = new Set(selected.map(({ recipientRun }) => recipientRun.recipient));
  const triggers = [];
  for (const recorded of history.triggers) {
    const { trigger, name } = recorded;
    if (!ids.has(name)) triggers.push(recorded);
    else if (from === null) {
      const recipients = [];
      for (const recipient of trigger.recipients) {
        const { trigger_data } = recipient;
        recipients.push({ ...recipient, trigger_data: trigger_data && (await changeData(trigger_data)) });
      }
      const settings = skipsDelays ? { ...trigger.settings, skip_delay: true } : trigger.settings;
      triggers.push({
        ...recorded,
        trigger: { ...trigger, recipients, settings, data: await changeData(trigger.data) },
      });
    }
  }
  const isSelected = ({ trigger, recipient }: SentMessage): boolean =>
    trigger !== null && ids.has(trigger) && keys.has(toRecipientKey(recipient));
  const hasEnded = selected.every(({ recipientRun }) => hasEndedStatus(recipientRun.status));
  return {
    ...history,
    triggers,
    messages: (history.messages ?? []).filter(isSelected),
    until: hasEnded ? null : history.until,
    // Runs that a step started are not part of the original run.
    ignoresStepRuns: true,
  };
}

/** Returns seeds whose requested recipients have changed properties. */
function changeProperties(seeds: readonly Seed[], keys: ReadonlySet<RecipientKey>, properties: JsonObject): Seed[] {
  return seeds.map((seed) => ({
    ...seed,
    recipients: seed.recipients.map((recipient) =>
      keys.has(recipient.key) ? { ...recipient, properties: deepMerge(recipient.properties, properties) } : recipient,
    ),
  }));
}

type StepDifference = RerunReport["steps"][number];

const toState = ({ outcome, reason, branch }: StepOutcome): NonNullable<StepDifference["before"]> => ({
  outcome,
  reason: reason?.code ?? null,
  branch: branch ?? null,
});

/** Returns the steps whose outcome, reason or branch differs between a run and the same run again. */
function compareSteps(before: StoredRun, after: ReplayedRun | undefined, from: string | null): StepDifference[] {
  const own = before.recipientRun.steps;
  // The steps before the first one that runs again are as they were.
  const start =
    from === null
      ? 0
      : Math.max(
          0,
          own.findIndex(({ ref }) => ref === from),
        );
  const old = own.slice(start);
  const now = (after?.steps ?? []).slice(start);
  const refs = [...new Set([...old, ...now].map(({ ref }) => ref))];
  const isRunning = !hasEndedStatus(before.recipientRun.status);
  return refs.flatMap((ref): StepDifference[] => {
    const [was, is] = [old, now].map((steps) => steps.find((step) => step.ref === ref));
    // A run in progress has not reached its last steps yet.
    if (isRunning && (was === undefined || was.outcome === "waiting")) return [];
    const [stateBefore, stateAfter] = [was && toState(was), is && toState(is)];
    if (JSON.stringify(stateBefore) === JSON.stringify(stateAfter)) return [];
    const recipient = toRecipientReference(before.recipientRun.recipient);
    return [{ recipient, step: ref, before: stateBefore ?? null, after: stateAfter ?? null }];
  });
}

/** Throws `resource_missing` for a step that no requested run reached, with the nearest name. */
function checkStep(from: string, selected: readonly StoredRun[], id: string): void {
  const reached = [...new Set(selected.flatMap(({ recipientRun }) => recipientRun.steps.map(({ ref }) => ref)))];
  if (reached.includes(from)) return;
  const all = selected.flatMap(({ version }) => [...walkSteps(version.steps)].map(({ step }) => step.ref));
  const message = all.includes(from) ? `run ${id} did not reach the step "${from}"` : `the run has no step "${from}"`;
  throw new KnockError("resource_missing", `--from: ${message}`, { hint: didYouMean(from, reached, "Its steps") });
}

/**
 * Runs a stored run again in a copy, and compares it with the original. Returns null for an unknown ID. Throws for a step that the run
 * did not reach, for a deleted recipient, and the error of a trigger that the files reject. `keep` stores the new
 * runs of the copy, and returns their ID.
 */
export async function rerunRun(
  store: Store,
  id: string,
  options: RerunOptions,
  context: ReplayContext,
  keep?: (copy: Store, workflowRunId: string, originalId: string) => Promise<string>,
): Promise<RerunReport | null> {
  const runs = await readRunHistory(store, id, MAX_ACTIVITIES);
  const [first] = runs?.selected ?? [];
  if (runs === null || first === undefined) return null;
  const { selected } = runs;
  const { from, properties, skipsDelays, against } = options;
  const [missing] = runs.isComplete ? [] : runs.history.notes;
  if (missing !== undefined)
    throw new KnockError("not_supported", `the run cannot be repeated: ${missing}`, {
      hint: `Run \`knock replay\`, which repeats all triggers of the store, or \`knock runs show ${id} --as-scenario\`.`,
    });
  if (from !== null) checkStep(from, selected, id);
  const history = await changeHistory(runs, options);
  const keys = new Set(selected.map(({ recipientRun }) => recipientRun.recipient));
  const revision =
    against === null
      ? null
      : await openRevision(context.project, { revision: against, flag: "--against" }, context.io.cwd);
  const project: Project = revision?.project ?? context.project;
  try {
    const sourceNotes = [...history.notes];
    const engine = createLocalEngine(context.project, store, context.io);
    const begin =
      from === null
        ? undefined
        : await continueAtStep(store, runs, project, from, options, engine.readRunVariables, sourceNotes);
    const source: ReplaySource = {
      name: `run ${id}`,
      history,
      hasResponses: true,
      filter: KEEP_DATA,
      prepareStore: async (target, at) => {
        const copy = await copyForRuns(store, target, runs, at, (seeds) =>
          properties === null ? seeds : changeProperties(seeds, keys, properties),
        );
        return begin === undefined ? copy : keepBatches(store, copy, begin.batchedRuns);
      },
    };
    let kept: string | null = null;
    const replay = await replayTriggers(
      project,
      begin === undefined ? source : { ...source, begin },
      context,
      async (copy, names) => {
        const newId = [...names].find(([, name]) => name === first.run.id)?.[0];
        if (keep !== undefined && newId !== undefined) kept = await keep(copy, newId, first.run.id);
      },
    );
    const ids = new Set(selected.map(({ run }) => run.id));
    const failure = replay.failures.find(({ trigger }) => ids.has(trigger.name));
    if (failure !== undefined) throw failure.error;
    const deleted = [...keys].find((key) => replay.unidentified.has(key));
    if (deleted !== undefined)
      throw new KnockError(
        "conflict",
        `the recipient "${formatRecipient(toRecipientReference(deleted))}" was deleted since the run`,
        {
          hint: "Identify the recipient again, for example with `knock users set`.",
        },
      );
    const startedAt = begin?.at ?? Number.NEGATIVE_INFINITY;
    const isSelected = ({ trigger, recipient, at }: SentMessage): boolean => {
      const key = toRecipientKey(recipient);
      const known = history.unknownFrom.get(toRunKey(trigger, key)) ?? Number.POSITIVE_INFINITY;
      return trigger !== null && ids.has(trigger) && keys.has(key) && at >= startedAt && at < known;
    };
    const name = revision?.name ?? "the current files";
    const before = history.messages ?? [];
    const comparison = buildReplayReport(
      {
        source: source.name,
        triggers: runs.history.triggers.filter((trigger) => ids.has(trigger.name)),
        before: { name: "the original run", messages: before.filter(({ at }) => at >= startedAt), isRecorded: true },
        after: { name, messages: replay.messages.filter(isSelected), isRecorded: false },
        rejected: [],
        notes: sourceNotes,
        filter: KEEP_DATA,
      },
      { tolerance: skipsDelays ? Number.POSITIVE_INFINITY : RECORDED_TOLERANCE_MS, comparesContent: true },
    );
    const findAfter = ({ run, recipientRun }: StoredRun): ReplayedRun | undefined =>
      replay.runs.find(({ trigger, recipient }) => trigger === run.id && recipient === recipientRun.recipient);
    const { recipients, notes, summary } = comparison;
    return {
      workflow_run_id: first.run.id,
      workflow: first.run.workflow,
      files: name,
      from,
      kept_workflow_run_id: kept,
      steps: selected.flatMap((run) => compareSteps(run, findAfter(run), from)),
      recipients,
      notes,
      summary,
    };
  } finally {
    revision?.close();
  }
}
