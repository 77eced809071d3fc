import { type Recipient, type RecipientKey, TENANTS, USERS } from "../../domain/recipient/recipient.js";
import { parseRecipientBody, recipientKey } from "../../domain/request/parse-recipient-body.js";
import { invalidParams } from "../../domain/shape/invalid-params.js";
import type { Page, Paged } from "../../ports/page.js";
import type { RecipientFilter } from "../../ports/recipient-store.js";
import type { ObjectOperations, TenantOperations, UserOperations } from "../../ports/resources.js";
import type { JsonObject } from "../../util/json.js";
import { withChannelIds } from "../advancing/fan-out-start.js";
import { type DueWorkStore, type EngineContext, readTime } from "../context/engine-context.js";
import { objectShape, tenantShape, userShape } from "../context/recipient-shapes.js";
import { runNews } from "../run/due-work.js";

/** What users, objects and tenants have in common; they differ in how they are shown. */
class Recipients {
  constructor(
    private readonly context: EngineContext<DueWorkStore>,
    private readonly shape: (recipient: Recipient) => JsonObject,
  ) {}

  async list(filter: RecipientFilter, page: Page): Promise<Paged<JsonObject>> {
    const { items, page_info } = await this.context.store.listRecipients(filter, page);
    return { items: items.map(this.shape), page_info };
  }

  async read(key: RecipientKey): Promise<JsonObject | null> {
    const recipient = (await this.context.store.readRecipients([key])).get(key);
    return recipient ? this.shape(recipient) : null;
  }

  async set(key: RecipientKey, body: JsonObject): Promise<JsonObject> {
    const { store, definitions } = this.context;
    const upsert = withChannelIds(parseRecipientBody(body, key), await definitions.environment());
    const now = await readTime(this.context);
    await store.upsertRecipients([upsert], now);
    await runNews(this.context, now);
    return (await this.read(key)) as JsonObject;
  }

  async delete(key: RecipientKey): Promise<boolean> {
    return (await this.context.store.deleteRecipients([key], await readTime(this.context))).has(key);
  }
}

export function userOperations(context: EngineContext<DueWorkStore>): UserOperations {
  const users = new Recipients(context, userShape);
  return {
    async merge(id, from) {
      const [into, other] = [recipientKey(USERS, id), recipientKey(USERS, from)];
      const now = await readTime(context);
      if (!(await context.store.mergeRecipients(into, other, now))) return null;
      await runNews(context, now);
      return users.read(into);
    },
    list: (page) => users.list({ collection: USERS }, page),
    read: async (id) => users.read(recipientKey(USERS, id)),
    set: async (id, body) => users.set(recipientKey(USERS, id), body),
    delete: async (id) => users.delete(recipientKey(USERS, id)),
  };
}

export function tenantOperations(context: EngineContext<DueWorkStore>): TenantOperations {
  const tenants = new Recipients(context, tenantShape);
  return {
    list: ({ tenant_id, name }, page) => tenants.list({ collection: TENANTS, id: tenant_id, name }, page),
    read: async (id) => tenants.read(recipientKey(TENANTS, id)),
    set: async (id, body) => tenants.set(recipientKey(TENANTS, id), body),
    delete: async (id) => tenants.delete(recipientKey(TENANTS, id)),
  };
}

/** Users have a shape of their own and are no objects; a tenant asked for as an object is one (E-048). */
export function objectKey(collection: string, id: string): RecipientKey {
  if (collection !== USERS) return recipientKey(collection, id);
  throw invalidParams(
    `the collection "${USERS}"`,
    [{ pointer: "/collection", message: "holds the users, which are no objects", value: collection }],
    "knock users reads and sets them.",
  );
}

export function objectOperations(context: EngineContext<DueWorkStore>): ObjectOperations {
  const objects = new Recipients(context, objectShape);
  return {
    list: async (collection, page) => {
      if (collection !== null) objectKey(collection, "any");
      return objects.list({ collection }, page);
    },
    read: async (collection, id) => objects.read(objectKey(collection, id)),
    set: async (collection, id, body) => objects.set(objectKey(collection, id), body),
    delete: async (collection, id) => objects.delete(objectKey(collection, id)),
  };
}
