import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { requireGrant } from "../access/authenticate.js";
import { type Answer, type Call, ok, type Route } from "../access/route.js";
import { ApiError } from "../http/api-error.js";

/** How one chat provider is connected: the query's name of the object that holds it, and where in its channel data. */
interface Provider {
  name: "slack" | "ms-teams";
  query: string;
  /** The value that connects; undefined where there is none. */
  connected(data: JsonObject): Json | undefined;
  /** The data without it. */
  revoked(data: JsonObject): JsonObject;
  missing: string;
  /** What a user's token may be granted on the object to ask about it; revoking wants its channel data. */
  reads: readonly string[];
}

const WRITES = ["channel_data/write"];

const SLACK: Provider = {
  name: "slack",
  query: "access_token_object",
  connected: ({ token }) => (isJsonObject(token) ? (token.access_token ?? undefined) : undefined),
  revoked: (data) => ({ connections: [], ...data, token: { access_token: null } }),
  missing: "Access token not set.",
  reads: ["slack/channels_read", "channel_data/read", "channel_data/write"],
};

const TEAMS: Provider = {
  name: "ms-teams",
  query: "ms_teams_tenant_object",
  connected: ({ ms_teams_tenant_id: id }) => id ?? undefined,
  revoked: (data) => ({ connections: [], ...data, ms_teams_tenant_id: null }),
  missing: "Microsoft Teams tenant ID not set.",
  reads: ["ms_teams/channels_read", "channel_data/read", "channel_data/write"],
};

/** The object is in the query, so that who may ask for it is looked at here. */
async function dataOf(call: Call, { query, reads }: Provider, capabilities = reads): Promise<JsonObject> {
  const object = call.query.object(query);
  requireGrant(call.caller, object, capabilities);
  const answer = await call.operations.resources.channelData.read(object, call.param("channel_id"));
  return isJsonObject(answer?.data) ? answer.data : {};
}

/** */
function notConnected({ missing }: Provider): ApiError {
  return new ApiError(403, "authorization", missing);
}

/** What the API description requires of a Slack channel, and a file may leave out. */
const SLACK_CHANNEL: JsonObject = { is_im: false, is_private: false, context_team_id: "" };

/** Rows that the channel's `settings` in environment.json list under a name; none without. */
async function declaredRows(call: Call, name: string): Promise<JsonObject[]> {
  const id = call.param("channel_id");
  const { channels } = await call.environment();
  const rows = Object.values(channels).find((one) => one?.id === id || one?.key === id)?.settings[name];
  const defaults = name === "slack_channels" ? SLACK_CHANNEL : {};
  return Array.isArray(rows) ? rows.filter(isJsonObject).map((row) => ({ ...defaults, ...row })) : [];
}

async function listed(call: Call, provider: Provider, name: string, rest: JsonObject): Promise<Answer> {
  if (provider.connected(await dataOf(call, provider)) === undefined) throw notConnected(provider);
  return ok({ [name]: await declaredRows(call, name), ...rest });
}

const LISTED = "Answers with what the channel's settings in environment.json list under the same name.";

function routesOf(provider: Provider, check: string, revoke: string): Route[] {
  const path = `/v1/providers/${provider.name}/{channel_id}` as const;
  return [
    {
      rule: check,
      on: `GET ${path}/auth_check`,
      tier: 2,
      open: { whose: "environment" },
      differs: "Looks whether the object's channel data holds a connection, and asks no provider.",
      async handle(call) {
        const connected = provider.connected(await dataOf(call, provider));
        const connection: JsonObject = { ok: connected !== undefined };
        if (connected === undefined) connection.reason = provider.missing;
        else if (provider === TEAMS) connection.ms_teams_tenant_id = connected;
        return ok({ connection });
      },
    },
    {
      rule: revoke,
      on: `PUT ${path}/revoke_access`,
      tier: 2,
      open: { whose: "environment" },
      differs: "Takes the connection out of the object's channel data, and tells no provider.",
      async handle(call) {
        const data = await dataOf(call, provider, WRITES);
        if (provider.connected(data) === undefined) throw notConnected(provider);
        const body = { data: provider.revoked(data) };
        const { channelData } = call.operations.resources;
        await channelData.set(call.query.object(provider.query), call.param("channel_id"), body);
        return ok({ ok: "ok" });
      },
    },
  ];
}

export const providerRoutes: Route[] = [
  ...routesOf(SLACK, "A-264", "A-266"),
  {
    rule: "A-265",
    on: "GET /v1/providers/slack/{channel_id}/channels",
    tier: 2,
    open: { whose: "environment" },
    differs: LISTED,
    handle: (call) => listed(call, SLACK, "slack_channels", { next_cursor: null }),
  },
  ...routesOf(TEAMS, "A-260", "A-262"),
  {
    rule: "A-261",
    on: "GET /v1/providers/ms-teams/{channel_id}/channels",
    tier: 2,
    open: { whose: "environment" },
    differs: LISTED,
    async handle(call) {
      call.query.required("team_id");
      return listed(call, TEAMS, "ms_teams_channels", {});
    },
  },
  {
    rule: "A-263",
    on: "GET /v1/providers/ms-teams/{channel_id}/teams",
    tier: 2,
    open: { whose: "environment" },
    differs: LISTED,
    handle: (call) => listed(call, TEAMS, "ms_teams_teams", { skip_token: null }),
  },
];
