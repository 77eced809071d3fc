import { testRunBodySchema } from "../../../../domain/request/api-bodies.js";
import { checkRequest } from "../../../../domain/request/check-request.js";
import { ok, type Route } from "../access/route.js";
import { ApiError } from "../http/api-error.js";
import { triggerWorkflow } from "./workflow-routes.js";

/** The key that `knock dev` suggests to applications if every key is valid. */
const LOCAL_KEY = "sk_local";

/** The operations of the management API that the official command needs to run workflows. */
export const managementRoutes: Route[] = [
  {
    rule: "A-900",
    endpoint: "PUT /v1/workflows/{key}/run",
    tier: null,
    requiresServiceToken: true,
    differs: "Every `environment` refers to this project.",
    async handle(context) {
      const body = await context.body();
      checkRequest(testRunBodySchema(), body);
      const { workflow_run_id } = await triggerWorkflow(context, context.param("key"), body, "rehearsal");
      return ok({ workflow_run_id });
    },
  },
  {
    rule: "A-906",
    endpoint: "POST /v1/api_keys/exchange",
    tier: null,
    requiresServiceToken: true,
    async handle(context) {
      const { keys } = (await context.environment()).access;
      const key = keys === null ? LOCAL_KEY : keys.find((candidate) => candidate.startsWith("sk_"));
      if (key === undefined)
        throw new ApiError(404, "resource_missing", 'environment.json lists no secret key under "keys"');
      return ok({ api_key: key });
    },
  },
  {
    rule: "CLI-167",
    endpoint: "GET /v1/whoami",
    tier: null,
    requiresServiceToken: true,
    differs: "The account is a local placeholder.",
    handle: async () =>
      ok({
        account_name: "Local",
        account_slug: "local",
        service_token_name: "local",
        account_features: { translations_allowed: true },
      }),
  },
];
