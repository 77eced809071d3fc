import type { Message } from "../../domain/message/message.js";
import type { StoredRun } from "../../ports/run-store.js";
import type { Store } from "../../ports/store.js";
import { createKsuid, createUuidV5, systemIds } from "../../util/ids.js";
import { MAX_RUNS } from "./select-related-runs.js";

const PAGE_SIZE = 100;

/** The other effects of a trigger, for one that only copies runs and messages. */
export const NO_EFFECTS = {
  batches: new Map(),
  upserts: [],
  triggers: [],
  frequencyRecords: [],
  throttles: [],
  unidentified: [],
};

/** Returns a value with other IDs. An ID is long enough not to be a part of other texts. */
function replaceIds<T>(value: T, ids: ReadonlyMap<string, string>): T {
  let text = JSON.stringify(value);
  for (const [before, after] of ids) text = text.replaceAll(before, after);
  return JSON.parse(text) as T;
}

async function readMessages(copy: Store, runs: readonly StoredRun[]): Promise<Message[]> {
  const messages: Message[] = [];
  for (const { recipientRun } of runs) {
    const { items } = await copy.listMessages({ recipient_run_id: recipientRun.id }, { limit: PAGE_SIZE });
    messages.push(...items.reverse());
  }
  return messages;
}

/**
 * Stores runs of a copy as a new workflow run in sandbox mode, marked as a rerun. Its messages were not sent, so their status is
 * `not_sent`. Returns its ID.
 */
export async function keepRerun(copy: Store, store: Store, workflowRunId: string, originalId: string): Promise<string> {
  const listed = await copy.listRecipientRuns({ workflow_run_id: workflowRunId }, { limit: MAX_RUNS });
  const runs = listed.items.reverse();
  const [first] = runs;
  if (first === undefined) throw new Error("the rerun has no run to keep");
  const messages = await readMessages(copy, runs);
  const newId = systemIds.uuid();
  const ids = new Map([
    [workflowRunId, newId],
    ...runs.map(({ recipientRun: { id } }): [string, string] => [id, createUuidV5(newId, id)]),
    ...messages.map(({ id, inserted_at }): [string, string] => [
      id,
      createKsuid(inserted_at, systemIds.ksuidPayload()),
    ]),
  ]);
  const sent = messages.map((message): Message => ({ ...message, status: "not_sent", due_at: null }));
  const run = {
    ...first.run,
    trigger_source: { type: "rehearsal" as const, rerun_of: originalId },
    settings: { ...first.run.settings, sandbox_mode: true },
  };
  const recipientRuns = runs.map(({ recipientRun }) => recipientRun);
  const {
    recipientRuns: ownRuns,
    messages: ownMessages,
    run: ownRun,
  } = replaceIds({ recipientRuns, messages: sent, run: { ...run, trigger_source: null } }, ids);
  await store.insertWorkflowRun(
    {
      ...NO_EFFECTS,
      run: { ...ownRun, trigger_source: run.trigger_source },
      version: first.version,
      recipientRuns: ownRuns,
      messages: ownMessages,
      idempotency: null,
      fanOut: null,
    },
    0,
  );
  return newId;
}
