import { checkJsonShape } from "../../../../domain/findings/check-json-shape.js";
import { GUIDE_ACTIONS, type GuideAction, type GuideOperations } from "../../../../ports/resource-operations.js";
import { isUuid } from "../../../../util/ids.js";
import type { Json, JsonObject } from "../../../../util/json.js";
import { ok, type Route, type RouteContext, type RouteResult } from "../access/route.js";
import { ApiError, createNotFoundError } from "../http/api-error.js";
import type { Query } from "../http/query.js";

const READ = { owner: "user", capability: "user/guide_read" } as const;
const WRITE = { owner: "user", capability: "user/guide_write" } as const;
const PATH = "/v1/users/{user_id}/guides";

export function requireGuides({ operations }: Pick<RouteContext, "operations">): GuideOperations {
  const { guides } = operations.resources;
  if (guides === undefined) throw new ApiError(501, "not_supported", "This engine has no in-app guides");
  return guides;
}

/** Returns the data that selects guides, in addition to the user. */
function parseTargetData(query: Query): JsonObject {
  const data = query.json("data") ?? {};
  checkJsonShape(data, "data");
  return data;
}

async function listGuides(context: RouteContext): Promise<RouteResult> {
  const { query } = context;
  const channel = context.param("channel_id");
  const response = await requireGuides(context).list({
    user: context.param("user_id"),
    channel,
    tenant: query.text("tenant") ?? null,
    data: parseTargetData(query),
    type: query.text("type"),
    force_all_guides: query.flag("force_all_guides"),
  });
  const { channels } = await context.environment();
  const isKnown =
    isUuid(channel) || Object.values(channels).some((known) => known?.id === channel || known?.key === channel);
  const [group] = response.guide_groups as { display_sequence: Json[] }[];
  // An ID that is neither a UUID nor a known channel is not a channel (AC-224).
  if (!isKnown && group?.display_sequence.length === 0) throw createNotFoundError();
  return ok(response);
}

const DONE = { status: "ok" };

function buildEngagementRoute(rule: string, endpoint: Route["endpoint"], action: GuideAction): Route {
  return {
    rule,
    endpoint,
    tier: 2,
    publicAccess: WRITE,
    async handle(context) {
      await requireGuides(context).recordEngagement(context.param("user_id"), action, await context.body());
      return ok(DONE);
    },
  };
}

const CURRENT: Record<GuideAction, string> = { archived: "A-291", interacted: "A-293", seen: "A-294" };
/** The rules of the legacy paths. The ID in their path adds nothing to the body. */
const LEGACY: Record<GuideAction, string> = { archived: "A-295", interacted: "A-296", seen: "A-297" };

/** The routes of in-app guides. */
export const guideRoutes: Route[] = [
  {
    rule: "A-290",
    endpoint: `PUT ${PATH}/engagements/reset`,
    tier: 2,
    publicAccess: WRITE,
    async handle(context) {
      await requireGuides(context).reset(context.param("user_id"), await context.body());
      return ok(DONE);
    },
  },
  ...GUIDE_ACTIONS.map((action) => buildEngagementRoute(CURRENT[action], `PUT ${PATH}/messages/${action}`, action)),
  ...GUIDE_ACTIONS.map((action) =>
    buildEngagementRoute(LEGACY[action], `PUT ${PATH}/messages/{message_id}/${action}`, action),
  ),
  {
    rule: "A-292",
    endpoint: `DELETE ${PATH}/messages/archived`,
    tier: 2,
    publicAccess: WRITE,
    async handle(context) {
      await requireGuides(context).unarchive(context.param("user_id"), await context.body());
      return ok(DONE);
    },
  },
  {
    rule: "A-298",
    endpoint: `GET ${PATH}/{channel_id}`,
    tier: 2,
    publicAccess: READ,
    differs: "There is one group, `default`, ordered by `environment.json`. Guides have no active times of their own.",
    handle: listGuides,
  },
];
