import { ok, type Route } from "../access/route.js";

const PASS_THROUGH =
  "These calls transfer data between other services and the hosted one and are not documented. Other operations set the same data.";

function buildUnavailableRoute(rule: string, endpoint: Route["endpoint"], tier: Route["tier"], reason: string): Route {
  return { rule, endpoint, tier, unavailable: reason, handle: async () => ok({}) };
}

/** Operations that make no sense offline. They return 501 with the reason. */
export const unavailableRoutes: Route[] = [
  buildUnavailableRoute("A-206", "POST /v1/integrations/census/custom-destination", 3, PASS_THROUGH),
  buildUnavailableRoute("A-207", "POST /v1/integrations/hightouch/embedded-destination", 3, PASS_THROUGH),
];
