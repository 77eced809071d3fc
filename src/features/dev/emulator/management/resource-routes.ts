import type { Route } from "../access/route.js";
import { getAccount, readScope, toManagementPage } from "./management-request.js";
import { serializeResource } from "./serialize-resource.js";

/** The operations on the resources of an account. */
export const resourceRoutes: Route[] = [
  {
    rule: "A-930",
    endpoint: "GET /v1/workflows",
    tier: null,
    requiresServiceToken: true,
    async handle(context) {
      const scope = await readScope(context);
      const committedOnly = context.query.flag("hide_uncommitted_changes") ?? false;
      const found = await getAccount(context).list(scope, "workflow", { committedOnly });
      return toManagementPage(
        context,
        found.map((resource) => serializeResource(resource, scope.environment)),
      );
    },
  },
];
