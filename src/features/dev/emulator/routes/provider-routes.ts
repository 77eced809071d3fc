import { isJsonObject, type Json, type JsonObject } from "../../../../util/json.js";
import { requireGrant } from "../access/authenticate.js";
import { ok, type Route, type RouteContext, type RouteResult } from "../access/route.js";
import { ApiError } from "../http/api-error.js";

/**
 * A chat provider's connection: the query parameter of the object that has it, and its place in the object's channel
 * data.
 */
interface ChatProvider {
  name: "slack" | "ms-teams";
  objectParameter: string;
  /** Returns the value that means connected; undefined if the object is not connected. */
  findConnection(data: JsonObject): Json | undefined;
  /** Returns the channel data without the connection. */
  removeConnection(data: JsonObject): JsonObject;
  notConnectedMessage: string;
  /**
   * The capabilities of a user token that allow reading. Revoking requires a write capability on the channel data
   * (A-012).
   */
  readCapabilities: readonly string[];
}

const WRITE_CAPABILITIES = ["channel_data/write"];

const SLACK: ChatProvider = {
  name: "slack",
  objectParameter: "access_token_object",
  findConnection: ({ token }) => (isJsonObject(token) ? (token.access_token ?? undefined) : undefined),
  removeConnection: (data) => ({ connections: [], ...data, token: { access_token: null } }),
  notConnectedMessage: "Access token not set.",
  readCapabilities: ["slack/channels_read", "channel_data/read", "channel_data/write"],
};

const TEAMS: ChatProvider = {
  name: "ms-teams",
  objectParameter: "ms_teams_tenant_object",
  findConnection: ({ ms_teams_tenant_id: id }) => id ?? undefined,
  removeConnection: (data) => ({ connections: [], ...data, ms_teams_tenant_id: null }),
  notConnectedMessage: "Microsoft Teams tenant ID not set.",
  readCapabilities: ["ms_teams/channels_read", "channel_data/read", "channel_data/write"],
};

/**
 * Returns the channel data of the object in the query. The grant is checked here, because routes check only the objects
 * in their path.
 */
async function readChannelData(
  context: RouteContext,
  { objectParameter: query, readCapabilities: reads }: ChatProvider,
  capabilities = reads,
): Promise<JsonObject> {
  const object = context.query.object(query);
  requireGrant(context.caller, object, capabilities);
  const response = await context.operations.resources.channelData.read(object, context.param("channel_id"));
  return isJsonObject(response?.data) ? response.data : {};
}

/** Returns the error for an object without a connection. */
function createNotConnectedError({ notConnectedMessage }: ChatProvider): ApiError {
  return new ApiError(403, "authorization", notConnectedMessage);
}

/** The required fields of a Slack channel in the API description, which a file may omit. */
const SLACK_CHANNEL: JsonObject = { is_im: false, is_private: false, context_team_id: "" };

/** Returns the rows that the channel's `settings` in environment.json list under a name; an empty list without them. */
async function readDeclaredRows(context: RouteContext, name: string): Promise<JsonObject[]> {
  const id = context.param("channel_id");
  const { channels } = await context.environment();
  const rows = Object.values(channels).find((channel) => channel?.id === id || channel?.key === id)?.settings[name];
  const defaults = name === "slack_channels" ? SLACK_CHANNEL : {};
  return Array.isArray(rows) ? rows.filter(isJsonObject).map((row) => ({ ...defaults, ...row })) : [];
}

async function listDeclaredRows(
  context: RouteContext,
  provider: ChatProvider,
  name: string,
  rest: JsonObject,
): Promise<RouteResult> {
  if (provider.findConnection(await readChannelData(context, provider)) === undefined)
    throw createNotConnectedError(provider);
  return ok({ [name]: await readDeclaredRows(context, name), ...rest });
}

const DECLARED_ROWS_DIFFERENCE = "Returns the list of the same name in the channel's settings in environment.json.";

function buildRoutes(provider: ChatProvider, check: string, revoke: string): Route[] {
  const path = `/v1/providers/${provider.name}/{channel_id}` as const;
  return [
    {
      rule: check,
      endpoint: `GET ${path}/auth_check`,
      tier: 2,
      publicAccess: { owner: "environment" },
      differs: "Checks whether the object's channel data contains a connection, without a request to the provider.",
      async handle(context) {
        const connected = provider.findConnection(await readChannelData(context, provider));
        const connection: JsonObject = { ok: connected !== undefined };
        if (connected === undefined) connection.reason = provider.notConnectedMessage;
        else if (provider === TEAMS) connection.ms_teams_tenant_id = connected;
        return ok({ connection });
      },
    },
    {
      rule: revoke,
      endpoint: `PUT ${path}/revoke_access`,
      tier: 2,
      publicAccess: { owner: "environment" },
      differs: "Removes the connection from the object's channel data, without a request to the provider.",
      async handle(context) {
        const data = await readChannelData(context, provider, WRITE_CAPABILITIES);
        if (provider.findConnection(data) === undefined) throw createNotConnectedError(provider);
        const body = { data: provider.removeConnection(data) };
        const { channelData } = context.operations.resources;
        await channelData.set(context.query.object(provider.objectParameter), context.param("channel_id"), body);
        return ok({ ok: "ok" });
      },
    },
  ];
}

export const providerRoutes: Route[] = [
  ...buildRoutes(SLACK, "A-264", "A-266"),
  {
    rule: "A-265",
    endpoint: "GET /v1/providers/slack/{channel_id}/channels",
    tier: 2,
    publicAccess: { owner: "environment" },
    differs: DECLARED_ROWS_DIFFERENCE,
    handle: (context) => listDeclaredRows(context, SLACK, "slack_channels", { next_cursor: null }),
  },
  ...buildRoutes(TEAMS, "A-260", "A-262"),
  {
    rule: "A-261",
    endpoint: "GET /v1/providers/ms-teams/{channel_id}/channels",
    tier: 2,
    publicAccess: { owner: "environment" },
    differs: DECLARED_ROWS_DIFFERENCE,
    async handle(context) {
      context.query.required("team_id");
      return listDeclaredRows(context, TEAMS, "ms_teams_channels", {});
    },
  },
  {
    rule: "A-263",
    endpoint: "GET /v1/providers/ms-teams/{channel_id}/teams",
    tier: 2,
    publicAccess: { owner: "environment" },
    differs: DECLARED_ROWS_DIFFERENCE,
    handle: (context) => listDeclaredRows(context, TEAMS, "ms_teams_teams", { skip_token: null }),
  },
];
