import type { JsonObject } from "../../../util/json.js";
import type { Route } from "./access/route.js";
import { managementRoutes } from "./management/management-routes.js";
import { audienceRoutes } from "./routes/audience-routes.js";
import { bulkRoutes } from "./routes/bulk-routes.js";
import { channelDataRoutes } from "./routes/channel-data-routes.js";
import { channelMessageRoutes } from "./routes/channel-message-routes.js";
import { feedRoutes } from "./routes/feed-routes.js";
import { guideRoutes } from "./routes/guide-routes.js";
import { messageRoutes } from "./routes/message-routes.js";
import { objectRoutes } from "./routes/object-routes.js";
import { preferenceCenterRoutes } from "./routes/preference-center-routes.js";
import { preferenceRoutes } from "./routes/preference-routes.js";
import { providerRoutes } from "./routes/provider-routes.js";
import { runRoutes } from "./routes/run-routes.js";
import { scheduleRoutes } from "./routes/schedule-routes.js";
import { subscriptionRoutes } from "./routes/subscription-routes.js";
import { tenantRoutes } from "./routes/tenant-routes.js";
import { unavailableRoutes } from "./routes/unavailable-routes.js";
import { userRoutes } from "./routes/user-routes.js";
import { workflowRoutes } from "./routes/workflow-routes.js";

/** Every operation of the API (docs/internals/catalog/http-api.md, section 6) and of the management API (section 7). */
export const ROUTES: readonly Route[] = [
  ...audienceRoutes,
  ...bulkRoutes,
  ...channelDataRoutes,
  ...channelMessageRoutes,
  ...feedRoutes,
  ...guideRoutes,
  ...managementRoutes,
  ...messageRoutes,
  ...objectRoutes,
  ...preferenceCenterRoutes,
  ...preferenceRoutes,
  ...providerRoutes,
  ...runRoutes,
  ...scheduleRoutes,
  ...subscriptionRoutes,
  ...tenantRoutes,
  ...unavailableRoutes,
  ...userRoutes,
  ...workflowRoutes,
].sort((a, b) => (a.rule < b.rule ? -1 : 1));

/**
 * Returns the OpenAPI document of the emulated operations. It has no schemas, because those belong to the
 * service.
 */
export function buildOpenApiDocument(url: string): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const { endpoint, rule, unavailable } of ROUTES) {
    const [method = "", path = ""] = endpoint.split(" ");
    const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => ({
      name,
      in: "path",
      required: true,
      schema: { type: "string" },
    }));
    paths[path] = {
      ...paths[path],
      [method.toLowerCase()]: {
        operationId: rule,
        parameters,
        responses:
          unavailable === undefined ? { "2XX": { description: "Done" } } : { "501": { description: unavailable } },
      },
    };
  }
  return { openapi: "3.1.0", info: { title: "Local API emulator", version: "1" }, servers: [{ url }], paths };
}
