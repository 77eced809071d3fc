import type { JsonObject } from "../../../../util/json.js";
import { NO_CONTENT, type Route, type RouteContext } from "../access/route.js";
import type { AccountBranch } from "../account.js";
import { createInvalidFieldError } from "../http/api-error.js";
import { createManagementRoute, getAccount, toManagementPage } from "./management-request.js";

/** The form of a branch's slug (CLI-009). */
const BRANCH_SLUG = /^[\w-]+$/;

const serializeBranch = ({ slug, created_at, updated_at, last_commit_at }: AccountBranch): JsonObject => ({
  slug,
  created_at,
  updated_at,
  last_commit_at,
  deleted_at: null,
});

/** Branches start from development, so no other environment has any. */
function checkEnvironment({ query }: RouteContext): void {
  const environment = query.text("environment") ?? "development";
  if (environment !== "development") throw createInvalidFieldError("environment", "must be development for branches");
}

function readNewSlug({ param }: RouteContext): string {
  const slug = param("branch_slug");
  if (!BRANCH_SLUG.test(slug))
    throw createInvalidFieldError("slug", "must contain only letters, digits, hyphens and underscores");
  return slug;
}

export const branchRoutes: Route[] = [
  createManagementRoute("A-974", "GET /v1/branches", async (context) => {
    checkEnvironment(context);
    return toManagementPage(context, (await getAccount(context).listBranches()).map(serializeBranch));
  }),
  createManagementRoute("A-975", "GET /v1/branches/{branch_slug}", async (context) => {
    checkEnvironment(context);
    return { body: serializeBranch(await getAccount(context).getBranch(context.param("branch_slug"))) };
  }),
  createManagementRoute("A-976", "POST /v1/branches/{branch_slug}", async (context) => {
    checkEnvironment(context);
    return { status: 201, body: serializeBranch(await getAccount(context).createBranch(readNewSlug(context))) };
  }),
  createManagementRoute("A-977", "DELETE /v1/branches/{branch_slug}", async (context) => {
    checkEnvironment(context);
    await getAccount(context).deleteBranch(context.param("branch_slug"));
    return NO_CONTENT;
  }),
  createManagementRoute("A-978", "PUT /v1/branches/{branch_slug}/rebase", async (context) => {
    checkEnvironment(context);
    return { body: serializeBranch(await getAccount(context).rebaseBranch(context.param("branch_slug"))) };
  }),
];
