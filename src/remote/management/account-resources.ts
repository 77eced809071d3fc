import type KnockMgmt from "@knocklabs/mgmt";
import { parseTranslationId, type ResourceDocument, toContent } from "../../domain/resource/resource-document.js";
import { getResourceType, type ResourceRef, type ResourceType } from "../../domain/resource/resource-types.js";
import type { JsonObject } from "../../util/json.js";
import type { ManagementClient, SdkPage } from "./management-client.js";

/** The environment of an account, and a branch of its development environment or null. */
export interface AccountScope {
  environment: string;
  branch: string | null;
}

/** A resource of an account with its read-only fields. */
export interface AccountResource extends ResourceDocument {
  readonly: JsonObject;
}

/** The part that the SDK's resources have in common. Their types differ in the names of the body. */
interface SdkResource {
  list(query: object): PromiseLike<SdkPage>;
  upsert(key: string, params: object): PromiseLike<unknown>;
  validate(key: string, params: object): PromiseLike<unknown>;
}

/** Returns the SDK's part for a kind of resource; null for schemas, which the SDK does not have. */
function getSdkResource(sdk: KnockMgmt, type: Exclude<ResourceType, "schema">): SdkResource {
  const resources = {
    audience: sdk.audiences,
    translation: sdk.translations,
    partial: sdk.partials,
    email_layout: sdk.emailLayouts,
    message_type: sdk.messageTypes,
    guide: sdk.guides,
    workflow: sdk.workflows,
  };
  return resources[type] as unknown as SdkResource;
}

export const MAX_PAGE_SIZE = 100;

/** The query that names the environment and the branch. */
export const toQuery = ({ environment, branch }: AccountScope) => ({
  environment,
  ...(branch === null ? {} : { branch }),
});

interface ListOptions {
  /** Whether changes that are not committed are left out. */
  committedOnly: boolean;
  /** The format of translations (default: the service's choice). */
  format?: "po";
}

export function listEntries(
  client: ManagementClient,
  scope: AccountScope,
  type: ResourceType,
  { committedOnly, format }: ListOptions,
): Promise<JsonObject[]> {
  const query = { ...toQuery(scope), ...(committedOnly ? { hide_uncommitted_changes: true } : {}) };
  if (type === "schema") return client.listPath("/v1/schemas", query);
  const options = { ...query, annotate: true, limit: MAX_PAGE_SIZE, ...(format === undefined ? {} : { format }) };
  return client.listAll((sdk) => getSdkResource(sdk, type).list(options));
}

/** The body and the query of a translation. The locale is in the path. */
function describeTranslation({ id, content }: ResourceDocument) {
  const { locale, namespace, tenant } = parseTranslationId(id);
  return {
    key: locale,
    params: {
      namespace: namespace ?? "",
      ...(tenant === null ? {} : { tenant }),
      format: content.format,
      translation: { format: content.format, content: content.content },
    },
  };
}

/** Sends a resource: `upsert` changes it, and `validate` only checks it. Resolves to the response. */
export function sendResource(
  sdk: KnockMgmt,
  scope: AccountScope,
  document: ResourceDocument,
  action: "upsert" | "validate",
  options: { force: boolean },
): PromiseLike<unknown> {
  const { type, id, content } = document;
  const query = { ...toQuery(scope), ...(options.force ? { force: true } : {}) };
  if (type === "schema") {
    const [kind = "", collection] = id.split("/");
    const itemType = kind === "objects" ? "object" : kind;
    return sdk.put(`/v1/schemas/${itemType}${action === "validate" ? "/validate" : ""}`, {
      // The API description names the parameter `collection`, and the official command sends `item_id`.
      query: { ...query, ...(collection === undefined ? {} : { collection, item_id: collection }) },
      body: { schema: { properties: content.properties ?? [] } },
    });
  }
  const resource = getSdkResource(sdk, type);
  if (type === "translation") {
    const { key, params } = describeTranslation(document);
    return resource[action](key, { ...query, ...params });
  }
  // Both are methods of the SDK's classes, which need their object.
  return resource[action](id, { ...query, annotate: true, [type]: content });
}

export const getText = (value: unknown): string => (typeof value === "string" ? value : "");

/** Returns the ID of an entry, which names the resource's files. */
function toResourceId(type: ResourceType, entry: JsonObject): string {
  if (type === "translation") {
    const tenant = getText(entry.tenant);
    const namespace = getText(entry.namespace);
    return `${tenant === "" ? "" : `${tenant}~`}${namespace === "" ? "" : `${namespace}.`}${getText(entry.locale_code)}`;
  }
  if (type !== "schema") return getText(entry.key);
  const itemType = getText(entry.item_type);
  return itemType === "user" || itemType === "tenant" ? itemType : `objects/${getText(entry.item_id)}`;
}

/** Returns a resource from an entry of a list or from the response of a push. */
export function toAccountResource(type: ResourceType, entry: JsonObject): AccountResource {
  const id = toResourceId(type, entry);
  const readonly: JsonObject = {};
  for (const field of getResourceType(type).readonlyFields) {
    const value = entry[field];
    if (value !== undefined) readonly[field] = value;
  }
  return { type, id, readonly, content: toEntryContent(type, entry) };
}

function toEntryContent(type: ResourceType, entry: JsonObject): JsonObject {
  if (type === "schema") {
    const { item_type = null, item_id = null, properties = [] } = entry;
    return { item_type, item_id, properties };
  }
  if (type !== "translation") return toContent(type, entry);
  const { locale_code = "", format = "json", content = "" } = entry;
  const translation: JsonObject = { locale_code, namespace: getText(entry.namespace), format, content };
  const tenant = getText(entry.tenant);
  return tenant === "" ? translation : { ...translation, tenant };
}

/** The query of a commit of one resource. A translation is identified by its namespace and locale. */
export const toCommitFilter = ({ type, id }: ResourceRef) => ({ resource_type: type, resource_id: id });
