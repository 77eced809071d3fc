import { formatDeliveryStatus } from "../domain/message/message.js";
import { formatRecipient } from "../domain/recipient/recipient.js";
import type { LocalOperations } from "../ports/operations.js";
import type { PageRequest } from "../ports/page-request.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import type { ObservedMessage, ObservedRun } from "./observed.js";

const PAGE_SIZE = 50;

type ReadPage = (page: PageRequest) => Promise<{
  items: JsonObject[];
  page_info: { after: string | null };
}>;

/** Reads all pages of a list that is newest first. Returns the items oldest first. */
async function readAll(readPage: ReadPage): Promise<JsonObject[]> {
  const items: JsonObject[] = [];
  let after: string | null = null;
  do {
    const page = await readPage(after === null ? { limit: PAGE_SIZE } : { limit: PAGE_SIZE, after });
    items.push(...page.items);
    after = page.page_info.after;
  } while (after !== null);
  return items.reverse();
}

function toObservedMessage(message: JsonObject): ObservedMessage {
  const source = isJsonObject(message.source) ? message.source : {};
  const channel = isJsonObject(message.channel) ? message.channel : {};
  const content = isJsonObject(message.content) ? message.content.data : null;
  return {
    id: String(message.id),
    to: formatRecipient(message.recipient),
    channel: { key: String(channel.key), type: String(channel.type) },
    step: String(source.step_ref),
    workflow: String(message.workflow),
    tenant: message.tenant === null ? null : String(message.tenant),
    status: formatDeliveryStatus(String(message.status)),
    engagement: Array.isArray(message.engagement_statuses) ? message.engagement_statuses.map(String) : [],
    at: String(message.inserted_at),
    content: isJsonObject(content) ? content : {},
  };
}

/** Returns messages with their content, in the order of their IDs. */
export async function readObservedMessages(
  operations: LocalOperations,
  ids: readonly string[],
): Promise<ObservedMessage[]> {
  return ids.length === 0 ? [] : (await operations.readMessages(ids)).map(toObservedMessage);
}

/** Returns all messages with their content, oldest first. */
export async function readAllMessages(operations: LocalOperations): Promise<ObservedMessage[]> {
  return readObservedMessages(operations, await operations.listMessageIds(null));
}

/** Returns the recipient runs of all workflows, oldest first. */
export function listRecipientRuns(operations: LocalOperations): Promise<JsonObject[]> {
  return readAll((page) => operations.listRecipientRuns({}, page));
}

/** Returns the recipient runs of all workflow runs, or of those with the IDs, oldest first. */
export async function readObservedRuns(
  operations: LocalOperations,
  workflowRunIds?: readonly string[],
): Promise<ObservedRun[]> {
  const ids = workflowRunIds ?? (await listRecipientRuns(operations)).map((run) => String(run.workflow_run_id));
  const runs: ObservedRun[] = [];
  for (const id of new Set(ids)) {
    const outcome = await operations.readWorkflowRun(id);
    for (const recipient of outcome?.recipients ?? []) runs.push({ ...recipient, workflow: outcome?.workflow ?? "" });
  }
  return runs;
}
