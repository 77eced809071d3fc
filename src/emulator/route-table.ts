import type { JsonObject } from "../util/json.js";
import type { Route } from "./access/route.js";
import { audienceRoutes } from "./routes/audiences.js";
import { bulkRoutes } from "./routes/bulk.js";
import { channelDataRoutes } from "./routes/channel-data.js";
import { channelMessageRoutes } from "./routes/channel-messages.js";
import { feedRoutes } from "./routes/feeds.js";
import { guideRoutes } from "./routes/guides.js";
import { managementRoutes } from "./routes/management.js";
import { messageRoutes } from "./routes/messages.js";
import { objectRoutes } from "./routes/objects.js";
import { preferenceCenterRoutes } from "./routes/preference-center.js";
import { preferenceRoutes } from "./routes/preferences.js";
import { providerRoutes } from "./routes/providers.js";
import { runRoutes } from "./routes/runs.js";
import { scheduleRoutes } from "./routes/schedules.js";
import { subscriptionRoutes } from "./routes/subscriptions.js";
import { tenantRoutes } from "./routes/tenants.js";
import { unavailableRoutes } from "./routes/unavailable.js";
import { userRoutes } from "./routes/users.js";
import { workflowRoutes } from "./routes/workflows.js";

/** Every operation of the API (section 6 of docs/reference/http-api.md), and those of the management API (section 7). */
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

/** what the emulator answers, without the schemas, which are the service's. */
export function openApiDocument(url: string): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const { on, rule, unavailable } of ROUTES) {
    const [method = "", path = ""] = on.split(" ");
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
