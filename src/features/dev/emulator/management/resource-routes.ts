import { parseTranslationId } from "../../../../domain/resource/resource-document.js";
import { getResourceType, type ResourceRef, type ResourceType } from "../../../../domain/resource/resource-types.js";
import type { JsonObject } from "../../../../util/json.js";
import { okOrNotFound, type Route, type RouteContext, type RouteResult } from "../access/route.js";
import type { StoredResource } from "../account.js";
import { readActivation } from "./activation.js";
import { addGuideSchemas } from "./guide-schemas.js";
import {
  createManagementRoute,
  getAccount,
  readManagementPage,
  readReadOptions,
  readScope,
  withFieldErrors,
} from "./management-request.js";
import { readDocument, readRef } from "./read-document.js";
import { removeDerivedFields, type SerializeOptions, serializeResource } from "./serialize-resource.js";

function readSerializeOptions({ query }: RouteContext, environment: string): SerializeOptions {
  return {
    environment,
    annotate: query.flag("annotate") ?? false,
    format: query.choice("format", ["json", "po"]) ?? "json",
  };
}

/** Returns a resource under the name of its kind, as answers to changes have it. */
function wrap(context: RouteContext, stored: StoredResource, environment: string): RouteResult {
  return { body: { [stored.type]: serializeResource(stored, readSerializeOptions(context, environment)) } };
}

/** Returns whether a resource passes the filters of a list: translations by locale, namespace and tenant, schemas by type. */
function isListed({ query }: RouteContext, { type, id }: ResourceRef): boolean {
  if (type === "schema") {
    const itemType = query.text("item_type") ?? query.text("type");
    return itemType === undefined || itemType === (id.startsWith("objects/") ? "object" : id);
  }
  if (type !== "translation") return true;
  const { locale, namespace, tenant } = parseTranslationId(id);
  return Object.entries({ locale_code: locale, namespace: namespace ?? "", tenant }).every(([field, own]) => {
    const value = query.text(field);
    return value === undefined || value === own;
  });
}

async function list(context: RouteContext, type: ResourceType): Promise<RouteResult> {
  const scope = await readScope(context);
  const options = readSerializeOptions(context, scope.environment);
  const account = getAccount(context);
  const readOptions = readReadOptions(context);
  const ids = (await account.listIds(scope, type, readOptions)).filter((id) => isListed(context, { type, id }));
  const addsSchemas = type === "guide" && context.query.flag("include_json_schema") === true;
  return readManagementPage(context, ids, async (page) => {
    const found = await account.list(scope, type, readOptions, page);
    const entries = found.map((resource) => serializeResource(resource, options));
    return addsSchemas ? addGuideSchemas(entries, await account.list(scope, "message_type", readOptions)) : entries;
  });
}

async function get(context: RouteContext, type: ResourceType): Promise<RouteResult> {
  const scope = await readScope(context);
  const stored = await getAccount(context).get(scope, readRef(context, type), readReadOptions(context));
  if (stored === null) return okOrNotFound(null);
  const resource = serializeResource(stored, readSerializeOptions(context, scope.environment));
  // The official command reads a translation's fields here, the SDK its wrapper (CLI-392).
  if (type === "translation") return { body: { ...resource, translation: resource } };
  return { body: type === "schema" ? { ...resource, schema: resource } : resource };
}

async function readPush(context: RouteContext, type: ResourceType) {
  const scope = await readScope(context);
  const document = await readDocument(context, type);
  const before = await getAccount(context).get(scope, document, { committedOnly: false });
  const content = removeDerivedFields(type, document.content, before?.content ?? null);
  return { scope, document: { ...document, content } };
}

async function upsert(context: RouteContext, type: ResourceType): Promise<RouteResult> {
  const { query } = context;
  const { scope, document } = await readPush(context, type);
  const options = {
    commit: query.flag("commit") ?? false,
    message: query.text("commit_message") ?? null,
    allowEmpty: query.flag("allow_empty") ?? false,
    force: query.flag("force") ?? false,
  };
  const stored = await withFieldErrors(() => getAccount(context).push(scope, document, options));
  return wrap(context, stored, scope.environment);
}

async function validate(context: RouteContext, type: ResourceType): Promise<RouteResult> {
  const { scope, document } = await readPush(context, type);
  const stored = await withFieldErrors(() => getAccount(context).validate(scope, document));
  return wrap(context, stored, scope.environment);
}

async function activate(context: RouteContext, type: "workflow" | "guide"): Promise<RouteResult> {
  const scope = await readScope(context);
  const change = await readActivation(context, type);
  const stored = await getAccount(context).activate(scope, readRef(context, type), change);
  return wrap(context, stored, scope.environment);
}

async function archive(context: RouteContext, type: "guide" | "audience"): Promise<RouteResult> {
  const scope = await readScope(context);
  await getAccount(context).archive(scope, readRef(context, type));
  return { body: { result: "success" } satisfies JsonObject };
}

/** The first rule of each kind's list, get, upsert and validate. */
const FIRST_RULES: Record<ResourceType, number> = {
  workflow: 930,
  email_layout: 936,
  partial: 941,
  message_type: 946,
  translation: 950,
  guide: 954,
  audience: 960,
  schema: 965,
};

const PARAMETERS: Partial<Record<ResourceType, string>> = { translation: "locale_code", schema: "item_type" };

function createResourceRoutes(type: ResourceType): Route[] {
  const path = `/v1/${getResourceType(type).path}` as const;
  const one = `${path}/{${PARAMETERS[type] ?? "key"}}` as const;
  const rule = (index: number): string => `A-${FIRST_RULES[type] + index}`;
  return [
    createManagementRoute(rule(0), `GET ${path}`, (context) => list(context, type)),
    createManagementRoute(rule(1), `GET ${one}`, (context) => get(context, type)),
    createManagementRoute(rule(2), `PUT ${one}`, (context) => upsert(context, type)),
    createManagementRoute(rule(3), `PUT ${one}/validate`, (context) => validate(context, type)),
  ];
}

/** The operations on the resources of an account. */
export const resourceRoutes: Route[] = [
  ...(Object.keys(FIRST_RULES) as ResourceType[]).flatMap(createResourceRoutes),
  createManagementRoute("A-934", "PUT /v1/workflows/{key}/activate", (context) => activate(context, "workflow")),
  createManagementRoute("A-958", "PUT /v1/guides/{key}/activate", (context) => activate(context, "guide")),
  createManagementRoute("A-959", "DELETE /v1/guides/{key}", (context) => archive(context, "guide")),
  createManagementRoute("A-964", "DELETE /v1/audiences/{key}", (context) => archive(context, "audience")),
];
