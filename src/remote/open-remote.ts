import { splitRecipientKey, toRecipientReference, USERS } from "../domain/recipient/recipient.js";
import type { CancelOutcome, TriggerOutcome } from "../domain/run/outcome.js";
import {
  buildApiHeaders,
  buildTriggerRequest,
  createIdempotencyKey,
  encodePathSegment,
} from "../domain/trigger/api-request.js";
import type { Cancellation, Trigger } from "../domain/trigger/trigger.js";
import type { RunFilter } from "../ports/filters.js";
import type { Operations, TriggerOptions } from "../ports/operations.js";
import type { Paged, PageRequest } from "../ports/page-request.js";
import { isUuid } from "../util/ids.js";
import type { JsonObject } from "../util/json.js";
import { type ApiClient, type ApiClientOptions, createApiClient } from "./api-client.js";
import { buildStepOutcomes } from "./build-remote-outcome.js";
import { findMessages } from "./find-runs.js";
import { followRuns } from "./follow-runs.js";
import { checkHeaderValue } from "./header-value.js";
import { listPage, type Query } from "./list-page.js";
import { readRemoteWorkflowRun } from "./read-remote-workflow-run.js";
import { readRunDetail } from "./read-run-detail.js";
import {
  listRemoteMessages,
  markRemoteMessages,
  readRemoteDeliveryLogs,
  readRemoteMessage,
} from "./remote-messages.js";

export { readProxySettings as proxySettingsOf } from "./open-connection.js";

/** The hosted API, or whatever answers like it. Throws `usage` or `authentication` for options that cannot be used. */
export function openRemote(options: ApiClientOptions): Operations {
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
    markMessages: (ids, action, metadata) => markRemoteMessages(client, ids, action, metadata),
    close: () => client.close(),
  };
}

/** A key always goes along, the same on every try, so that a lost answer cannot trigger twice. */
async function triggerWorkflow(
  client: ApiClient,
  options: ApiClientOptions,
  trigger: Trigger,
  { idempotency_key }: TriggerOptions,
): Promise<TriggerOutcome> {
  checkHeaderValue(idempotency_key ?? "", "idempotency key");
  const request = buildTriggerRequest(trigger, {
    ...options,
    idempotency_key: idempotency_key ?? createIdempotencyKey(),
  });
  const answer = await client.send(request);
  const body = client.responseReader.readObject(answer, "workflow_run_id");
  if (!isUuid(body.workflow_run_id as string))
    throw client.responseReader.createInvalidResponseError(answer, 'its "workflow_run_id" is no UUID');
  return {
    workflow_run_id: body.workflow_run_id as string,
    workflow: trigger.workflow,
    target: "remote",
    cancellation_key: trigger.cancellation_key,
    recipients: null,
    summary: null,
    ...(answer.headers["idempotent-replayed"] === "true" ? { replayed: true } : {}),
  };
}

/** accepted only, whatever it matches, so that a repeat is harmless. */
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

/** A-316, with the steps its events and messages tell of. */
async function readRecipientRun(client: ApiClient, id: string): Promise<JsonObject | null> {
  if (!isUuid(id)) return null;
  const run = await readRunDetail(client, id);
  if (run === null) return null;
  const messages = await findMessages(client, { workflow_recipient_run_id: id });
  return { ...run, steps: buildStepOutcomes({ run, events: run.events, messages }) as unknown as JsonObject[] };
}

/** The API has no filter by workflow run: those runs are picked out here. */
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

/** A reference in a query: an id, or brackets. */
function buildRecipientQuery({ recipient }: RunFilter): Query {
  if (recipient === undefined) return {};
  const { collection, id } = splitRecipientKey(recipient);
  return collection === USERS ? { recipient: id } : { "recipient[id]": id, "recipient[collection]": collection };
}
