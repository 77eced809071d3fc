import { ok, type Route } from "../access/route.js";

/** The operations of the management API that are not emulated, below the reason of each. */
const OPERATIONS: readonly [reason: string, endpoints: readonly Route["endpoint"][]][] = [
  ["Assets are files that the service hosts.", ["GET /v1/assets"]],
  [
    "Broadcasts are files of the project, and `knock broadcasts` sends them.",
    [
      "PUT /v1/broadcasts/{broadcast_key}",
      "PUT /v1/broadcasts/{broadcast_key}/cancel",
      "PUT /v1/broadcasts/{broadcast_key}/send",
      "PUT /v1/broadcasts/{broadcast_key}/validate",
    ],
  ],
  [
    "Channel groups are set in environment.json.",
    ["DELETE /v1/channel_groups/{channel_group_key}", "PUT /v1/channel_groups/{channel_group_key}"],
  ],
  [
    "Goals measure conversions, which need the service's analytics.",
    [
      "GET /v1/goals",
      "DELETE /v1/goals/{goal_key}",
      "GET /v1/goals/{goal_key}",
      "PUT /v1/goals/{goal_key}",
      "POST /v1/goals/{goal_key}/clone",
      "PUT /v1/goals/{goal_key}/validate",
    ],
  ],
  ["The only member of the account is a local placeholder.", ["DELETE /v1/members/{id}"]],
  [
    "Preference categories are the categories of the project's workflows.",
    ["DELETE /v1/preference_categories/{name}", "PUT /v1/preference_categories/{name}"],
  ],
  [
    "The preference center is set in environment.json.",
    ["GET /v1/preference_center", "PUT /v1/preference_center", "PUT /v1/preference_center/reset"],
  ],
  [
    "The catalog of source providers belongs to the service.",
    ["GET /v1/source_providers", "GET /v1/source_providers/{key}"],
  ],
  [
    "Sources are files of the project, and `knock sources` lists and sends their events.",
    [
      "PUT /v1/sources/{key}",
      "GET /v1/sources/{key}/events",
      "GET /v1/sources/{key}/logs",
      "POST /v1/sources/{key}/rehearse",
      "GET /v1/sources/{key}/status",
    ],
  ],
  ["Tags are fields of workflows and guides.", ["GET /v1/tags", "DELETE /v1/tags/{name}", "PUT /v1/tags/{name}"]],
];

/** The operations of the management API that return 501 with a reason. */
export const unavailableOperations: Route[] = OPERATIONS.flatMap(([unavailable, endpoints]) =>
  endpoints.map((endpoint) => ({ endpoint, unavailable })),
).map(({ endpoint, unavailable }, index) => ({
  rule: `A-909.${index + 1}`,
  endpoint,
  tier: null,
  requiresServiceToken: true,
  unavailable,
  handle: async () => ok({}),
}));
