import { formatRecipient } from "../../domain/recipient/recipient.js";
import { parseCancellation, parseTrigger } from "../../domain/trigger/parse-trigger.js";
import {
  ACTION_PARAMETERS,
  type ActionType,
  findValueAtPath,
  LITERAL_PARAMETERS,
  type SourceMapping,
  type SourceRequest,
} from "../../domain/trigger/source.js";
import type { ActionOutcome } from "../../domain/trigger/source-receipt.js";
import { MAX_RECIPIENTS } from "../../domain/trigger/trigger-schema.js";
import { KnockError } from "../../errors/knock-error.js";
import type { LocalOperations } from "../../ports/operations.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";

function isMissing(value: Json | undefined): boolean {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

/**
 * Maps a parameter for an event (E-402, decision 18). Text is a dotted path into the event. `{ "value" }` is a literal
 * value and `{ "path" }` a path; other objects and lists are mapped recursively. Values that the event does not have
 * are left out.
 */
function mapValue(spec: Json, event: SourceRequest): Json | undefined {
  if (typeof spec === "string") return findValueAtPath(event, spec);
  if (Array.isArray(spec)) return spec.map((item) => mapValue(item, event)).filter((item) => item !== undefined);
  if (!isJsonObject(spec)) return spec;
  const keys = Object.keys(spec);
  if (keys.length === 1 && keys[0] === "value") return spec.value;
  if (keys.length === 1 && keys[0] === "path" && typeof spec.path === "string")
    return findValueAtPath(event, spec.path);
  const mappedObject: JsonObject = {};
  for (const [key, item] of Object.entries(spec)) {
    const value = mapValue(item, event);
    if (value !== undefined) mappedObject[key] = value;
  }
  return mappedObject;
}

function describeMissingValue(spec: Json | undefined): string {
  if (typeof spec === "string") return `the event has no value at "${spec}"`;
  if (isJsonObject(spec) && typeof spec.path === "string") return `the event has no value at "${spec.path}"`;
  return "the event has no value for it";
}

/**
 * Returns a mapping's parameters for an event, or an error that names the missing required ones (E-403). Text in a
 * parameter that names a workflow, audience or collection is literal.
 */
function mapParameters(
  { action_type, action_parameters }: SourceMapping,
  event: SourceRequest,
): { parameters: JsonObject } | { error: string } {
  const { required } = ACTION_PARAMETERS[action_type];
  const parameters: JsonObject = {};
  for (const [name, spec] of Object.entries(action_parameters)) {
    const value = LITERAL_PARAMETERS.has(name) && typeof spec === "string" ? spec : mapValue(spec, event);
    if (!isMissing(value)) parameters[name] = value as Json;
  }
  const missing = required.filter((name) => isMissing(parameters[name]));
  if (missing.length === 0) return { parameters };
  return {
    error: missing
      .map((name) => `${name} is required, and ${describeMissingValue(action_parameters[name])}`)
      .join("; "),
  };
}

type ActionResult = Pick<ActionOutcome, "about"> & { workflow_run_id?: string };
type Action = (operations: LocalOperations, parameters: JsonObject, event: JsonObject) => Promise<ActionResult>;

/** Returns an id as text. Throws `invalid_params` if it is neither text nor a number. */
function parseId(value: Json | undefined): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  throw new KnockError("invalid_params", `must be an id, found ${JSON.stringify(value)}`);
}

/**
 * Returns the properties of an action without `id` and `collection`. An event's object is often mapped completely, but
 * the id comes from the action's own parameter.
 */
function parseProperties({ properties }: JsonObject): JsonObject {
  if (properties === undefined) return {};
  if (isJsonObject(properties)) {
    const { id: _id, collection: _collection, ...own } = properties;
    return own;
  }
  throw new KnockError("invalid_params", `properties must be an object, found ${JSON.stringify(properties)}`);
}

function parseObjectReference({ collection, object_id }: JsonObject): { collection: string; id: string } {
  return { collection: parseId(collection), id: parseId(object_id) };
}

function toList(value: Json | undefined): Json[] {
  const list = Array.isArray(value) ? value : [value as Json];
  return list.map((item) => (typeof item === "number" ? String(item) : item));
}

function parseMember({ user_id, tenant }: JsonObject): { body: JsonObject; user: string } {
  const user = parseId(user_id);
  return { body: { members: [{ user, tenant: tenant === undefined ? null : parseId(tenant) }] }, user };
}

const ACTIONS: Record<ActionType, Action> = {
  async users_identify({ resources }, parameters) {
    const id = parseId(parameters.user_id);
    await resources.users.set(id, parseProperties(parameters));
    return { about: id };
  },
  async users_delete({ resources }, { user_id }) {
    const id = parseId(user_id);
    await resources.users.delete(id);
    return { about: id };
  },
  async objects_set({ resources }, parameters) {
    const object = parseObjectReference(parameters);
    await resources.objects.set(object.collection, object.id, parseProperties(parameters));
    return { about: formatRecipient(object) };
  },
  async objects_delete({ resources }, parameters) {
    const object = parseObjectReference(parameters);
    await resources.objects.delete(object.collection, object.id);
    return { about: formatRecipient(object) };
  },
  async tenants_set({ resources }, parameters) {
    const id = parseId(parameters.tenant_id);
    await resources.tenants.set(id, parseProperties(parameters));
    return { about: id };
  },
  async tenants_delete({ resources }, { tenant_id }) {
    const id = parseId(tenant_id);
    await resources.tenants.delete(id);
    return { about: id };
  },
  async objects_subscribe({ resources }, parameters) {
    const object = parseObjectReference(parameters);
    const body = { recipients: toList(parameters.recipients), properties: parseProperties(parameters) };
    await resources.subscriptions.add(object, body);
    return { about: formatRecipient(object) };
  },
  async objects_unsubscribe({ resources }, parameters) {
    const object = parseObjectReference(parameters);
    await resources.subscriptions.delete(object, { recipients: toList(parameters.recipients) });
    return { about: formatRecipient(object) };
  },
  async audiences_add_member({ resources }, parameters) {
    const { body, user } = parseMember(parameters);
    await resources.audiences.add(parseId(parameters.audience_key), body, { create_audience: true });
    return { about: `${String(parameters.audience_key)} ${user}` };
  },
  async audiences_remove_member({ resources }, parameters) {
    const { body, user } = parseMember(parameters);
    await resources.audiences.remove(parseId(parameters.audience_key), body);
    return { about: `${String(parameters.audience_key)} ${user}` };
  },
  async workflows_cancel(operations, parameters) {
    const workflow = parseId(parameters.workflow_key);
    const body: JsonObject = { cancellation_key: parseId(parameters.cancellation_key) };
    if (parameters.recipients !== undefined) body.recipients = toList(parameters.recipients);
    await operations.cancelWorkflow(parseCancellation(body, workflow));
    return { about: `${workflow} ${String(body.cancellation_key)}` };
  },
  async workflows_trigger(operations, parameters, event) {
    const workflow = parseId(parameters.workflow_key);
    const payload: JsonObject = { recipients: toList(parameters.recipients), data: parameters.data ?? event };
    for (const name of ["actor", "tenant"]) {
      const value = parameters[name];
      if (value !== undefined) payload[name] = typeof value === "number" ? String(value) : value;
    }
    if (parameters.cancellation_key !== undefined) payload.cancellation_key = parseId(parameters.cancellation_key);
    const { trigger } = parseTrigger(payload, workflow, "the trigger");
    // The idempotency key of an API trigger is unrelated to events (E-404). The key of an event belongs to its source
    // (E-386).
    const { workflow_run_id } = await operations.triggerWorkflow(trigger, {
      idempotency_key: null,
      source: "integration",
    });
    return { about: workflow, workflow_run_id };
  },
};

/** Describes a list of recipients that is too long to be processed; null if it is not (E-405). */
function describeTooManyRecipients({ recipients }: JsonObject): string | null {
  const count = Array.isArray(recipients) ? recipients.length : 0;
  return count > MAX_RECIPIENTS ? `${count} recipients, of at most ${MAX_RECIPIENTS}` : null;
}

/** Runs one mapping for an event. Errors are in the outcome, so that other actions continue (E-403). */
export async function runAction(
  operations: LocalOperations,
  mapping: SourceMapping,
  request: SourceRequest,
): Promise<ActionOutcome> {
  const outcome: ActionOutcome = {
    action_type: mapping.action_type,
    outcome: "done",
    about: null,
    workflow_run_id: null,
    error: null,
  };
  if (!mapping.active) return { ...outcome, outcome: "inactive" }; // E-406
  const mapped = mapParameters(mapping, request);
  if ("error" in mapped) return { ...outcome, outcome: "skipped", error: mapped.error };
  const tooManyText = describeTooManyRecipients(mapped.parameters);
  if (tooManyText !== null) return { ...outcome, outcome: "skipped", error: tooManyText };
  try {
    return { ...outcome, ...(await ACTIONS[mapping.action_type](operations, mapped.parameters, request.body)) };
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    return { ...outcome, outcome: "failed", error: error.message };
  }
}
