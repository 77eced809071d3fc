import type { RecipientKey } from "../domain/recipient/recipient.js";
import type { Reason, StepOutcome } from "../domain/run/outcome.js";
import type { KnockError } from "../errors/knock-error.js";
import type { Store } from "../ports/store.js";
import type { Project } from "../project/open-project.js";
import { openReplayEngine } from "./open-replay-engine.js";
import { createRootFinder, readRuns, readSentMessages, toReplayedRun } from "./read-runs.js";
import { createRecordedAnswers } from "./recorded-answers.js";
import type { RecordedTrigger, SentMessage } from "./recorded-history.js";
import { runTriggers } from "./run-triggers.js";
import type { ReplayContext, ReplaySource } from "./trigger-sources.js";

/** How a recipient run of a replay went. */
export interface ReplayedRun {
  /** The name of the trigger that led to it; null if a schedule or an audience did. */
  trigger: string | null;
  workflow: string;
  recipient: RecipientKey;
  /** The reason why the run ended before any step, or null. */
  reason: Reason | null;
  steps: readonly StepOutcome[];
}

interface TriggerReplay {
  messages: SentMessage[];
  runs: ReplayedRun[];
  /** The triggers that the files rejected. */
  failures: { trigger: RecordedTrigger; error: KnockError }[];
  /** Recipients that were never identified when they were triggered. */
  unidentified: ReadonlySet<RecipientKey>;
}

/** Runs the triggers of a source against the files of a project, in a new store in memory, which `inspect` reads at the end. */
export async function replayTriggers(
  project: Project,
  { history, hasResponses, countedWorkflows, begin, filter, prepareStore }: ReplaySource,
  { io, warn, setProgress }: ReplayContext,
  inspect?: (store: Store, names: ReadonlyMap<string, string>) => Promise<void>,
): Promise<TriggerReplay> {
  const { operations, store } = await openReplayEngine(project, io, {
    hasResponses,
    prepareStore: (created) => prepareStore(created, begin?.at ?? history.triggers[0]?.at ?? 0, project),
    answers: createRecordedAnswers(history),
    warn: (text) => warn(filter.filterText(text)),
  });
  try {
    const { names, failures, unidentified } = await runTriggers(operations, history, {
      store,
      begin,
      signal: io.signal,
      onProgress: (done, total) => setProgress(`replaying: ${done} of ${total} actions done`),
    });
    const stored = await readRuns(store, null, toReplayedRun);
    const findRoot = createRootFinder(stored);
    const getTriggerName = (id: string): string | null | undefined =>
      history.ignoresStepRuns && findRoot(id) !== id ? undefined : (names.get(findRoot(id)) ?? null);
    const { messages } = await readSentMessages(store, { getTriggerName, since: null, countedWorkflows });
    const runs = stored.map(({ run, recipientRun: { recipient, reason, steps } }) => ({
      trigger: getTriggerName(run.id) ?? null,
      workflow: run.workflow,
      recipient,
      reason,
      steps,
    }));
    await inspect?.(store, names);
    return { messages, runs, failures, unidentified };
  } finally {
    await operations.close();
  }
}
