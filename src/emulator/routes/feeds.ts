import { keyOf } from "../../domain/recipient/recipient.js";
import type { FeedPage } from "../../ports/resources.js";
import type { Json, JsonObject } from "../../util/json.js";
import { grantedTenants } from "../access/authenticate.js";
import { type Call, ok, type Route } from "../access/route.js";
import { invalidField } from "../http/api-error.js";
import { feedFilterOf } from "../http/feed-filter.js";
import { filteredFeed } from "../http/feed-response.js";
import { requireFeed } from "../known-channels.js";

const MAX_LEVELS = 3;

/** no activities, at most one actor, and of the data what is not nested. */
function compact(entry: JsonObject): JsonObject {
  const { activities: _activities, total_activities: _total, ...item } = entry;
  const data = Object.entries(item.data as JsonObject).filter(
    ([, value]) => typeof value !== "object" || value === null,
  );
  return { ...item, actors: (item.actors as Json[]).slice(0, 1), data: Object.fromEntries(data) };
}

async function withActivities({ operations }: Call, items: readonly JsonObject[]): Promise<JsonObject[]> {
  const rich: JsonObject[] = [];
  for (const item of items)
    rich.push({ ...item, activities: (await operations.readMessageActivities(String(item.id))) ?? [] });
  return rich;
}

/** `entries.archived_at,meta`. */
function excludedOf(text: string | undefined): string[][] {
  const paths = (text ?? "").split(",").flatMap((path) => (path.trim() === "" ? [] : [path.trim().split(".")]));
  if (paths.some((path) => path.length > MAX_LEVELS))
    throw invalidField("exclude", `must name fields at most ${MAX_LEVELS} levels deep`);
  return paths;
}

function exclude(value: Json | undefined, [first, ...rest]: readonly string[]): void {
  if (typeof value !== "object" || value === null || first === undefined) return;
  for (const one of Array.isArray(value) ? value : [value]) {
    if (typeof one !== "object" || one === null || Array.isArray(one)) continue;
    if (rest.length === 0) delete one[first];
    else exclude(one[first], rest);
  }
}

/** T-192: as the reader would have them in another language. */
async function inLocale({ operations }: Call, items: readonly JsonObject[], locale: string): Promise<JsonObject[]> {
  const contents = await operations.readContentsIn(
    items.map(({ id }) => String(id)),
    locale,
  );
  return items.map((item) => ({ ...item, blocks: contents.get(String(item.id))?.blocks ?? item.blocks ?? [] }));
}

function feedAnswer({ items, page_info, meta, vars }: FeedPage): JsonObject {
  return { entries: items, page_info: { __typename: "PageInfo", ...page_info }, meta, vars };
}

export const feedRoutes: Route[] = [
  {
    rule: "A-288",
    on: "GET /v1/users/{user_id}/feeds/{id}",
    tier: 2,
    open: { whose: "user", capability: "user/feed_read", orTenants: true },
    async handle(call) {
      const { query } = call;
      const excluded = excludedOf(query.text("exclude"));
      const channel = call.param("id");
      const environment = await call.environment();
      await requireFeed(call, channel);
      const filter = {
        recipient: keyOf(call.param("user_id")),
        channel,
        ...feedFilterOf(query),
        granted: grantedTenants(call.caller, call.param("user_id")),
      };
      const isCompact = query.oneOf("mode", ["compact", "rich"]) === "compact";
      const page = await call.operations.resources.feeds.list(filter, query.page());
      const locale = query.text("locale") ?? "";
      const read = locale === "" ? page.items : await inLocale(call, page.items, locale);
      const items = isCompact ? read.map(compact) : await withActivities(call, read);
      const answer = feedAnswer(filteredFeed({ ...page, items }, channel, environment));
      for (const path of excluded) exclude(answer, path);
      return ok(answer);
    },
  },
  {
    rule: "A-289",
    on: "GET /v1/users/{user_id}/feeds/{id}/settings",
    tier: 4,
    open: { whose: "user", capability: "user/feed_read", orTenants: true },
    async handle(call) {
      await requireFeed(call, call.param("id"));
      return ok({ features: { branding_required: false } });
    },
  },
];
