import type { EngagementAction } from "../domain/message/message.js";
import { splitRecipientKey, toRecipientReference, USERS } from "../domain/recipient/recipient.js";
import { findRecipientRunId } from "../domain/run/message-outcomes.js";
import type { CancelOutcome, TriggerOutcome } from "../domain/run/outcome.js";
import {
  buildApiHeaders,
  buildTriggerRequest,
  createIdempotencyKey,
  encodePathSegment,
} from "../domain/trigger/api-request.js";
import type { Cancellation, Trigger } from "../domain/trigger/trigger.js";
import { KnockError } from "../errors/knock-error.js";
import type { RunFilter } from "../ports/filters.js";
import type { Operations, TriggerOptions } from "../ports/operations.js";
import type { Paged, PageRequest } from "../ports/page-request.js";
import type { ResourceOperations } from "../ports/resource-operations.js";
import { isUuid } from "../util/ids.js";
import type { Json, JsonObject } from "../util/json.js";
import { type ApiClient, type ApiClientOptions, createApiClient } from "./api-client.js";
import { buildStepOutcomes, buildTriggerOutcome } from "./build-remote-outcome.js";
import { findRunByMessages, findRuns } from "./find-runs.js";
import { followRuns } from "./follow-runs.js";
import { checkHeaderValue } from "./header-value.js";
import { listPage, type Query } from "./list-page.js";
import { readRunDetail } from "./read-run-detail.js";
import { findMessages, listRemoteMessages, readRemoteDeliveryLogs, readRemoteMessage } from "./remote-messages.js";

/**
 * Reads the workflow run with this id, or returns null. It is found through its messages, which can be listed by workflow
 * run, or otherwise among the newest recipient runs. Throws `resource_missing`, with an alternative, if those do not reach far
 * enough.
 */
async function readRemoteWorkflowRun(client: ApiClient, id: string): Promise<TriggerOutcome | null> {
  if (!isUuid(id)) return null;
  const runs = new Map<string, JsonObject>();
  const events = new Map<string, Json[]>();
  const messages = await findMessages(client, { workflow_run_id: id });
  const first = await findRunByMessages(client, messages, runs);
  if (first !== null) runs.set(first.id, first);
  else if ((await readRunDetail(client, id)) !== null) return null; // it is the id of a recipient run
  const workflow = first === null ? null : first.workflow;
  const { runs: listedRuns, isComplete } = await findRuns(client, { workflow_run_id: id, workflow, known: runs });
  for (const run of listedRuns.reverse()) runs.set(run.id, run);
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

export { readProxySettings } from "./http/proxy-settings.js";

/** The operations that `knock notify` does not need. They are in another bundle. */
interface ResourceModule {
  createRemoteResources(client: ApiClient): ResourceOperations;
  markRemoteMessages(
    client: ApiClient,
    ids: readonly string[],
    action: EngagementAction,
    metadata: JsonObject | null,
  ): Promise<JsonObject[]>;
}

export interface RemoteOptions extends ApiClientOptions {
  loadResources(): Promise<ResourceModule>;
}

/** Opens the hosted API, or a server with the same API. Throws `usage` or `authentication` for invalid options. */
export function openRemote(options: RemoteOptions): Operations {
  const client = createApiClient(options);
  return {
    target: "remote",
    triggerWorkflow: (trigger, { idempotency_key }) => triggerWorkflow(client, options, trigger, { idempotency_key }),
    awaitOutcome: (outcome, wait) => followRuns(client, outcome, wait),
    cancelWorkflow: (cancellation) => cancelWorkflow(client, options, cancellation),
    readWorkflowRun: (id) => readRemoteWorkflowRun(client, id),
    readRecipientRun: (id) => readRecipientRun(client, id),
    listRecipientRuns: (filter, page) => listRecipientRuns(client, filter, page),
    readMessage: (id) => readRemoteMessage(client, id),
    readDeliveryLogs: (id) => readRemoteDeliveryLogs(client, id),
    listMessages: (filter, page) => listRemoteMessages(client, filter, page),
    async markMessages(ids, action, metadata = null) {
      const { markRemoteMessages } = await options.loadResources();
      return markRemoteMessages(client, ids, action, metadata);
    },
    openResources: async () => (await options.loadResources()).createRemoteResources(client),
    close: () => client.close(),
  };
}

/**
 * Triggers a workflow. Always sends an idempotency key, the same for every attempt, so that a lost response cannot
 * trigger twice.
 */
async function triggerWorkflow(
  client: ApiClient,
  { apiKey, branch, userAgent }: ApiClientOptions,
  trigger: Trigger,
  { idempotency_key }: TriggerOptions,
): Promise<TriggerOutcome> {
  checkHeaderValue(idempotency_key ?? "", "idempotency key");
  const request = buildTriggerRequest(trigger, {
    apiKey,
    branch,
    userAgent,
    idempotency_key: idempotency_key ?? createIdempotencyKey(),
  });
  const response = await client.send(request);
  const body = client.responseReader.readObject(response, "workflow_run_id");
  if (!isUuid(body.workflow_run_id))
    throw client.responseReader.createInvalidResponseError(response, 'its "workflow_run_id" is not a UUID');
  return {
    workflow_run_id: body.workflow_run_id,
    workflow: trigger.workflow,
    target: "remote",
    cancellation_key: trigger.cancellation_key,
    recipients: null,
    summary: null,
    ...(response.headers["idempotent-replayed"] === "true" ? { replayed: true } : {}),
  };
}

/** Cancels a workflow. The API only accepts the request, whatever it matches, so a repeat is harmless. */
async function cancelWorkflow(
  client: ApiClient,
  options: ApiClientOptions,
  cancellation: Cancellation,
): Promise<CancelOutcome> {
  const { workflow, cancellation_key, recipients } = cancellation;
  await client.send({
    method: "POST",
    path: `/v1/workflows/${encodePathSegment(workflow)}/cancel`,
    headers: buildApiHeaders(options, true),
    body: { cancellation_key, ...(recipients === null ? {} : { recipients: recipients.map(toRecipientReference) }) },
  });
  return { workflow, cancellation_key, target: "remote", recipients: null, summary: null };
}

/** Reads a recipient run, with the steps in its events and messages. */
async function readRecipientRun(client: ApiClient, id: string): Promise<JsonObject | null> {
  if (!isUuid(id)) return null;
  const run = await readRunDetail(client, id);
  if (run === null) return null;
  const messages = await findMessages(client, { workflow_recipient_run_id: id });
  return { ...run, steps: buildStepOutcomes({ run, events: run.events, messages }) };
}

/** Lists recipient runs. The API has no filter by workflow run, so its runs are selected here. */
function listRecipientRuns(client: ApiClient, filter: RunFilter, page: PageRequest): Promise<Paged<JsonObject>> {
  const { workflow_run_id: workflowRunId } = filter;
  const query: Query = {
    workflow: filter.workflow,
    "status[]": filter.status,
    tenant: filter.tenant,
    ...buildRecipientQuery(filter),
  };
  const isOfWorkflowRun =
    workflowRunId === undefined ? null : (run: JsonObject) => run.workflow_run_id === workflowRunId;
  return listPage(client, "/v1/workflow_recipient_runs", query, page, isOfWorkflowRun);
}

/** Returns the query for a recipient: an id, or brackets for an object. */
function buildRecipientQuery({ recipient }: RunFilter): Query {
  if (recipient === undefined) return {};
  const { collection, id } = splitRecipientKey(recipient);
  return collection === USERS ? { recipient: id } : { "recipient[id]": id, "recipient[collection]": collection };
}
