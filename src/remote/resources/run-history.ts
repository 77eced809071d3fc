import type { RunHistory } from "../../ports/run-history.js";
import { toIsoTime } from "../../util/iso-time.js";
import { isJsonObject } from "../../util/json.js";
import type { ApiClient } from "../api-client.js";
import { listPage } from "../list-page.js";
import { nullIfMissing, readRunDetail } from "../read-run-detail.js";
import { findMessages } from "../remote-messages.js";
import { buildPath, readResource } from "./resource-requests.js";

/** Limits the activities of a message. A larger batch is known only in part. */
const MAX_ACTIVITIES = 1_000;

/** Creates the operations that read past runs. */
export function createRemoteHistory(client: ApiClient): RunHistory {
  return {
    async listRuns({ workflow, starting_at, ending_at }, limit) {
      const query = { workflow, starting_at: toIsoTime(starting_at), ending_at: toIsoTime(ending_at) };
      const { items, page_info } = await listPage(client, "/v1/workflow_recipient_runs", query, { limit });
      return { runs: items, hasMore: page_info.after !== null };
    },
    readRun: (id) => readRunDetail(client, id),
    listMessages: (workflowRunId) => findMessages(client, { workflow_run_id: workflowRunId }),
    async readContent(messageId) {
      const content = await readResource(client, buildPath("messages", messageId, "content"), ["message_id"]);
      return isJsonObject(content?.data) ? content.data : null;
    },
    async readActivities(messageId) {
      const path = buildPath("messages", messageId, "activities");
      const page = await nullIfMissing(listPage(client, path, {}, { limit: MAX_ACTIVITIES }));
      return page === null ? [] : page.items;
    },
  };
}
