import { findRecipientRunId } from "../domain/run/message-outcomes.js";
import type { TriggerOutcome } from "../domain/run/outcome.js";
import { KnockError } from "../errors/knock-error.js";
import { isUuid } from "../util/ids.js";
import type { Json, JsonObject } from "../util/json.js";
import type { ApiClient } from "./api-client.js";
import { buildTriggerOutcome } from "./build-remote-outcome.js";
import { findMessages } from "./find-messages.js";
import { findRunByMessages, findRuns } from "./find-runs.js";
import { readRunDetail } from "./read-run-detail.js";

/**
 * Reads the workflow run with this id, or returns null. It is found through its messages, which can be listed by workflow
 * run, or otherwise among the newest recipient runs. Throws `resource_missing`, with an alternative, if those do not reach far
 * enough.
 */
export async function readRemoteWorkflowRun(client: ApiClient, id: string): Promise<TriggerOutcome | null> {
  if (!isUuid(id)) return null;
  const runs = new Map<string, JsonObject>();
  const events = new Map<string, Json[]>();
  const messages = await findMessages(client, { workflow_run_id: id });
  const first = await findRunByMessages(client, messages, runs);
  if (first !== null) runs.set(first.id as string, first);
  else if ((await readRunDetail(client, id)) !== null) return null; // it is the id of a recipient run
  const workflow = first === null ? null : (first.workflow as string);
  const { runs: listedRuns, isComplete } = await findRuns(client, { workflow_run_id: id, workflow, known: runs });
  for (const run of listedRuns.reverse()) runs.set(run.id as string, run);
  if (runs.size === 0) {
    if (isComplete) return null;
    throw new KnockError("resource_missing", `no run of ${id} is among the newest recipient runs, and no message`, {
      hint: "The API finds older runs by recipient run only: `knock runs list --workflow <key>`, then `knock runs show <recipient run id>`.",
    });
  }
  for (const runId of runs.keys()) {
    const detail = await readRunDetail(client, runId);
    if (detail !== null) events.set(runId, detail.events);
  }
  const reportedRuns = [...runs].map(([runId, run]) => ({
    run,
    events: events.get(runId) ?? null,
    messages: messages.filter((message) => findRecipientRunId(message) === runId),
  }));
  return buildTriggerOutcome({ workflow_run_id: id, workflow: reportedRuns[0]?.run.workflow as string }, reportedRuns);
}
