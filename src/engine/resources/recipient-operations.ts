import { ANY_REQUEST } from "../../domain/recipient/preference-origins.js";
import { type Recipient, type RecipientKey, TENANTS, USERS } from "../../domain/recipient/recipient.js";
import { parseRecipientBody } from "../../domain/request/parse-recipient-body.js";
import { parseObjectKey, parseRecipientKey } from "../../domain/request/parse-recipient-key.js";
import type { Paged, PageRequest } from "../../ports/page-request.js";
import type { RecipientFilter } from "../../ports/recipient-store.js";
import type { ObjectOperations, TenantOperations, UserOperations } from "../../ports/resource-operations.js";
import type { JsonObject } from "../../util/json.js";
import { type DueWorkStore, type EngineContext, readTime } from "../context/engine-context.js";
import { serializeObject, serializeTenant, serializeUser } from "../context/serialize-recipient.js";
import { resolveChannelDataIds } from "../execution/build-fan-out.js";
import { runCausedWork } from "../run/run-due-work.js";

/** The operations that users, objects and tenants share. They differ in their serialized format. */
class RecipientOperations {
  constructor(
    private readonly context: EngineContext<DueWorkStore>,
    private readonly serialize: (recipient: Recipient) => JsonObject,
  ) {}

  async list(filter: RecipientFilter, page: PageRequest): Promise<Paged<JsonObject>> {
    const { items, page_info } = await this.context.store.listRecipients(filter, page);
    return { items: items.map(this.serialize), page_info };
  }

  async read(key: RecipientKey): Promise<JsonObject | null> {
    const recipient = (await this.context.store.readRecipients([key])).get(key);
    return recipient ? this.serialize(recipient) : null;
  }

  async set(key: RecipientKey, body: JsonObject, by = ANY_REQUEST): Promise<JsonObject> {
    const { store, definitions } = this.context;
    const upsert = resolveChannelDataIds(parseRecipientBody(body, key), await definitions.environment());
    const now = await readTime(this.context);
    await runCausedWork(this.context, now, await store.upsertRecipients([{ ...upsert, origin: { by, at: now } }], now));
    return (await this.read(key)) as JsonObject;
  }

  async delete(key: RecipientKey): Promise<boolean> {
    return (await this.context.store.deleteRecipients([key])).has(key);
  }
}

export function createUserOperations(context: EngineContext<DueWorkStore>): UserOperations {
  const users = new RecipientOperations(context, serializeUser);
  return {
    async merge(id, from) {
      const [into, other] = [parseRecipientKey(USERS, id), parseRecipientKey(USERS, from)];
      const now = await readTime(context);
      const caused = await context.store.mergeRecipients(into, other, now);
      if (caused === null) return null;
      await runCausedWork(context, now, caused);
      return users.read(into);
    },
    list: (parts, page) => users.list({ collection: USERS, parts }, page),
    read: async (id) => users.read(parseRecipientKey(USERS, id)),
    set: async (id, body, by) => users.set(parseRecipientKey(USERS, id), body, by),
    delete: async (id) => users.delete(parseRecipientKey(USERS, id)),
  };
}

export function createTenantOperations(context: EngineContext<DueWorkStore>): TenantOperations {
  const tenants = new RecipientOperations(context, serializeTenant);
  return {
    list: ({ tenant_id, name }, page) => tenants.list({ collection: TENANTS, id: tenant_id, name }, page),
    read: async (id) => tenants.read(parseRecipientKey(TENANTS, id)),
    set: async (id, body, by) => tenants.set(parseRecipientKey(TENANTS, id), body, by),
    delete: async (id) => tenants.delete(parseRecipientKey(TENANTS, id)),
  };
}

export function createObjectOperations(context: EngineContext<DueWorkStore>): ObjectOperations {
  const objects = new RecipientOperations(context, serializeObject);
  return {
    list: async (collection, page) => {
      if (collection !== null) parseObjectKey(collection, "any");
      return objects.list({ collection }, page);
    },
    read: async (collection, id) => objects.read(parseObjectKey(collection, id)),
    set: async (collection, id, body, by) => objects.set(parseObjectKey(collection, id), body, by),
    delete: async (collection, id) => objects.delete(parseObjectKey(collection, id)),
  };
}
