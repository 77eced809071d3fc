import { parseCancellation, parseTrigger } from "../../domain/trigger/parse-trigger.js";
import type { ActionType, SourceMapping, SourceRequest } from "../../domain/trigger/source.js";
import type { ActionOutcome } from "../../domain/trigger/source-receipt.js";
import { MAX_RECIPIENTS } from "../../domain/trigger/trigger-schema.js";
import { KnockError } from "../../errors/knock-error.js";
import type { LocalOperations } from "../../ports/operations.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { mapParameters } from "./map-parameters.js";

type Done = Pick<ActionOutcome, "about"> & { workflow_run_id?: string };
type Action = (operations: LocalOperations, parameters: JsonObject, event: JsonObject) => Promise<Done>;

/** An id as the API takes it; what is neither text nor a number is told by what reads it. */
function idOf(value: Json | undefined): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  throw new KnockError("invalid_params", `must be an id, found ${JSON.stringify(value)}`);
}

/** A part of an event is often mapped whole, its id within: whom it is about is said by the action. */
function propertiesOf({ properties }: JsonObject): JsonObject {
  if (properties === undefined) return {};
  if (isJsonObject(properties)) {
    const { id: _id, collection: _collection, ...own } = properties;
    return own;
  }
  throw new KnockError("invalid_params", `properties must be an object, found ${JSON.stringify(properties)}`);
}

function objectOf({ collection, object_id }: JsonObject): { collection: string; id: string } {
  return { collection: idOf(collection), id: idOf(object_id) };
}

function listOf(value: Json | undefined): Json[] {
  const list = Array.isArray(value) ? value : [value as Json];
  return list.map((one) => (typeof one === "number" ? String(one) : one));
}

const named = ({ collection, id }: { collection: string; id: string }): string => `${collection}/${id}`;

function membersOf({ user_id, tenant }: JsonObject): { body: JsonObject; user: string } {
  const user = idOf(user_id);
  return { body: { members: [{ user, tenant: tenant === undefined ? null : idOf(tenant) }] }, user };
}

const ACTIONS: Record<ActionType, Action> = {
  async users_identify({ resources }, parameters) {
    const id = idOf(parameters.user_id);
    await resources.users.set(id, propertiesOf(parameters));
    return { about: id };
  },
  async users_delete({ resources }, { user_id }) {
    const id = idOf(user_id);
    await resources.users.delete(id);
    return { about: id };
  },
  async objects_set({ resources }, parameters) {
    const object = objectOf(parameters);
    await resources.objects.set(object.collection, object.id, propertiesOf(parameters));
    return { about: named(object) };
  },
  async objects_delete({ resources }, parameters) {
    const object = objectOf(parameters);
    await resources.objects.delete(object.collection, object.id);
    return { about: named(object) };
  },
  async tenants_set({ resources }, parameters) {
    const id = idOf(parameters.tenant_id);
    await resources.tenants.set(id, propertiesOf(parameters));
    return { about: id };
  },
  async tenants_delete({ resources }, { tenant_id }) {
    const id = idOf(tenant_id);
    await resources.tenants.delete(id);
    return { about: id };
  },
  async objects_subscribe({ resources }, parameters) {
    const object = objectOf(parameters);
    const body = { recipients: listOf(parameters.recipients), properties: propertiesOf(parameters) };
    await resources.subscriptions.add(object, body);
    return { about: named(object) };
  },
  async objects_unsubscribe({ resources }, parameters) {
    const object = objectOf(parameters);
    await resources.subscriptions.delete(object, { recipients: listOf(parameters.recipients) });
    return { about: named(object) };
  },
  async audiences_add_member({ resources }, parameters) {
    const { body, user } = membersOf(parameters);
    await resources.audiences.add(idOf(parameters.audience_key), body, { create_audience: true });
    return { about: `${String(parameters.audience_key)} ${user}` };
  },
  async audiences_remove_member({ resources }, parameters) {
    const { body, user } = membersOf(parameters);
    await resources.audiences.remove(idOf(parameters.audience_key), body);
    return { about: `${String(parameters.audience_key)} ${user}` };
  },
  async workflows_cancel(operations, parameters) {
    const workflow = idOf(parameters.workflow_key);
    const body: JsonObject = { cancellation_key: idOf(parameters.cancellation_key) };
    if (parameters.recipients !== undefined) body.recipients = listOf(parameters.recipients);
    await operations.cancelWorkflow(parseCancellation(body, workflow));
    return { about: `${workflow} ${String(body.cancellation_key)}` };
  },
  async workflows_trigger(operations, parameters, event) {
    const workflow = idOf(parameters.workflow_key);
    const payload: JsonObject = { recipients: listOf(parameters.recipients), data: parameters.data ?? event };
    for (const name of ["actor", "tenant"]) {
      const value = parameters[name];
      if (value !== undefined) payload[name] = typeof value === "number" ? String(value) : value;
    }
    if (parameters.cancellation_key !== undefined) payload.cancellation_key = idOf(parameters.cancellation_key);
    const { trigger } = parseTrigger(payload, workflow, "the trigger");
    // A key of the API's triggers is no key of an event's (E-404): an event's own is the source's (E-386).
    const { workflow_run_id } = await operations.triggerWorkflow(trigger, {
      idempotency_key: null,
      source: "integration",
    });
    return { about: workflow, workflow_run_id };
  },
};

/** More than these are not processed (E-405). */
function tooMany({ recipients }: JsonObject): string | null {
  const count = Array.isArray(recipients) ? recipients.length : 0;
  return count > MAX_RECIPIENTS ? `${count} recipients, of at most ${MAX_RECIPIENTS}` : null;
}

/** One mapping for an event. What is wrong is in the outcome: other actions go on (E-403). */
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
  const found = mapParameters(mapping, request);
  if ("error" in found) return { ...outcome, outcome: "skipped", error: found.error };
  const many = tooMany(found.parameters);
  if (many !== null) return { ...outcome, outcome: "skipped", error: many };
  try {
    return { ...outcome, ...(await ACTIONS[mapping.action_type](operations, found.parameters, request.body)) };
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    return { ...outcome, outcome: "failed", error: error.message };
  }
}
