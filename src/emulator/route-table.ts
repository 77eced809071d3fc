import type { JsonObject } from "../util/json.js";
import type { Route } from "./route.js";
import { userRoutes } from "./routes/users.js";
import { workflowRoutes } from "./routes/workflows.js";

/** Every operation of the API (section 6 of docs/reference/http-api.md). */
export const ROUTES: readonly Route[] = [...workflowRoutes, ...userRoutes];

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
