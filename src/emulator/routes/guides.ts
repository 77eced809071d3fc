import { checkJsonShape } from "../../domain/shape/json-limits.js";
import { GUIDE_ACTIONS, type GuideAction, type GuideOperations } from "../../ports/resources.js";
import { isUuid } from "../../util/ids.js";
import type { Json, JsonObject } from "../../util/json.js";
import { type Answer, type Call, ok, type Route } from "../access/route.js";
import { ApiError, missing } from "../http/api-error.js";
import type { Query } from "../http/query.js";

const READ = { whose: "user", capability: "user/guide_read" } as const;
const WRITE = { whose: "user", capability: "user/guide_write" } as const;
const PATH = "/v1/users/{user_id}/guides";

export function requireGuides({ operations }: Pick<Call, "operations">): GuideOperations {
  const { guides } = operations.resources;
  if (guides === undefined) throw new ApiError(501, "not_supported", "This engine has no in-app guides");
  return guides;
}

/** Returns the data that guides are chosen by, beside the user. */
function targetDataOf(query: Query): JsonObject {
  const data = query.json("data") ?? {};
  checkJsonShape(data, "data");
  return data;
}

async function list(call: Call): Promise<Answer> {
  const { query } = call;
  const channel = call.param("channel_id");
  const answer = await requireGuides(call).list({
    user: call.param("user_id"),
    channel,
    tenant: query.text("tenant") ?? null,
    data: targetDataOf(query),
    type: query.text("type"),
    force_all_guides: query.flag("force_all_guides"),
  });
  const { channels } = await call.environment();
  const isKnown = isUuid(channel) || Object.values(channels).some((one) => one?.id === channel || one?.key === channel);
  const [group] = answer.guide_groups as { display_sequence: Json[] }[];
  if (!isKnown && group?.display_sequence.length === 0) throw missing(); // an id that is neither is no channel (AC-224)
  return ok(answer);
}

const DONE = { status: "ok" };

function engaging(rule: string, on: Route["on"], action: GuideAction): Route {
  return {
    rule,
    on,
    tier: 2,
    open: WRITE,
    async handle(call) {
      await requireGuides(call).engage(call.param("user_id"), action, await call.body());
      return ok(DONE);
    },
  };
}

const CURRENT: Record<GuideAction, string> = { archived: "A-291", interacted: "A-293", seen: "A-294" };
/** The id in the older form's path says nothing that the body does not. */
const OLDER: Record<GuideAction, string> = { archived: "A-295", interacted: "A-296", seen: "A-297" };

/** In-app guides. */
export const guideRoutes: Route[] = [
  {
    rule: "A-290",
    on: `PUT ${PATH}/engagements/reset`,
    tier: 2,
    open: WRITE,
    async handle(call) {
      await requireGuides(call).reset(call.param("user_id"), await call.body());
      return ok(DONE);
    },
  },
  ...GUIDE_ACTIONS.map((action) => engaging(CURRENT[action], `PUT ${PATH}/messages/${action}`, action)),
  ...GUIDE_ACTIONS.map((action) => engaging(OLDER[action], `PUT ${PATH}/messages/{message_id}/${action}`, action)),
  {
    rule: "A-292",
    on: `DELETE ${PATH}/messages/archived`,
    tier: 2,
    open: WRITE,
    async handle(call) {
      await requireGuides(call).unarchive(call.param("user_id"), await call.body());
      return ok(DONE);
    },
  },
  {
    rule: "A-298",
    on: `GET ${PATH}/{channel_id}`,
    tier: 2,
    open: READ,
    differs: "One group, `default`, ordered by `environment.json`; guides have no dashboard and no times of their own.",
    handle: list,
  },
];
