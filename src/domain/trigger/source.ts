import { getValueAtPath, type Json, type JsonObject } from "../../util/json.js";

/**
 * The actions of source events, in the order in which the mappings of one event run (E-402). Canceling comes before
 * triggering (E-365).
 */
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

/** The required and optional parameters of each action. */
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

/** Parameters whose strings are names in the project instead of paths into the event. */
export const LITERAL_PARAMETERS: ReadonlySet<string> = new Set(["workflow_key", "audience_key", "collection"]);

export const SIGNATURE_ALGORITHMS = ["sha256", "sha1", "sha384", "sha512"] as const;
export const SIGNATURE_ENCODINGS = ["hex", "base64"] as const;

/**
 * The verification of requests by an HMAC of the body or a shared secret in a header. It replaces the verification
 * scripts of the service, most of which do this.
 */
export interface SourceVerification {
  scheme: "hmac" | "secret";
  /** The name of the header in lower case. */
  header: string;
  algorithm: (typeof SIGNATURE_ALGORITHMS)[number];
  encoding: (typeof SIGNATURE_ENCODINGS)[number];
  /** The text before the signature in the header, such as `sha256=`. */
  prefix: string;
  /** The environment variable that contains the secret. */
  variable: string;
}

/** Returns the full name of a parameter. The documentation calls some of them only `key`. */
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

/** A system that sends events, in `sources/<key>/source.json` (section 17 of the format). */
export interface Source {
  key: string;
  name: string;
  settings: {
    event_type_path: string;
    /** The path of the event's time; null means the time at which it is received. */
    timestamp_path: string | null;
    /** The path of the idempotency key; null means that no event counts as repeated (E-386). */
    idempotency_key_path: string | null;
    /** Whether events without a valid key are rejected. */
    enforce_idempotency: boolean;
    /** The path of the ID of the user that the event is about, for runs that wait for it (E-339). */
    user_id_path: string;
    /** Whether an event of type `identify` identifies its user by its `traits`. */
    handle_identifies: boolean;
    /** The verification of requests; null if they need no signature. */
    verification: SourceVerification | null;
  };
  mappings: SourceMapping[];
}

/** An event as its system sent it. */
export interface SourceRequest {
  body: JsonObject;
  /** The headers by lower-case name. */
  headers: Readonly<Record<string, string>>;
  /** The unparsed body, which signatures are computed from. Absent if the event was not sent over HTTP. */
  raw_body?: string;
}

/**
 * Returns the value at a dotted path of an event, or undefined (E-402). The path is in the body, with or without
 * `body.`, or under `headers.`, whose names ignore case. Properties of the body that are named `body` or `headers` are
 * found if the documented meaning finds nothing.
 */
export function findValueAtPath({ body, headers }: SourceRequest, path: string): Json | undefined {
  if (path.startsWith("body.")) return findValue(body, path.slice("body.".length)) ?? findValue(body, path);
  if (path.startsWith("headers.")) {
    const name = path.slice("headers.".length).toLowerCase();
    return Object.hasOwn(headers, name) ? headers[name] : findValue(body, path);
  }
  return findValue(body, path);
}

/** Returns the value at a dotted path. Numbers are indexes of lists. */
const findValue = (json: Json, path: string): Json | undefined => getValueAtPath(json, path.split("."));
