import { testRunBodySchema } from "../../../../domain/request/api-bodies.js";
import { checkRequest } from "../../../../domain/request/check-request.js";
import { ACCOUNT_TREE_PREFIX } from "../../../../domain/resource/resource-id.js";
import { ok, type Route, type RouteContext } from "../access/route.js";
import { ApiError } from "../http/api-error.js";
import { triggerWorkflow } from "../routes/workflow-routes.js";
import { createManagementRoute } from "./management-request.js";

/** The key that `knock dev` suggests to applications if every key is valid. */
const LOCAL_KEY = "sk_local";

/**
 * Returns the branch under which the engine runs the latest content that a request names. A branch of the account takes
 * precedence over a folder of the project with its name.
 */
export async function readRunBranch({ account, query, definitions }: RouteContext): Promise<string | undefined> {
  const branch = query.text("branch") ?? null;
  if (account === undefined) return branch ?? undefined;
  const isInAccount = branch !== null && (await account.listBranches()).some(({ slug }) => slug === branch);
  if (branch !== null && !isInAccount && !branch.startsWith(ACCOUNT_TREE_PREFIX) && definitions.branch?.(branch))
    return branch;
  const scope = { environment: query.text("environment") ?? "development", branch };
  await account.checkScope(scope);
  return account.runBranch(scope);
}

export const runRoutes: Route[] = [
  createManagementRoute("A-900", "PUT /v1/workflows/{key}/run", async (context) => {
    const body = await context.body();
    checkRequest(testRunBodySchema(), body);
    const branch = await readRunBranch(context);
    const { workflow_run_id } = await triggerWorkflow({ ...context, branch }, context.param("key"), body, "rehearsal");
    return ok({ workflow_run_id });
  }),
  createManagementRoute("A-906", "POST /v1/api_keys/exchange", async (context) => {
    const { keys } = (await context.environment()).access;
    const key = keys === null ? LOCAL_KEY : keys.find((candidate) => candidate.startsWith("sk_"));
    if (key === undefined)
      throw new ApiError(404, "resource_missing", 'environment.json lists no secret key under "keys"');
    return ok({ api_key: key });
  }),
];
