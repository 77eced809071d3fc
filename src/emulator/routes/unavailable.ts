import { ok, type Route } from "../route.js";

const PASS_THROUGH =
  "This hands data from another company's service to the hosted one; there is nothing to do offline.";

function unavailable(rule: string, on: Route["on"], tier: Route["tier"], why: string): Route {
  return { rule, on, tier, unavailable: why, handle: async () => ok({}) };
}

/** What makes no sense offline: 501 with the reason. */
export const unavailableRoutes: Route[] = [
  unavailable("A-206", "POST /v1/integrations/census/custom-destination", 3, PASS_THROUGH),
  unavailable("A-207", "POST /v1/integrations/hightouch/embedded-destination", 3, PASS_THROUGH),
  unavailable(
    "A-302",
    "POST /v1/users/{user_id}/preference_center/signed_url",
    3,
    "The preference center is a page of the hosted service.",
  ),
];
