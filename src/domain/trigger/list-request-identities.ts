import { isJsonObject, type Json, type JsonObject, toPointer } from "../../util/json.js";
import { TENANTS, USERS } from "../recipient/recipient.js";
import { type RecipientIdentity, toIdentity } from "../recipient/recipient-pattern.js";
import type { ApiRequest } from "./api-request.js";

/**
 * An identity in a request with the JSON pointer to it. A null identity is a value that cannot be checked. `problem` says
 * why, if the value is a recipient of another kind than the request's.
 */
export interface LocatedIdentity {
  pointer: string;
  identity: RecipientIdentity | null;
  problem?: string;
}

type Path = readonly (string | number)[];

/** Collects the identities of one request body. */
class IdentityList {
  readonly items: LocatedIdentity[] = [];

  /** Adds a recipient in the API's format: an ID, a reference to an object, or an inline recipient. */
  addRecipient(value: Json, path: Path): void {
    if (typeof value === "string") return this.add(path, toIdentity(value, null));
    if (!isJsonObject(value)) return this.add(path, null);
    const { id, collection = null } = value;
    const isReference = typeof id === "string" && (collection === null || typeof collection === "string");
    this.add(path, isReference ? toIdentity(id, collection) : null);
    this.addAddresses(value, path);
  }

  /** Adds the recipients of a field, which may be one value, a list or absent. */
  addRecipients(
    body: JsonObject,
    field: string,
    path: Path = [],
    add = (value: Json, itemPath: Path) => this.addRecipient(value, itemPath),
  ): void {
    const value = body[field] ?? null;
    if (value === null) return;
    if (!Array.isArray(value)) return add(value, [...path, field]);
    for (const [index, item] of value.entries()) add(item, [...path, field, index]);
  }

  /** Adds the objects of a list, which is required. */
  addEach(body: JsonObject, field: string, add: (item: JsonObject, path: Path) => void): void {
    const list = body[field];
    if (!Array.isArray(list)) return this.add([field], null);
    for (const [index, item] of list.entries())
      if (isJsonObject(item)) add(item, [field, index]);
      else this.add([field, index], null);
  }

  /** Adds a recipient whose ID and collection are in the path. The body must not name another one. */
  addBody(id: string, collection: string, body: JsonObject): void {
    this.add(["id"], toIdentity(id, collection));
    if ((body.id ?? id) !== id) this.add(["id"], null);
    this.checkCollection(body, collection, []);
    this.addAddresses(body, []);
  }

  /** Adds a row with an ID. Its collection comes from the request: the service ignores or replaces another one. */
  addRow(row: JsonObject, collection: string, path: Path): void {
    this.add(path, typeof row.id === "string" ? toIdentity(row.id, collection) : null);
    this.checkCollection(row, collection, path);
    this.addAddresses(row, path);
  }

  /** Adds a user in the API's format: an ID or an inline user. */
  addUser(value: Json, path: Path): void {
    if (isJsonObject(value)) this.addRow(value, USERS, path);
    else this.addRecipient(value, path);
  }

  /** Adds the tenant of a trigger or member. It is not notified, so that only the addresses that it sets are checked. */
  addTenant(tenant: Json, path: Path): void {
    if (isJsonObject(tenant)) {
      this.checkCollection(tenant, TENANTS, path);
      this.addAddresses(tenant, path);
    } else if (tenant !== null && typeof tenant !== "string") this.add(path, null);
  }

  /**
   * Adds a recipient that the request only removes, which reaches no one. One with properties is checked, because the
   * service could identify it.
   */
  addRemoved(value: Json, path: Path, isUser: boolean): void {
    const { id, collection: _collection, ...properties } = isJsonObject(value) ? value : { id: value };
    if (typeof id !== "string" || Object.keys(properties).length > 0) {
      if (isUser) this.addUser(value, path);
      else this.addRecipient(value, path);
    } else if (isUser && isJsonObject(value)) this.checkCollection(value, USERS, path);
  }

  /** Adds the recipients that a request removes from a list. */
  addRemovedRecipients(body: JsonObject, path: Path = []): void {
    this.addRecipients(body, "recipients", path, (value, itemPath) => this.addRemoved(value, itemPath, false));
  }

  /** Adds the members of an audience. */
  addMembers(body: JsonObject, addUser: (user: Json, path: Path) => void): void {
    const members = body.members ?? null;
    for (const [index, member] of (Array.isArray(members) ? members : [members]).entries()) {
      const path = ["members", index];
      if (!isJsonObject(member)) {
        this.add(path, null);
        continue;
      }
      addUser(member.user ?? null, [...path, "user"]);
      this.addTenant(member.tenant ?? null, [...path, "tenant"]);
    }
  }

  addIds(body: JsonObject, field: string): void {
    const ids = body[field];
    if (!Array.isArray(ids)) return this.add([field], null);
    for (const [index, id] of ids.entries())
      this.add([field, index], typeof id === "string" ? toIdentity(id, null) : null);
  }

  /** Adds a problem if a value names another collection than its request. */
  checkCollection(value: JsonObject, collection: string, path: Path): void {
    if ((value.collection ?? collection) === collection) return;
    const problem =
      collection === USERS
        ? "must be absent, because the request is for users"
        : `must be ${JSON.stringify(collection)} or absent, because the request is for that collection`;
    this.items.push({ pointer: toPointer([...path, "collection"]), identity: null, problem });
  }

  /** Adds the addresses that an inline recipient sets. Null removes an address. */
  addAddresses(value: JsonObject, path: Path): void {
    for (const [field, kind] of [
      ["email", "email"],
      ["phone_number", "phone"],
    ] as const) {
      const address = value[field] ?? null;
      if (address === null) continue;
      this.add([...path, field], typeof address === "string" ? { kind, value: address } : null);
    }
    const channelData = value.channel_data ?? null;
    if (channelData !== null) this.addTokens(channelData, [...path, "channel_data"]);
  }

  /** Adds every text and number in channel data, except the locale and time zone of a device. */
  addTokens(value: Json, path: Path): void {
    if (value === null || typeof value === "boolean" || value === "") return;
    if (typeof value !== "object") return this.add(path, { kind: "token", value: String(value) });
    const isDevice = path.at(-2) === "devices";
    for (const [key, item] of Object.entries(value))
      if (!isDevice || !["locale", "timezone"].includes(key)) this.addTokens(item, [...path, key]);
  }

  add(path: Path, identity: RecipientIdentity | null): void {
    this.items.push({ pointer: toPointer(path), identity });
  }
}

type ListIdentities = (list: IdentityList, params: readonly string[], body: JsonObject) => void;

const addTrigger = (list: IdentityList, body: JsonObject, path: Path = []): void => {
  for (const field of ["recipients", "recipient", "actor"]) list.addRecipients(body, field, path);
  list.addTenant(body.tenant ?? null, [...path, "tenant"]);
};

const listNone: ListIdentities = () => {};
const TRIGGER: ListIdentities = (list, _params, body) => addTrigger(list, body);
const CANCELLATION: ListIdentities = (list, _params, body) => list.addRemovedRecipients(body);

/**
 * The requests that change something, with the recipients in each. A parameter in braces matches one segment of
 * the path, `**` any further segments. Other requests cannot be checked.
 */
const WRITES: Readonly<Record<string, ListIdentities>> = {
  "POST /v1/workflows/{}/trigger": TRIGGER,
  "PUT /v1/workflows/{}/run": TRIGGER,
  "POST /v1/notify": TRIGGER,
  "POST /v1/workflows/{}/cancel": CANCELLATION,
  "POST /v1/notify/cancel": CANCELLATION,
  "POST /v1/schedules": TRIGGER,
  "POST /v1/schedules/bulk/create": (list, _params, body) =>
    list.addEach(body, "schedules", (schedule, path) => addTrigger(list, schedule, path)),
  "DELETE /v1/schedules": listNone,

  "PUT /v1/messages/{}/{}": listNone,
  "DELETE /v1/messages/{}/{}": listNone,
  "POST /v1/messages/batch/{}": listNone,
  "POST /v1/channels/{}/messages/bulk/{}": listNone,

  "PUT /v1/users/{}": (list, [id = ""], body) => list.addBody(id, USERS, body),
  "POST /v1/users/{}/merge": (list, [id = ""], body) => {
    list.addBody(id, USERS, {});
    // The merged user's addresses become those of the other user.
    const from = body.from_user_id;
    list.add(["from_user_id"], typeof from === "string" ? toIdentity(from, null) : null);
  },
  "PUT /v1/users/{}/preferences/**": (list, [id = ""]) => list.addBody(id, USERS, {}),
  // Deleting preferences can end an opt-out.
  "DELETE /v1/users/{}/preferences/**": (list, [id = ""]) => list.addBody(id, USERS, {}),
  "PUT /v1/users/{}/channel_data/{}": (list, [id = ""], body) => {
    list.addBody(id, USERS, {});
    list.addTokens(body.data ?? null, ["data"]);
  },
  "POST /v1/users/bulk/identify": (list, _params, body) =>
    list.addEach(body, "users", (user, path) => list.addRow(user, USERS, path)),
  "POST /v1/users/bulk/preferences": (list, _params, body) => list.addIds(body, "user_ids"),
  "POST /v1/users/bulk/delete": listNone,

  "PUT /v1/objects/{}/{}": (list, [collection = "", id = ""], body) => list.addBody(id, collection, body),
  "PUT /v1/objects/{}/{}/preferences/**": (list, [collection = "", id = ""]) => list.addBody(id, collection, {}),
  "DELETE /v1/objects/{}/{}/preferences/**": (list, [collection = "", id = ""]) => list.addBody(id, collection, {}),
  "PUT /v1/objects/{}/{}/channel_data/{}": (list, [collection = "", id = ""], body) => {
    list.addBody(id, collection, {});
    list.addTokens(body.data ?? null, ["data"]);
  },
  "POST /v1/objects/{}/{}/subscriptions": (list, [collection = "", id = ""], body) => {
    list.addBody(id, collection, {});
    list.addRecipients(body, "recipients");
  },
  "POST /v1/objects/{}/bulk/set": (list, [collection = ""], body) =>
    list.addEach(body, "objects", (object, path) => list.addRow(object, collection, path)),
  "POST /v1/objects/{}/bulk/subscriptions/add": (list, [collection = ""], body) =>
    list.addEach(body, "subscriptions", (row, path) => {
      list.addRow(row, collection, path);
      list.addRecipients(row, "recipients", path);
    }),
  "DELETE /v1/objects/{}/{}/subscriptions": CANCELLATION,
  "POST /v1/objects/{}/bulk/subscriptions/delete": (list, [collection = ""], body) =>
    list.addEach(body, "subscriptions", (row, path) => {
      list.checkCollection(row, collection, path);
      list.addRemovedRecipients(row, path);
    }),
  "POST /v1/objects/{}/bulk/delete": listNone,

  "PUT /v1/tenants/{}": (list, _params, body) => list.addTenant(body, []),
  "POST /v1/tenants/bulk/set": (list, _params, body) => {
    const { tenants } = body;
    if (!Array.isArray(tenants)) return list.add(["tenants"], null);
    for (const [index, tenant] of tenants.entries()) list.addTenant(tenant, ["tenants", index]);
  },
  "POST /v1/tenants/bulk/delete": listNone,

  "POST /v1/audiences/{}/members": (list, _params, body) =>
    list.addMembers(body, (user, path) => list.addUser(user, path)),
  "DELETE /v1/audiences/{}/members": (list, _params, body) =>
    list.addMembers(body, (user, path) => list.addRemoved(user, path, true)),
};

/** Returns the parameters of a path that has the form of a template, or null. */
function matchPath(template: string, segments: readonly string[]): string[] | null {
  const parts = template.split("/");
  const isOpen = parts.at(-1) === "**";
  if (isOpen ? segments.length < parts.length : segments.length !== parts.length) return null;
  const params: string[] = [];
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? "";
    if (part === "{}") params.push(segment);
    else if (part !== "**" && part !== segment) return null;
  }
  return params;
}

/** Returns the decoded segments of a path without its query, or null if a server could read them in another way. */
function splitPath(path: string): string[] | null {
  try {
    const [withoutQuery = ""] = path.split("?");
    const segments = withoutQuery.split("/").map(decodeURIComponent);
    const isAmbiguous = (segment: string): boolean => ["", ".", ".."].includes(segment) || /[/\\]/.test(segment);
    return segments.slice(1).some(isAmbiguous) ? null : segments;
  } catch {
    return null;
  }
}

/**
 * Returns the recipients and addresses that a request can reach or change, with their JSON pointers. Reading, deleting anything but
 * preferences, canceling and changing the status of a message reach no one. Returns null for an unknown request.
 */
export function listRequestIdentities({ method, path, body }: ApiRequest): LocatedIdentity[] | null {
  const isDeletion = method === "DELETE" && body === null;
  if (method === "GET" || (isDeletion && !path.includes("/preferences/"))) return [];
  const segments = splitPath(path);
  if (segments === null) return null;
  for (const [endpoint, listIdentities] of Object.entries(WRITES)) {
    const [endpointMethod, template = ""] = endpoint.split(" ");
    const params = endpointMethod === method ? matchPath(template, segments) : null;
    if (params === null) continue;
    const list = new IdentityList();
    listIdentities(list, params, body ?? {});
    return list.items;
  }
  return isDeletion ? [] : null;
}
