import { paginateList } from "../../../../domain/page/paginate-list.js";
import { KnockError } from "../../../../errors/knock-error.js";
import type { JsonObject } from "../../../../util/json.js";
import type { RouteContext, RouteResult } from "../access/route.js";
import type { Account, AccountScope } from "../account.js";

const DEFAULT_PAGE_SIZE = 25;
const MAX_PAGE_SIZE = 100;

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

/** Returns a page of a list. Both cursors are null on a single page. */
export function toManagementPage({ query }: RouteContext, entries: readonly JsonObject[]): RouteResult {
  const limit = query.wholeNumber("limit", MAX_PAGE_SIZE) ?? DEFAULT_PAGE_SIZE;
  const after = query.text("after");
  const before = after === undefined ? query.text("before") : undefined;
  const { items, page_info } = paginateList(entries, { limit, after, before });
  return { body: { entries: items, page_info } };
}
