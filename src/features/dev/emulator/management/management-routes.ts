import type { Route } from "../access/route.js";
import { branchRoutes } from "./branch-routes.js";
import { commitRoutes } from "./commit-routes.js";
import { previewRoutes } from "./preview-routes.js";
import { projectRoutes } from "./project-routes.js";
import { resourceRoutes } from "./resource-routes.js";
import { runRoutes } from "./run-routes.js";
import { unavailableOperations } from "./unavailable-operations.js";

/** Every operation of the management API (docs/internals/catalog/http-api.md, section 7). */
export const managementRoutes: Route[] = [
  ...runRoutes,
  ...projectRoutes,
  ...resourceRoutes,
  ...commitRoutes,
  ...branchRoutes,
  ...previewRoutes,
  ...unavailableOperations,
];
