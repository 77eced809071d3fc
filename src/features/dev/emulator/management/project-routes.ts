import { listKnownChannels } from "../../../../ports/known-channels.js";
import { computeDigest } from "../../../../util/ids.js";
import { type Json, type JsonObject, stableStringify } from "../../../../util/json.js";
import { ok, okOrNotFound, type Route, type RouteContext } from "../access/route.js";
import type { AccountEnvironment } from "../account.js";
import type { ProjectDocuments } from "../project-documents.js";
import { LOCAL_MEMBER } from "./local-member.js";
import { createManagementRoute, getAccount, readNames, readScope, toManagementPage } from "./management-request.js";
import {
  collectChannels,
  listVariables,
  serializeChannel,
  serializeChannelGroup,
  serializeSource,
  type Times,
} from "./serialize-settings.js";

const FROM_FILES = "It is a file of the project.";
const FROM_ENVIRONMENT = "It is a part of environment.json.";

/** The environments that every account has. */
const SYSTEM_ENVIRONMENTS = ["development", "production"];

function serializeEnvironment(environment: AccountEnvironment): JsonObject {
  const owner = SYSTEM_ENVIRONMENTS.includes(environment.slug) ? "system" : "user";
  return { ...environment, owner, label_color: null, hide_pii_data: false, deleted_at: null };
}

async function readTimes(context: RouteContext): Promise<Times> {
  const [first] = await getAccount(context).listEnvironments();
  const { created_at, updated_at } = first as AccountEnvironment;
  return { created_at, updated_at };
}

const readEnvironmentSlugs = async (context: RouteContext): Promise<string[]> =>
  (await getAccount(context).listEnvironments()).map(({ slug }) => slug);

async function readChannels(context: RouteContext) {
  return collectChannels(await context.environment(), await listKnownChannels(context));
}

async function listChannels(context: RouteContext): Promise<JsonObject[]> {
  const { query } = context;
  const id = query.text("id");
  const included = readNames(context, "include", ["environment_settings"]);
  const settings = included === null ? null : await readEnvironmentSlugs(context);
  const times = await readTimes(context);
  const channels = [...(await readChannels(context)).values()].filter(
    (channel) => id === undefined || channel.id === id,
  );
  return channels.map((channel) => serializeChannel(channel, times, settings));
}

async function listChannelGroups(context: RouteContext): Promise<JsonObject[]> {
  const [times, channels, environment] = [
    await readTimes(context),
    await readChannels(context),
    await context.environment(),
  ];
  const groups = Object.values(environment.channel_groups).sort((a, b) => (a.key < b.key ? -1 : 1));
  return groups.map((group) => serializeChannelGroup(group, channels, times));
}

async function listEnvironmentVariables(context: RouteContext, slug: string): Promise<JsonObject[]> {
  return listVariables(await context.documents.readEnvironment(slug), await readTimes(context));
}

/** Returns a variable with its value in each environment. */
async function readVariable(context: RouteContext): Promise<JsonObject | null> {
  let variable: JsonObject | null = null;
  const environment_values: JsonObject = {};
  for (const slug of await readEnvironmentSlugs(context)) {
    const found = (await listEnvironmentVariables(context, slug)).find(({ key }) => key === context.param("key"));
    if (found === undefined) continue;
    variable ??= found;
    environment_values[slug] = found.value as Json;
  }
  return variable && { ...variable, environment_values };
}

async function listMembers(context: RouteContext): Promise<JsonObject[]> {
  const { query } = context;
  const times = await readTimes(context);
  const member = { ...LOCAL_MEMBER, ...times, user: { ...LOCAL_MEMBER.user, avatar_url: null, ...times } };
  const role = query.text("role") ?? member.role;
  const email = query.text("email") ?? member.user.email;
  return role === member.role && email === member.user.email ? [member] : [];
}

async function listDocuments(
  context: RouteContext,
  kind: Parameters<ProjectDocuments["readAll"]>[0],
): Promise<[key: string, document: JsonObject][]> {
  return [...(await context.documents.readAll(kind))].sort(([a], [b]) => (a < b ? -1 : 1));
}

async function listSources(context: RouteContext, environments: string[] | null): Promise<JsonObject[]> {
  const times = await readTimes(context);
  const sources = await listDocuments(context, "sources");
  return sources.map(([key, document]) => serializeSource(key, document, times, environments));
}

async function listBroadcasts(context: RouteContext): Promise<JsonObject[]> {
  const { environment } = await readScope(context);
  const times = await readTimes(context);
  const states = await context.documents.readBroadcastStates();
  const draft = { status: "draft", scheduled_at: null, sent_at: null };
  return (await listDocuments(context, "broadcasts")).map(([key, { $schema, __readonly, ...document }]) => ({
    name: key,
    steps: [],
    ...document,
    ...(states.get(key) ?? draft),
    key,
    environment,
    valid: true,
    sha: computeDigest(stableStringify(document)),
    archived_at: null,
    ...times,
  }));
}

/** Returns the categories of the account's workflows, which have no catalog of their own here. */
async function listCategories(context: RouteContext): Promise<JsonObject[]> {
  const times = await readTimes(context);
  const scope = { environment: "development", branch: null };
  const workflows = await getAccount(context).list(scope, "workflow", { committedOnly: false });
  const names = workflows.flatMap(({ content: { categories } }) => (Array.isArray(categories) ? categories : []));
  return [...new Set(names)].sort().map((name) => ({ name, archived_at: null, ...times }));
}

/** Returns the routes of a list and of one of its entries, which is found by a field. */
function createListRoutes(
  rules: [list: string, one: string],
  [path, parameter, field]: [path: string, parameter: string, field: string],
  list: (context: RouteContext) => Promise<JsonObject[]>,
  differs?: string,
): Route[] {
  return [
    createManagementRoute(
      rules[0],
      `GET /v1/${path}`,
      async (context) => toManagementPage(context, await list(context)),
      differs,
    ),
    createManagementRoute(
      rules[1],
      `GET /v1/${path}/{${parameter}}`,
      async (context) => {
        const entries = await list(context);
        return okOrNotFound(entries.find((entry) => entry[field] === context.param(parameter)) ?? null);
      },
      differs,
    ),
  ];
}

export const projectRoutes: Route[] = [
  createManagementRoute(
    "CLI-167",
    "GET /v1/whoami",
    async () =>
      ok({
        type: "service_token",
        account_name: "Local",
        account_slug: "local",
        service_token_name: "local",
        user_id: null,
        user_name: null,
        user_email: null,
        account_features: { translations_allowed: true },
      }),
    "The account is a local placeholder.",
  ),
  ...createListRoutes(["A-979", "A-980"], ["environments", "environment_slug", "slug"], async (context) =>
    (await getAccount(context).listEnvironments()).map(serializeEnvironment),
  ),
  ...createListRoutes(["A-981", "A-982"], ["channels", "channel_key", "key"], listChannels, FROM_ENVIRONMENT),
  createManagementRoute(
    "A-983",
    "GET /v1/variables",
    async (context) => {
      const { environment } = await readScope(context);
      const type = context.query.choice("type", ["public", "secret"]);
      const variables = await listEnvironmentVariables(context, environment);
      return toManagementPage(
        context,
        variables.filter((variable) => type === undefined || variable.type === type),
      );
    },
    FROM_ENVIRONMENT,
  ),
  createManagementRoute(
    "A-984",
    "GET /v1/variables/{key}",
    async (context) => okOrNotFound(await readVariable(context)),
    FROM_ENVIRONMENT,
  ),
  ...createListRoutes(["A-985", "A-986"], ["members", "id", "id"], listMembers, "The member is a local placeholder."),
  ...createListRoutes(
    ["A-987", "A-988"],
    ["channel_groups", "channel_group_key", "key"],
    listChannelGroups,
    FROM_ENVIRONMENT,
  ),
  createManagementRoute(
    "A-989",
    "GET /v1/sources",
    async (context) => toManagementPage(context, await listSources(context, null)),
    FROM_FILES,
  ),
  createManagementRoute(
    "A-990",
    "GET /v1/sources/{key}",
    async (context) => {
      const sources = await listSources(context, await readEnvironmentSlugs(context));
      return okOrNotFound(sources.find(({ key }) => key === context.param("key")) ?? null);
    },
    FROM_FILES,
  ),
  createManagementRoute(
    "A-999",
    "GET /v1/preference_categories",
    async (context) => ok({ entries: await listCategories(context) }),
    "They are the categories of the workflows.",
  ),
  ...createListRoutes(["A-991", "A-992"], ["broadcasts", "broadcast_key", "key"], listBroadcasts, FROM_FILES),
];
