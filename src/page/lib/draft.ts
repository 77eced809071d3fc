import { formatRecipient } from "../../domain/recipient/recipient.js";
import type { WorkflowOutline } from "../../domain/workflow/workflow-outline.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { parseRecipient } from "./labels.js";
import { buildSample } from "./schema.js";

export interface Workflow {
  key: string;
  name: string;
  categories: string[];
  active: boolean;
  /** The types of its steps; the channel type for channel steps. */
  steps: string[];
  schema: JsonObject | null;
  /** Null if the workflow is invalid. */
  outline: WorkflowOutline | null;
  /** The reason why the workflow is invalid; null if it is valid. */
  error: string | null;
}

/** The input of the trigger form. */
export interface Draft {
  /** Each in a format that `parseRecipient` reads. */
  recipients: string[];
  actor: string;
  tenant: string;
  cancellationKey: string;
  skipDelays: boolean;
  /** The branch whose files are used; empty for the main files. */
  branch: string;
  data: Json;
}

export function buildWorkflowSample(workflow: Workflow): Json {
  return workflow.schema === null ? {} : buildSample(workflow.schema, workflow.schema);
}

export function createDraft(workflow: Workflow): Draft {
  return {
    recipients: [],
    actor: "",
    tenant: "",
    cancellationKey: "",
    skipDelays: false,
    branch: "",
    data: buildWorkflowSample(workflow),
  };
}

/** Returns a draft that triggers a recipient run's workflow again with the same input, for its recipient only. */
export function createDraftFromRun({ recipient, actor, tenant, trigger_source, branch, data }: JsonObject): Draft {
  const { cancellation_key: key } = isJsonObject(trigger_source) ? trigger_source : {};
  return {
    recipients: [formatRecipient(recipient)],
    actor: actor ? formatRecipient(actor) : "",
    tenant: tenant ? String(tenant) : "",
    cancellationKey: key ? String(key) : "",
    skipDelays: false,
    branch: branch ? String(branch) : "",
    data: data ?? {},
  };
}

/** Returns the body of the trigger request. Empty values are omitted. */
export function buildPayload({ recipients, actor, tenant, cancellationKey, skipDelays, data }: Draft): JsonObject {
  return {
    recipients: recipients.map(parseRecipient),
    ...(actor === "" ? {} : { actor: parseRecipient(actor) }),
    ...(tenant === "" ? {} : { tenant }),
    ...(cancellationKey === "" ? {} : { cancellation_key: cancellationKey }),
    ...(skipDelays ? { settings: { skip_delay: true } } : {}),
    data,
  };
}

const quoteForShell = (text: string): string =>
  /^[\w@.,/+:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** Returns the trigger as a command for a terminal or script. */
export function formatCommand(workflow: string, draft: Draft): string {
  const data = isJsonObject(draft.data) && Object.keys(draft.data).length > 0 ? JSON.stringify(draft.data) : "";
  const inline = draft.recipients.filter((recipient) => recipient.startsWith("{"));
  const known = draft.recipients.filter((recipient) => !inline.includes(recipient));
  const users = known.filter((recipient) => !recipient.includes("/"));
  const flags: [name: string, value: string][] = [
    ["--recipients", users.join(",")],
    ...inline.map((recipient): [string, string] => ["--recipients", recipient]),
    ...known
      .filter((recipient) => recipient.includes("/"))
      .map((recipient): [string, string] => ["--object", recipient]),
    ["--actor", draft.actor],
    ["--tenant", draft.tenant],
    ["--cancellation-key", draft.cancellationKey],
    ["--data", data],
    ["--branch", draft.branch],
  ];
  const flagTexts = flags.filter(([, value]) => value !== "").map(([name, value]) => `${name} ${quoteForShell(value)}`);
  return ["knock notify", quoteForShell(workflow), ...flagTexts, ...(draft.skipDelays ? ["--skip-delay"] : [])].join(
    " ",
  );
}
