import { parseTranslationId } from "../../../../domain/resource/resource-document.js";
import { RESOURCE_TYPE_NAMES, type ResourceRef } from "../../../../domain/resource/resource-types.js";
import type { JsonObject } from "../../../../util/json.js";
import { okOrNotFound, type Route, type RouteContext, type RouteResult } from "../access/route.js";
import type { AccountCommit, ResourceSelection } from "../account.js";
import { createInvalidFieldError } from "../http/api-error.js";
import { LOCAL_MEMBER } from "./local-member.js";
import {
  createManagementRoute,
  getAccount,
  readNames,
  readScope,
  toManagementPage,
  withFieldErrors,
} from "./management-request.js";

/** Returns a resource as commits name it: a translation is its locale, then its namespace. */
function toIdentifier({ type, id }: ResourceRef): string {
  if (type !== "translation") return id;
  const { locale, namespace, tenant } = parseTranslationId(id);
  const prefix = tenant === null ? "" : `${tenant}~`;
  return `${prefix}${locale}${namespace === null ? "" : `/${namespace}`}`;
}

function parseIdentifier(identifier: string): string {
  const start = identifier.lastIndexOf("~") + 1;
  const slash = identifier.indexOf("/", start);
  if (slash < 0) return identifier;
  return `${identifier.slice(0, start)}${identifier.slice(slash + 1)}.${identifier.slice(start, slash)}`;
}

function serializeCommit(commit: AccountCommit): JsonObject {
  const { id, environment, resource, message, created_at } = commit;
  const { email, name } = LOCAL_MEMBER.user;
  return {
    id,
    environment,
    resource: { type: resource.type, identifier: toIdentifier(resource) },
    author: { email, name },
    ...(message === null ? {} : { commit_message: message }),
    created_at,
  };
}

/** Reads the resources that a commit is limited to. Throws 422 for an ID without exactly one kind. */
function readSelection(context: RouteContext): ResourceSelection {
  const types = readNames(context, "resource_type", RESOURCE_TYPE_NAMES);
  const id = context.query.text("resource_id") ?? null;
  if (id !== null && types?.length !== 1)
    throw createInvalidFieldError("resource_id", "needs exactly one resource_type");
  return { types, id: id !== null && types?.[0] === "translation" ? parseIdentifier(id) : id };
}

async function list(context: RouteContext): Promise<RouteResult> {
  const scope = await readScope(context);
  const promoted = context.query.flag("promoted") ?? null;
  const commits = await getAccount(context).listCommits({ ...scope, ...readSelection(context), promoted });
  return toManagementPage(context, commits.map(serializeCommit));
}

async function get(context: RouteContext): Promise<RouteResult> {
  const commit = await getAccount(context).getCommit(context.param("id"));
  return okOrNotFound(commit && serializeCommit(commit));
}

async function commitAll(context: RouteContext): Promise<RouteResult> {
  const { query } = context;
  const scope = await readScope(context);
  const selection = readSelection(context);
  const message = query.text("commit_message") ?? null;
  const allowEmpty = query.flag("allow_empty") ?? false;
  if (allowEmpty && selection.id === null)
    throw createInvalidFieldError("allow_empty", "needs resource_type and resource_id");
  await withFieldErrors(() => getAccount(context).commitAll(scope, { ...selection, message, allowEmpty }));
  return { body: { result: "success" } };
}

async function promoteAll(context: RouteContext): Promise<RouteResult> {
  const { query } = context;
  const toEnvironment = query.required("to_environment");
  const branch = query.text("branch") ?? null;
  if (toEnvironment === "development" && branch === null)
    throw createInvalidFieldError("branch", "is required to promote to development");
  await getAccount(context).promoteAll({ toEnvironment, branch, ...readSelection(context) });
  return { body: { result: "success" } };
}

async function promoteOne(context: RouteContext): Promise<RouteResult> {
  return { body: { commit: serializeCommit(await getAccount(context).promoteCommit(context.param("id"))) } };
}

export const commitRoutes: Route[] = [
  createManagementRoute("A-969", "GET /v1/commits", list),
  createManagementRoute("A-970", "GET /v1/commits/{id}", get),
  createManagementRoute("A-971", "PUT /v1/commits", commitAll),
  createManagementRoute("A-972", "PUT /v1/commits/promote", promoteAll),
  createManagementRoute("A-973", "PUT /v1/commits/{id}/promote", promoteOne),
];
