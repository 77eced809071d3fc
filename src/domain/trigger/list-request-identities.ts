import { isJsonObject, type Json, type JsonObject, toPointer } from "../../util/json.js";
import { TENANTS } from "../recipient/recipient.js";
import { type RecipientIdentity, toIdentity } from "../recipient/recipient-pattern.js";
import type { ApiRequest } from "./api-request.js";

/** An identity in a request with the JSON pointer to it. A null identity is a value that cannot be checked. */
export interface LocatedIdentity {
  pointer: string;
  identity: RecipientIdentity | null;
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
  addRecipients(body: JsonObject, field: string, path: Path = []): void {
    const value = body[field] ?? null;
    if (value === null) return;
    if (!Array.isArray(value)) return this.addRecipient(value, [...path, field]);
    for (const [index, item] of value.entries()) this.addRecipient(item, [...path, field, index]);
  }

  /** Adds the objects of a list, which is required. */
  addEach(body: JsonObject, field: string, add: (item: JsonObject, path: Path) => void): void {
    const list = body[field];
    if (!Array.isArray(list)) return this.add([field], null);
    for (const [index, item] of list.entries())
      if (isJsonObject(item)) add(item, [field, index]);
      else this.add([field, index], null);
  }

  /** Adds a recipient whose ID is not in the value, such as that of the body of a PUT. */
  addBody(id: string, collection: string | null, body: JsonObject, path: Path = []): void {
    this.add([...path, "id"], toIdentity(id, collection));
    const isSame = (body.id ?? id) === id && (body.collection ?? collection) === collection;
    if (!isSame) this.add([...path, "id"], null);
    this.addAddresses(body, path);
  }

  /** Adds the tenant of a trigger. It is not notified, so that only the addresses that it sets are checked. */
  addTenant(body: JsonObject, path: Path = []): void {
    const tenant = body.tenant ?? null;
    if (isJsonObject(tenant)) {
      this.addAddresses(tenant, [...path, "tenant"]);
      if ((tenant.collection ?? TENANTS) !== TENANTS) this.add([...path, "tenant"], null);
    } else if (tenant !== null && typeof tenant !== "string") this.add([...path, "tenant"], null);
  }

  addIds(body: JsonObject, field: string): void {
    const ids = body[field];
    if (!Array.isArray(ids)) return this.add([field], null);
    for (const [index, id] of ids.entries())
      this.add([field, index], typeof id === "string" ? toIdentity(id, null) : null);
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
      if (!isDevice || !["locale", "timezone"].includes(key)) this.addTokens(item as Json, [...path, key]);
  }

  add(path: Path, identity: RecipientIdentity | null): void {
    this.items.push({ pointer: toPointer(path), identity });
  }
}

type ListIdentities = (list: IdentityList, params: readonly string[], body: JsonObject) => void;

const addTrigger = (list: IdentityList, body: JsonObject, path: Path = []): void => {
  for (const field of ["recipients", "recipient", "actor"]) list.addRecipients(body, field, path);
  list.addTenant(body, path);
};

const NOBODY: ListIdentities = () => {};
const TRIGGER: ListIdentities = (list, _params, body) => addTrigger(list, body);

/**
 * The requests that change something, with the recipients in each. A parameter in braces matches one segment of
 * the path, `**` any further segments. Other requests cannot be checked.
 */
const WRITES: Readonly<Record<string, ListIdentities>> = {
  "POST /v1/workflows/{}/trigger": TRIGGER,
  "PUT /v1/workflows/{}/run": TRIGGER,
  "POST /v1/notify": TRIGGER,
  "POST /v1/workflows/{}/cancel": NOBODY,
  "POST /v1/notify/cancel": NOBODY,
  "POST /v1/schedules": TRIGGER,
  "POST /v1/schedules/bulk/create": (list, _params, body) =>
    list.addEach(body, "schedules", (schedule, path) => addTrigger(list, schedule, path)),

  "PUT /v1/messages/{}/{}": NOBODY,
  "POST /v1/messages/batch/{}": NOBODY,
  "POST /v1/channels/{}/messages/bulk/{}": NOBODY,

  "PUT /v1/users/{}": (list, [id = ""], body) => list.addBody(id, null, body),
  "POST /v1/users/{}/merge": (list, [id = ""], body) => {
    list.addBody(id, null, {});
    // The merged user's addresses become those of the other user.
    const from = body.from_user_id;
    list.add(["from_user_id"], typeof from === "string" ? toIdentity(from, null) : null);
  },
  "PUT /v1/users/{}/preferences/**": (list, [id = ""]) => list.addBody(id, null, {}),
  // Deleting preferences can end an opt-out.
  "DELETE /v1/users/{}/preferences/**": (list, [id = ""]) => list.addBody(id, null, {}),
  "PUT /v1/users/{}/channel_data/{}": (list, [id = ""], body) => {
    list.addBody(id, null, {});
    list.addTokens(body.data ?? null, ["data"]);
  },
  "POST /v1/users/bulk/identify": (list, _params, body) =>
    list.addEach(body, "users", (user, path) => list.addRecipient(user, path)),
  "POST /v1/users/bulk/preferences": (list, _params, body) => list.addIds(body, "user_ids"),
  "POST /v1/users/bulk/delete": NOBODY,

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
    list.addEach(body, "objects", (object, path) => list.addRecipient({ collection, ...object }, path)),
  "POST /v1/objects/{}/bulk/subscriptions/add": (list, [collection = ""], body) =>
    list.addEach(body, "subscriptions", (row, path) => {
      list.addRecipient({ id: row.id ?? null, collection }, path);
      list.addRecipients(row, "recipients", path);
    }),
  "POST /v1/objects/{}/bulk/subscriptions/delete": NOBODY,
  "POST /v1/objects/{}/bulk/delete": NOBODY,

  "PUT /v1/tenants/{}": (list, _params, body) => list.addAddresses(body, []),
  "POST /v1/tenants/bulk/set": (list, _params, body) => {
    for (const [index, tenant] of (Array.isArray(body.tenants) ? body.tenants : []).entries())
      if (isJsonObject(tenant)) list.addAddresses(tenant, ["tenants", index]);
  },
  "POST /v1/tenants/bulk/delete": NOBODY,

  "POST /v1/audiences/{}/members": (list, _params, body) => {
    const members = body.members ?? null;
    for (const [index, member] of (Array.isArray(members) ? members : [members]).entries()) {
      const path = ["members", index];
      if (isJsonObject(member)) list.addRecipient(member.user ?? null, [...path, "user"]);
      else list.add(path, null);
    }
  },
};

/** Returns the parameters of a path that has the form of a template, or null. */
function matchPath(template: string, segments: readonly string[]): string[] | null {
  const parts = template.split("/");
  const isOpen = parts.at(-1) === "**";
  if (isOpen ? segments.length < parts.length : segments.length !== parts.length) return null;
  const params: string[] = [];
  for (const [index, part] of parts.entries()) {
    if (part === "{}") params.push(segments[index] as string);
    else if (part !== "**" && part !== segments[index]) return null;
  }
  return params;
}

/** Returns the decoded segments of a path without its query, or null if a server could read them in another way. */
function splitPath(path: string): string[] | null {
  try {
    const segments = (path.split("?")[0] as string).split("/").map(decodeURIComponent);
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
  if (method === "GET" || (method === "DELETE" && !path.includes("/preferences/"))) return [];
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
  return method === "DELETE" ? [] : null;
}
