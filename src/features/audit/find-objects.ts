import { createMissingObjectError } from "../../domain/recipient/missing-object-error.js";
import {
  type RecipientKey,
  splitRecipientKey,
  TENANTS,
  toRecipientKey,
  USERS,
} from "../../domain/recipient/recipient.js";
import { KnockError } from "../../errors/knock-error.js";
import type { ResourceOperations } from "../../ports/resource-operations.js";
import type { Project } from "../../project/open-project.js";
import { correctWord, didYouMean, findNearest } from "../../util/find-nearest.js";

const PAGE_SIZE = 50;

/** Lists the objects of a collection, page by page. */
export async function* listObjects(
  { objects }: ResourceOperations,
  collection: string,
): AsyncGenerator<RecipientKey[]> {
  for (let after: string | undefined; ; ) {
    const { items, page_info } = await objects.list(collection, { limit: PAGE_SIZE, after });
    yield items.map(({ id }) => toRecipientKey({ collection, id: String(id) }));
    if (page_info.after === null) return;
    after = page_info.after;
  }
}

interface KnownNames {
  project: Project;
  resources: ResourceOperations;
  isLocal: boolean;
}

/** Returns the collections of the recipients files and, locally, of the newest objects. The API cannot list collections. */
async function listCollections({ project, resources, isLocal }: KnownNames): Promise<string[]> {
  const files = await project.readChangedRecipients(new Map());
  const keys = files.flatMap(({ recipients, subscriptions }) => [
    ...recipients.map(({ key }) => key),
    ...subscriptions.map(({ object }) => object),
  ]);
  const stored = isLocal ? (await resources.objects.list(null, { limit: PAGE_SIZE })).items : [];
  const names = [
    ...keys.map((key) => splitRecipientKey(key).collection),
    ...stored.map((item) => String(item.collection)),
  ];
  return [...new Set(names)].filter((name) => name !== USERS && name !== TENANTS);
}

/** Returns the error for a collection without objects, which names the nearest one. */
export async function createUnknownCollectionError(collection: string, known: KnownNames): Promise<KnockError> {
  const names = (await listCollections(known)).filter((name) => name !== collection);
  return new KnockError("resource_missing", `the collection "${collection}" has no objects`, {
    details: [{ pointer: "", message: "is not the name of a collection with objects", value: collection }],
    hint: didYouMean(collection, names, "Collections"),
  });
}

/** Returns the error for an object that does not exist, which names the nearest one of the newest 50 in its collection. */
export async function createUnknownObjectError(object: RecipientKey, known: KnownNames): Promise<KnockError> {
  const { collection, id } = splitRecipientKey(object);
  const { items } = await known.resources.objects.list(collection, { limit: PAGE_SIZE });
  if (items.length === 0) return createUnknownCollectionError(collection, known);
  const error = createMissingObjectError({ collection, id });
  const near = findNearest(
    id,
    items.map((item) => String(item.id)),
  );
  return near === undefined
    ? error
    : error.copyWith({ hint: correctWord(`${collection}/${id}`, `${collection}/${near}`) });
}
