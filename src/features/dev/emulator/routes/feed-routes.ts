import { PAGE_LIMITS } from "../../../../domain/page/page-bytes.js";
import { toRecipientKey } from "../../../../domain/recipient/recipient.js";
import type { FeedPage } from "../../../../ports/resource-operations.js";
import type { Json, JsonObject } from "../../../../util/json.js";
import { findGrantedTenants } from "../access/authenticate.js";
import { ok, type Route, type RouteContext } from "../access/route.js";
import { checkFeedChannel } from "../find-channel.js";
import { createInvalidFieldError } from "../http/api-error.js";
import { applyResponseFilter } from "../http/apply-response-filter.js";
import { parseFeedFilter } from "../http/parse-feed-filter.js";

const MAX_EXCLUDE_LEVELS = 3;

/** Returns a compact item: without activities, with at most one actor, and without nested data. */
function toCompactItem(entry: JsonObject): JsonObject {
  const { activities: _activities, total_activities: _total, ...item } = entry;
  const data = Object.entries(item.data as JsonObject).filter(
    ([, value]) => typeof value !== "object" || value === null,
  );
  return { ...item, actors: (item.actors as Json[]).slice(0, 1), data: Object.fromEntries(data) };
}

/** Adds activities to items. The page ends earlier if they are large: a digest has the data of many triggers. */
async function addActivities({ operations }: RouteContext, page: FeedPage, isBackward: boolean): Promise<FeedPage> {
  const rest = isBackward ? page.items.toReversed() : [...page.items];
  const items: JsonObject[] = [];
  for (let bytes = 0; rest.length > 0 && bytes < PAGE_LIMITS.bytes; ) {
    const item = rest.shift() as JsonObject;
    const activities = (await operations.readMessageActivities(String(item.id))) ?? [];
    // A single activity has the data of its item, which the store has counted.
    if (activities.length > 1) bytes += JSON.stringify(activities).length;
    items.push({ ...item, activities });
  }
  if (isBackward) items.reverse();
  if (rest.length === 0) return { ...page, items };
  const cursor = String(items.at(isBackward ? 0 : -1)?.__cursor);
  return { ...page, items, page_info: { ...page.page_info, [isBackward ? "before" : "after"]: cursor } };
}

/** Parses the paths to exclude, such as `entries.archived_at,meta`. */
function parseExcludedPaths(text: string | undefined): string[][] {
  const paths = (text ?? "").split(",").flatMap((path) => (path.trim() === "" ? [] : [path.trim().split(".")]));
  if (paths.some((path) => path.length > MAX_EXCLUDE_LEVELS))
    throw createInvalidFieldError("exclude", `must select fields at most ${MAX_EXCLUDE_LEVELS} levels deep`);
  return paths;
}

function deletePath(value: Json | undefined, [first, ...rest]: readonly string[]): void {
  if (typeof value !== "object" || value === null || first === undefined) return;
  for (const element of Array.isArray(value) ? value : [value]) {
    if (typeof element !== "object" || element === null || Array.isArray(element)) continue;
    if (rest.length === 0) delete element[first];
    else deletePath(element[first], rest);
  }
}

/** Returns the items with their content in another locale (T-192). */
async function translateItems(
  { operations }: RouteContext,
  items: readonly JsonObject[],
  locale: string,
): Promise<JsonObject[]> {
  const contents = await operations.readContentsInLocale(
    items.map(({ id }) => String(id)),
    locale,
  );
  return items.map((item) => ({ ...item, blocks: contents.get(String(item.id))?.blocks ?? item.blocks ?? [] }));
}

function toFeedBody({ items, page_info, meta, vars }: FeedPage): JsonObject {
  return { entries: items, page_info: { __typename: "PageInfo", ...page_info }, meta, vars };
}

export const feedRoutes: Route[] = [
  {
    rule: "A-288",
    endpoint: "GET /v1/users/{user_id}/feeds/{id}",
    tier: 2,
    hasRatePerUser: true,
    publicAccess: { owner: "user", capability: "user/feed_read", orTenants: true },
    async handle(context) {
      const { query } = context;
      const requestedAt = Date.now();
      const excluded = parseExcludedPaths(query.text("exclude"));
      const channel = context.param("id");
      const environment = await context.environment();
      await checkFeedChannel(context, channel);
      const filter = {
        recipient: toRecipientKey(context.param("user_id")),
        channel,
        ...parseFeedFilter(query),
        granted: findGrantedTenants(context.caller, context.param("user_id")),
      };
      const isCompact = query.choice("mode", ["compact", "rich"]) === "compact";
      const request = query.page();
      const found = await context.operations.resources.feeds.list(filter, request);
      const locale = query.text("locale") ?? "";
      const items = locale === "" ? found.items : await translateItems(context, found.items, locale);
      const page = isCompact
        ? { ...found, items: items.map(toCompactItem) }
        : await addActivities(context, { ...found, items }, request.before !== undefined);
      const body = toFeedBody(applyResponseFilter(page, channel, environment));
      for (const path of excluded) deletePath(body, path);
      const { recipient } = filter;
      const hasNewerItems = page.page_info.before !== null;
      return { body, onSent: () => context.onFeedRead({ recipient, channel, requestedAt, hasNewerItems }) };
    },
  },
  {
    rule: "A-289",
    endpoint: "GET /v1/users/{user_id}/feeds/{id}/settings",
    tier: 4,
    publicAccess: { owner: "user", capability: "user/feed_read", orTenants: true },
    async handle(context) {
      await checkFeedChannel(context, context.param("id"));
      return ok({ features: { branding_required: false } });
    },
  },
];
