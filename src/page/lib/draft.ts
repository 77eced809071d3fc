import { isObject, type Json, type JsonObject } from "./json.js";
import { sampleOf } from "./schema.js";
import { recipientOf, recipientText } from "./words.js";

export interface Workflow {
  key: string;
  name: string;
  categories: string[];
  active: boolean;
  /** Types of its steps, those of channel steps by their channel. */
  steps: string[];
  schema: JsonObject | null;
  /** Why it cannot be read; null: it can. */
  error: string | null;
}

/** What the form holds. */
export interface Draft {
  /** Each as `recipientOf` reads it. */
  recipients: string[];
  actor: string;
  tenant: string;
  cancellationKey: string;
  skipDelays: boolean;
  /** Whose files it runs; "": the main ones. */
  branch: string;
  data: Json;
}

export function sampleData(workflow: Workflow): Json {
  return workflow.schema === null ? {} : sampleOf(workflow.schema, workflow.schema);
}

export function newDraft(workflow: Workflow): Draft {
  return {
    recipients: [],
    actor: "",
    tenant: "",
    cancellationKey: "",
    skipDelays: false,
    branch: "",
    data: sampleData(workflow),
  };
}

/** What triggers a recipient run's workflow as it was, for its recipient alone. */
export function draftOf({ recipient, actor, tenant, trigger_source, branch, data }: JsonObject): Draft {
  const { cancellation_key: key } = isObject(trigger_source) ? trigger_source : {};
  return {
    recipients: [recipientText(recipient)],
    actor: actor ? recipientText(actor) : "",
    tenant: tenant ? String(tenant) : "",
    cancellationKey: key ? String(key) : "",
    skipDelays: false,
    branch: branch ? String(branch) : "",
    data: data ?? {},
  };
}

/** The body that a trigger's request has; what is empty is left out. */
export function payloadOf({ recipients, actor, tenant, cancellationKey, skipDelays, data }: Draft): JsonObject {
  return {
    recipients: recipients.map(recipientOf),
    ...(actor === "" ? {} : { actor: recipientOf(actor) }),
    ...(tenant === "" ? {} : { tenant }),
    ...(cancellationKey === "" ? {} : { cancellation_key: cancellationKey }),
    ...(skipDelays ? { settings: { skip_delay: true } } : {}),
    data,
  };
}

const quoted = (text: string): string => (/^[\w@.,/+:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** The same as a command, to paste into a terminal or a script. */
export function commandOf(workflow: string, draft: Draft): string {
  const data = isObject(draft.data) && Object.keys(draft.data).length > 0 ? JSON.stringify(draft.data) : "";
  const inline = draft.recipients.filter((one) => one.startsWith("{"));
  const known = draft.recipients.filter((one) => !inline.includes(one));
  const users = known.filter((one) => !one.includes("/"));
  const flags: [name: string, value: string][] = [
    ["--recipients", users.join(",")],
    ...inline.map((one): [string, string] => ["--recipients", one]),
    ...known.filter((one) => one.includes("/")).map((one): [string, string] => ["--object", one]),
    ["--actor", draft.actor],
    ["--tenant", draft.tenant],
    ["--cancellation-key", draft.cancellationKey],
    ["--data", data],
    ["--branch", draft.branch],
  ];
  const said = flags.filter(([, value]) => value !== "").map(([name, value]) => `${name} ${quoted(value)}`);
  return ["knock notify", quoted(workflow), ...said, ...(draft.skipDelays ? ["--skip-delay"] : [])].join(" ");
}
