import { ok, type Route } from "../access/route.js";

const PASS_THROUGH =
  "These calls transfer data between other services and the hosted one and are not documented. Other operations set the same data.";

function unavailableRoute(rule: string, on: Route["on"], tier: Route["tier"], why: string): Route {
  return { rule, on, tier, unavailable: why, handle: async () => ok({}) };
}

/** Operations that make no sense offline. They return 501 with the reason. */
export const unavailableRoutes: Route[] = [
  unavailableRoute("A-206", "POST /v1/integrations/census/custom-destination", 3, PASS_THROUGH),
  unavailableRoute("A-207", "POST /v1/integrations/hightouch/embedded-destination", 3, PASS_THROUGH),
];
