import { paginateIds, paginateList } from "../../../../domain/page/paginate-list.js";
import { KnockError } from "../../../../errors/knock-error.js";
import type { JsonObject } from "../../../../util/json.js";
import type { Route, RouteContext, RouteResult } from "../access/route.js";
import type { Account, AccountScope, ReadOptions } from "../account.js";
import { ApiError, createUnknownNameError, toApiError } from "../http/api-error.js";

const DEFAULT_PAGE_SIZE = 25;
const MAX_PAGE_SIZE = 100;

/** Awaits a route. A broken file of the project is 422, because the official command hides the message of a 500 (CLI-041). */
async function withFileErrors(handle: () => Promise<RouteResult>): Promise<RouteResult> {
  try {
    return await handle();
  } catch (error) {
    if (!(error instanceof KnockError) || error.code !== "project_invalid") throw error;
    throw new ApiError(422, error.code, error.message, toApiError(error)?.errors ?? []);
  }
}

/** Creates a route of the management API, which requires a service token and has no rate limit. */
export function createManagementRoute(
  rule: string,
  endpoint: Route["endpoint"],
  handle: Route["handle"],
  differs?: string,
): Route {
  const route: Route = {
    rule,
    endpoint,
    tier: null,
    requiresServiceToken: true,
    handle: (context) => withFileErrors(() => handle(context)),
  };
  return differs === undefined ? route : { ...route, differs };
}

/** Returns the account. Throws `not_supported` if the emulator has none. */
export function getAccount({ account }: RouteContext): Account {
  if (account === undefined) throw new KnockError("not_supported", "this server has no account");
  return account;
}

/** Returns the environment and branch of a request. A missing environment is development. Throws if one does not exist. */
export async function readScope(context: RouteContext): Promise<AccountScope> {
  const { query } = context;
  const scope = { environment: query.text("environment") ?? "development", branch: query.text("branch") ?? null };
  await getAccount(context).checkScope(scope);
  return scope;
}

export const readReadOptions = ({ query }: RouteContext): ReadOptions => ({
  committedOnly: query.flag("hide_uncommitted_changes") ?? false,
});

/** Returns the values of a list, which the SDK separates by commas and the official command repeats; null without any. */
export function readNames<T extends string>({ query }: RouteContext, name: string, known: readonly T[]): T[] | null {
  const names = query.list(name)?.flatMap((value) => value.split(","));
  if (names === undefined) return null;
  return names.map((value) => {
    const found = known.find((candidate) => candidate === value);
    if (found === undefined) throw createUnknownNameError(name, value, known);
    return found;
  });
}

function readPageRequest({ query }: RouteContext) {
  const limit = query.wholeNumber("limit", MAX_PAGE_SIZE) ?? DEFAULT_PAGE_SIZE;
  const after = query.text("after");
  return { limit, after, before: after === undefined ? query.text("before") : undefined };
}

/** Returns a page of a list. Both cursors are null on a single page. */
export function toManagementPage(context: RouteContext, entries: readonly JsonObject[]): RouteResult {
  const { items, page_info } = paginateList(entries, readPageRequest(context));
  return { body: { entries: items, page_info } };
}

/** Returns a page of the resources with these IDs, of which only those of the page are read. */
export async function readManagementPage(
  context: RouteContext,
  ids: readonly string[],
  read: (ids: readonly string[]) => Promise<JsonObject[]>,
): Promise<RouteResult> {
  const { items, page_info } = await paginateIds(ids, readPageRequest(context), read);
  return { body: { entries: items, page_info } };
}

/** The codes of errors about the content of a document, which the command line reports about a file. */
const CONTENT_ERRORS: ReadonlySet<string> = new Set([
  "workflow_invalid",
  "project_invalid",
  "template_invalid",
  "usage",
]);

/** Awaits an operation on a document. Errors in the document become 422 with a field for each of them. */
export async function withFieldErrors<T>(operate: () => Promise<T>): Promise<T> {
  try {
    return await operate();
  } catch (error) {
    if (!(error instanceof KnockError) || !CONTENT_ERRORS.has(error.code)) throw error;
    const errors = toApiError(error)?.errors ?? [];
    const { message } = error;
    throw new ApiError(422, "invalid_params", message, errors.length > 0 ? errors : [{ field: "", message }]);
  }
}
