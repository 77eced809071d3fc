import { openReplayEngine } from "../../comparison/open-replay-engine.js";
import { createRecordedAnswers } from "../../comparison/recorded-answers.js";
import { runTriggers } from "../../comparison/run-triggers.js";
import { openStore } from "../../context/open-store.js";
import { hasStore } from "../../context/store-location.js";
import { collectRecipientKeys } from "../../domain/trigger/trigger.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { buildRecipientOutcome } from "../../engine/run/build-trigger-outcome.js";
import type { StoredRun } from "../../ports/run-store.js";
import type { Seed } from "../../ports/seed-store.js";
import type { Store } from "../../ports/store.js";
import type { Project } from "../../project/open-project.js";
import type { ReproducibleRun, ScenarioContext } from "./build-scenario.js";
import type { RecordedRun } from "./describe-deviations.js";
import { copyForRuns, type RunHistory, readRunHistory } from "./read-run-history.js";
import { type GivenRecipients, joinSeeds } from "./write-recipients.js";

/** Limits the activities of a batch in a scenario, because people read it. */
const MAX_ACTIVITIES = 40;

/** Returns a project whose files have the version of a workflow that a run used. */
function useVersion(project: Project, version: Workflow): Project {
  return { ...project, workflow: async (key) => (key === version.key ? version : project.workflow(key)) };
}

/** Returns the recipients that the runs of a history read, found by running them again. */
async function findNeededRecipients(
  store: Store,
  runs: RunHistory,
  { project, io }: Pick<ScenarioContext, "project" | "io">,
): Promise<GivenRecipients> {
  const seeds: Seed[] = [];
  const { history, subscriptions } = runs;
  const at = history.triggers[0]?.at ?? 0;
  const { operations, store: copy } = await openReplayEngine(project, io, {
    hasResponses: true,
    prepareStore: (created) =>
      copyForRuns(store, created, runs, at, (copied) => {
        seeds.push(...copied);
        return copied;
      }),
    answers: createRecordedAnswers(history),
    warn: () => {},
  });
  try {
    await runTriggers(operations, history, { store: copy, signal: io.signal, onProgress: () => {} });
    // A trigger that today's files reject reads no one.
    await copy.readRecipients(
      history.triggers.flatMap(({ trigger }) => collectRecipientKeys({ ...trigger, tenant: null })),
    );
    const { recipients, audiences } = joinSeeds(seeds);
    return { recipients, audiences, subscriptions: [...subscriptions] };
  } finally {
    await operations.close();
  }
}

/** Reads the outcomes of the steps of a run, with the current status of its messages. */
async function readOutcome(store: Store, { run, recipientRun }: StoredRun): Promise<RecordedRun> {
  const ids = recipientRun.steps.flatMap(({ message_id, message_ids }) => message_ids ?? message_id ?? []);
  const messages = new Map((await store.readMessages(ids)).map((message) => [message.id, message]));
  return {
    trigger: run.id,
    recipient: recipientRun.recipient,
    steps: buildRecipientOutcome(recipientRun, messages).steps,
  };
}

/** Reads what reproduces a run of a store. Returns null for an unknown ID. */
export async function readStoreRun(
  store: Store,
  id: string,
  context: Pick<ScenarioContext, "project" | "io">,
): Promise<ReproducibleRun | null> {
  const runs = await readRunHistory(store, id, MAX_ACTIVITIES);
  const [first] = runs?.selected ?? [];
  if (runs === null || first === undefined) return null;
  const { selected, history } = runs;
  return {
    id: first.run.id,
    workflow: first.run.workflow,
    recipients: selected.map(({ recipientRun }) => recipientRun.recipient),
    history,
    given: await findNeededRecipients(store, runs, { ...context, project: useVersion(context.project, first.version) }),
    version: first.version,
    recorded: await Promise.all(selected.map((stored) => readOutcome(store, stored))),
  };
}

/** Reads what reproduces a run of the store at a location. The store is opened for reading only. */
export async function readLocalRun(
  location: string,
  id: string,
  context: Pick<ScenarioContext, "project" | "io">,
): Promise<ReproducibleRun | null> {
  if (!hasStore(location)) return null;
  const store = await openStore(location, { readOnly: true });
  try {
    return await readStoreRun(store, id, context);
  } finally {
    await store.close();
  }
}
