import type { Json, JsonObject } from "../../util/json.js";

/** What a source's event can do, in the order in which one event's mappings run (E-402); cancelling comes before triggering (E-365). */
export const ACTION_TYPES = [
  "users_identify",
  "users_delete",
  "objects_set",
  "objects_delete",
  "tenants_set",
  "tenants_delete",
  "objects_subscribe",
  "objects_unsubscribe",
  "audiences_add_member",
  "audiences_remove_member",
  "workflows_cancel",
  "workflows_trigger",
] as const;
export type ActionType = (typeof ACTION_TYPES)[number];

/** An action's parameters: those it cannot do without, and those it can. */
export const ACTION_PARAMETERS: Record<ActionType, { required: readonly string[]; optional: readonly string[] }> = {
  users_identify: { required: ["user_id"], optional: ["properties"] },
  users_delete: { required: ["user_id"], optional: [] },
  objects_set: { required: ["collection", "object_id"], optional: ["properties"] },
  objects_delete: { required: ["collection", "object_id"], optional: [] },
  tenants_set: { required: ["tenant_id"], optional: ["properties"] },
  tenants_delete: { required: ["tenant_id"], optional: [] },
  objects_subscribe: { required: ["collection", "object_id", "recipients"], optional: ["properties"] },
  objects_unsubscribe: { required: ["collection", "object_id", "recipients"], optional: [] },
  audiences_add_member: { required: ["audience_key", "user_id"], optional: ["tenant"] },
  audiences_remove_member: { required: ["audience_key", "user_id"], optional: ["tenant"] },
  workflows_cancel: { required: ["workflow_key", "cancellation_key"], optional: ["recipients"] },
  workflows_trigger: {
    required: ["workflow_key", "recipients"],
    optional: ["actor", "tenant", "data", "cancellation_key"],
  },
};

/** Parameters whose text is a name of the project's, not a path into the event. */
export const NAMES: ReadonlySet<string> = new Set(["workflow_key", "audience_key", "collection"]);

export interface SourceMapping {
  event_type: string;
  action_type: ActionType;
  action_parameters: JsonObject;
  active: boolean;
}

/** Where a system's events come in (section 17 of the format): `sources/<key>/source.json`. */
export interface Source {
  key: string;
  name: string;
  settings: {
    event_type_path: string;
    /** Null: an event happens when it comes. */
    timestamp_path: string | null;
    /** Null: no event is ever taken for a repeat (E-386). */
    idempotency_key_path: string | null;
    /** An event without a valid key is refused. */
    enforce_idempotency: boolean;
    /** Whom an event is about, for runs that wait for it (E-339). */
    user_id_path: string;
    /** An event of type `identify` identifies its user by its `traits`. */
    handle_identifies: boolean;
  };
  mappings: SourceMapping[];
}

/** What stands at a dotted path; undefined for nothing. Numbers are places in a list. */
export function valueAtPath(event: Json, path: string): Json | undefined {
  let value: Json | undefined = event;
  for (const part of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as JsonObject)[part];
  }
  return value;
}
