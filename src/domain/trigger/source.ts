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
export const LITERAL_PARAMETERS: ReadonlySet<string> = new Set(["workflow_key", "audience_key", "collection"]);

export const SIGNATURE_ALGORITHMS = ["sha256", "sha1", "sha384", "sha512"] as const;
export const SIGNATURE_ENCODINGS = ["hex", "base64"] as const;

/** What the service's verification scripts mostly do, as configuration: an HMAC of the body, or a shared secret, in a header. */
export interface SourceVerification {
  scheme: "hmac" | "secret";
  /** In lower case. */
  header: string;
  algorithm: (typeof SIGNATURE_ALGORITHMS)[number];
  encoding: (typeof SIGNATURE_ENCODINGS)[number];
  /** What the header's value has before the signature, such as `sha256=`. */
  prefix: string;
  /** The environment variable that has the secret. */
  variable: string;
}

/** The documented name of a parameter that an action here knows by a longer one. */
export function resolveParameterName(type: ActionType, name: string): string {
  if (name !== "key") return name;
  if (type.startsWith("workflows_")) return "workflow_key";
  return type.startsWith("audiences_") ? "audience_key" : name;
}

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
    /** How a request's signature is verified; null: requests need no signature. */
    verification: SourceVerification | null;
  };
  mappings: SourceMapping[];
}

/** An event as its system sent it. */
export interface SourceRequest {
  body: JsonObject;
  /** By lower-case name. */
  headers: Readonly<Record<string, string>>;
  /** The body as it was sent, which a signature is about; absent: nobody sent it over HTTP. */
  raw_body?: string;
}

/**
 * Returns what is at a dotted path of an event: in its body, with or without `body.`, or under `headers.`, whose names ignore case
 * (E-402). A body's own `body` and `headers` are found where the documented meaning finds nothing. Undefined for nothing.
 */
export function findValueAtPath({ body, headers }: SourceRequest, path: string): Json | undefined {
  if (path.startsWith("body.")) return findValue(body, path.slice("body.".length)) ?? findValue(body, path);
  if (path.startsWith("headers.")) {
    const name = path.slice("headers.".length).toLowerCase();
    return Object.hasOwn(headers, name) ? headers[name] : findValue(body, path);
  }
  return findValue(body, path);
}

/** Numbers are places in a list. */
function findValue(json: Json, path: string): Json | undefined {
  let value: Json | undefined = json;
  for (const part of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as JsonObject)[part];
  }
  return value;
}
