import type { JsonObject } from "../../../../util/json.js";
import { NO_CONTENT, type Route, type RouteContext, type RouteResult } from "../access/route.js";
import type { Account, AccountBranch } from "../account.js";
import { createInvalidFieldError } from "../http/api-error.js";
import { createManagementRoute, getAccount, toManagementPage } from "./management-request.js";

/** The form of a branch's slug (CLI-009). */
const BRANCH_SLUG = /^[\w-]+$/;

const serializeBranch = (branch: AccountBranch): JsonObject => ({ ...branch, deleted_at: null });

/** Creates a route for the branches of development. No other environment has any. */
const createBranchRoute = (
  rule: string,
  endpoint: Route["endpoint"],
  handle: (account: Account, context: RouteContext) => Promise<RouteResult>,
): Route =>
  createManagementRoute(rule, endpoint, (context) => {
    const environment = context.query.text("environment") ?? "development";
    if (environment !== "development") throw createInvalidFieldError("environment", "must be development for branches");
    return handle(getAccount(context), context);
  });

function readNewSlug({ param }: RouteContext): string {
  const slug = param("branch_slug");
  if (!BRANCH_SLUG.test(slug))
    throw createInvalidFieldError("slug", "must contain only letters, digits, hyphens and underscores");
  return slug;
}

export const branchRoutes: Route[] = [
  createBranchRoute("A-974", "GET /v1/branches", async (account, context) =>
    toManagementPage(context, (await account.listBranches()).map(serializeBranch)),
  ),
  createBranchRoute("A-975", "GET /v1/branches/{branch_slug}", async (account, { param }) => ({
    body: serializeBranch(await account.getBranch(param("branch_slug"))),
  })),
  createBranchRoute("A-976", "POST /v1/branches/{branch_slug}", async (account, context) => ({
    status: 201,
    body: serializeBranch(await account.createBranch(readNewSlug(context))),
  })),
  createBranchRoute("A-977", "DELETE /v1/branches/{branch_slug}", async (account, { param }) => {
    await account.deleteBranch(param("branch_slug"));
    return NO_CONTENT;
  }),
  createBranchRoute("A-978", "PUT /v1/branches/{branch_slug}/rebase", async (account, { param }) => ({
    body: serializeBranch(await account.rebaseBranch(param("branch_slug"))),
  })),
];
