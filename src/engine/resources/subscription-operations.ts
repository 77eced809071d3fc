import { createMissingObjectError } from "../../domain/recipient/missing-object-error.js";
import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { StoredSubscription } from "../../domain/recipient/subscription.js";
import { parseObjectKey, parseReferenceKey } from "../../domain/request/parse-recipient-key.js";
import { parseSubscriptionsBody, parseUnsubscribeBody } from "../../domain/request/parse-recipient-list.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { ObjectReference, SubscriptionOperations } from "../../ports/resource-operations.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import { type DueWorkStore, type EngineContext, readTime } from "../context/engine-context.js";
import { serializeReferencedRecipient } from "../context/serialize-recipient.js";
import { resolveChannelDataIds } from "../execution/build-fan-out.js";
import { runCausedWork } from "../run/run-due-work.js";

/** Returns the API's `Subscription`s, with object and recipient expanded. */
async function serializeSubscriptions(
  context: EngineContext<RecipientStore>,
  subscriptions: readonly StoredSubscription[],
): Promise<JsonObject[]> {
  const keys = new Set(subscriptions.flatMap(({ object, recipient }) => [object, recipient]));
  const recipients = await context.store.readRecipients([...keys]);
  return subscriptions.map(({ object, recipient, properties, inserted_at, updated_at }) => ({
    __typename: "Subscription",
    object: serializeReferencedRecipient(object, recipients, inserted_at),
    recipient: serializeReferencedRecipient(recipient, recipients, inserted_at),
    properties,
    inserted_at: toIsoTime(inserted_at),
    updated_at: toIsoTime(updated_at),
  }));
}

async function checkObjectExists(
  context: EngineContext<RecipientStore>,
  object: ObjectReference,
): Promise<RecipientKey> {
  const key = parseObjectKey(object.collection, object.id);
  if ((await context.store.readRecipients([key])).has(key)) return key;
  throw createMissingObjectError(object);
}

export function createSubscriptionOperations(context: EngineContext<DueWorkStore>): SubscriptionOperations {
  return {
    async list(scope, page) {
      const filter =
        "object" in scope
          ? { object: parseObjectKey(scope.object.collection, scope.object.id), recipients: scope.recipients }
          : { recipient: parseReferenceKey(scope.recipient), objects: scope.objects };
      const { items, page_info } = await context.store.listSubscriptions(filter, page);
      // A recipients file may contain subscriptions to an object that it does not identify.
      if (items.length === 0 && "object" in scope) await checkObjectExists(context, scope.object);
      return { items: await serializeSubscriptions(context, items), page_info };
    },
    async add(reference, body) {
      const { recipients, properties } = parseSubscriptionsBody(body);
      const object = await checkObjectExists(context, reference);
      const at = await readTime(context);
      const environment = await context.definitions.environment();
      const upserts = recipients.flatMap(({ upsert }) => (upsert ? [resolveChannelDataIds(upsert, environment)] : []));
      if (upserts.length > 0) await runCausedWork(context, at, await context.store.upsertRecipients(upserts, at));
      const pairs = recipients.map(({ key }) => ({ object, recipient: key, properties }));
      return serializeSubscriptions(context, await context.store.upsertSubscriptions(pairs, at));
    },
    async delete(reference, body) {
      const recipients = parseUnsubscribeBody(body);
      const object = parseObjectKey(reference.collection, reference.id);
      const removed = await context.store.deleteSubscriptions(
        recipients.map(({ key }) => ({ object, recipient: key })),
      );
      return serializeSubscriptions(context, removed);
    },
  };
}
