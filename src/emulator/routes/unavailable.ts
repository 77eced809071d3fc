import { ok, type Route } from "../route.js";

const GUIDES = "The local engine has no in-app guides.";
const PASS_THROUGH =
  "This hands data from another company's service to the hosted one; there is nothing to do offline.";

function unavailable(rule: string, on: Route["on"], tier: Route["tier"], why: string, open?: Route["open"]): Route {
  return { rule, on, tier, unavailable: why, ...(open ? { open } : {}), handle: async () => ok({}) };
}

const READ = { whose: "user", capability: "user/guide_read" } as const;
const WRITE = { whose: "user", capability: "user/guide_write" } as const;
const PATH = "/v1/users/{user_id}/guides";

/** What makes no sense offline, or is not there yet: 501 with the reason. */
export const unavailableRoutes: Route[] = [
  unavailable("A-206", "POST /v1/integrations/census/custom-destination", 3, PASS_THROUGH),
  unavailable("A-207", "POST /v1/integrations/hightouch/embedded-destination", 3, PASS_THROUGH),
  unavailable("A-290", `PUT ${PATH}/engagements/reset`, 2, GUIDES, WRITE),
  unavailable("A-291", `PUT ${PATH}/messages/archived`, 2, GUIDES, WRITE),
  unavailable("A-292", `DELETE ${PATH}/messages/archived`, 2, GUIDES, WRITE),
  unavailable("A-293", `PUT ${PATH}/messages/interacted`, 2, GUIDES, WRITE),
  unavailable("A-294", `PUT ${PATH}/messages/seen`, 2, GUIDES, WRITE),
  unavailable("A-295", `PUT ${PATH}/messages/{message_id}/archived`, 2, GUIDES, WRITE),
  unavailable("A-296", `PUT ${PATH}/messages/{message_id}/interacted`, 2, GUIDES, WRITE),
  unavailable("A-297", `PUT ${PATH}/messages/{message_id}/seen`, 2, GUIDES, WRITE),
  unavailable("A-298", `GET ${PATH}/{channel_id}`, 2, GUIDES, READ),
  unavailable(
    "A-302",
    "POST /v1/users/{user_id}/preference_center/signed_url",
    3,
    "The preference center is a page of the hosted service.",
  ),
];
