import { createDefaultEnvironment } from "../src/domain/environment/environment.js";
import { KnockError } from "../src/errors/knock-error.js";
import type { Route, RouteContext } from "../src/features/dev/emulator/access/route.js";
import { ApiError } from "../src/features/dev/emulator/http/api-error.js";
import { Query } from "../src/features/dev/emulator/http/query.js";
import { ROUTES } from "../src/features/dev/emulator/route-table.js";
import { FEED_CHANNEL } from "./growth-lists.js";

/** Requests to a list, each a query. A name for a path parameter is its value; the other names are those of filters. */
interface ListRequests {
  params?: Record<string, string>;
  filters: Record<string, readonly string[]>;
}

const OLD_TIMES = [
  "inserted_at.lt=2001-01-01T00:00:00Z",
  "inserted_at.gt=2101-01-01T00:00:00Z",
  "inserted_at.gt=2001-01-01T00:00:00Z",
];
const ENGAGEMENTS = ["archived", "interacted", "link_clicked", "seen", "unread"];
const ENGAGED = ENGAGEMENTS.map((status) => `engagement_status[]=${status}`);

const MESSAGE_FILTERS: ListRequests["filters"] = {
  tenant: ["tenant=nowhere", "tenant=rare-tenant", "tenant=acme"],
  channel_id: ["channel_id=nowhere", "channel_id=rare-sms", `channel_id=${FEED_CHANNEL}`],
  source: ["source=nowhere", "source=rare", "source=invite"],
  workflow_run_id: ["workflow_run_id=nowhere"],
  workflow_recipient_run_id: ["workflow_recipient_run_id=nowhere"],
  message_ids: ["message_ids[]=nowhere"],
  status: ["status[]=bounced", "status[]=undelivered", "status[]=queued", "status[]=delivered"],
  engagement_status: ENGAGED,
  workflow_categories: ["workflow_categories[]=nowhere"],
  trigger_data: ['trigger_data={"page":"Home"}', 'trigger_data={"page":"Nowhere"}'],
  inserted_at: OLD_TIMES,
};

const HEAVY = { user_id: "heavy" };
const OBJECT = { collection: "projects", id: "p0" };
const SCHEDULE_FILTERS = { workflow: ["workflow=nowhere", "workflow=rare", "workflow=invite"] };

/** The requests that are measured for each list of the API. A test compares them with the routes and the filters that they read. */
export const LIST_REQUESTS: Readonly<Record<string, ListRequests>> = {
  "GET /v1/messages": { filters: MESSAGE_FILTERS },
  "GET /v1/users/{user_id}/messages": { params: HEAVY, filters: MESSAGE_FILTERS },
  "GET /v1/objects/{collection}/{id}/messages": { params: OBJECT, filters: MESSAGE_FILTERS },
  "GET /v1/messages/{message_id}/activities": {
    params: { message_id: "newest" },
    filters: { trigger_data: ['trigger_data={"page":"Nowhere"}'] },
  },
  "GET /v1/messages/{message_id}/delivery_logs": { params: { message_id: "newest" }, filters: {} },
  "GET /v1/messages/{message_id}/events": { params: { message_id: "newest" }, filters: {} },
  "GET /v1/workflow_recipient_runs": {
    filters: {
      workflow: ["workflow=nowhere", "workflow=rare", "workflow=invite"],
      status: ["status[]=queued", "status[]=paused", "status[]=cancelled", "status[]=completed"],
      tenant: ["tenant=nowhere", "tenant=rare-tenant", "tenant=acme"],
      has_errors: ["has_errors=true", "has_errors=false"],
      recipient: ["recipient=nobody", "recipient=rare", "recipient=heavy"],
      starting_at: ["starting_at=2101-01-01T00:00:00Z", "starting_at=2001-01-01T00:00:00Z"],
      ending_at: ["ending_at=2001-01-01T00:00:00Z", "ending_at=2101-01-01T00:00:00Z"],
    },
  },
  "GET /v1/users/{user_id}/feeds/{id}": {
    params: { ...HEAVY, id: FEED_CHANNEL },
    filters: {
      exclude: ["exclude=meta"],
      mode: ["mode=compact"],
      locale: ["locale=de"],
      status: ["status=unread", "status=unseen", "status=read", "status=seen", "status=all"],
      source: ["source=nowhere", "source=invite"],
      tenant: ["tenant=nowhere", "tenant=acme"],
      has_tenant: ["has_tenant=true", "has_tenant=false"],
      workflow_categories: ["workflow_categories[]=nowhere"],
      archived: ["archived=only", "archived=include"],
      trigger_data: ['trigger_data={"page":"Nowhere"}'],
      inserted_at: OLD_TIMES,
    },
  },
  "GET /v1/users": { filters: { include: ["include[]=preferences"] } },
  "GET /v1/objects/{collection}": { params: OBJECT, filters: { include: ["include[]=preferences"] } },
  "GET /v1/tenants": {
    filters: { tenant_id: ["tenant_id=t0", "tenant_id=nowhere"], name: ["name=t0", "name=nowhere"] },
  },
  "GET /v1/audiences/{key}/members": { params: { key: "everyone" }, filters: {} },
  "GET /v1/objects/{collection}/{object_id}/subscriptions": {
    params: { collection: "projects", object_id: "p0" },
    filters: {
      mode: ["mode=recipient"],
      recipients: ["recipients[]=user-0", "recipients[]=nobody"],
      objects: ["mode=recipient&objects[0][id]=p1&objects[0][collection]=projects"],
      include: ["include[]=preferences"],
    },
  },
  "GET /v1/users/{user_id}/subscriptions": {
    params: HEAVY,
    filters: {
      objects: [
        "objects[0][id]=p1&objects[0][collection]=projects",
        "objects[0][id]=none&objects[0][collection]=projects",
      ],
      include: ["include[]=preferences"],
    },
  },
  "GET /v1/schedules": {
    filters: {
      workflow: SCHEDULE_FILTERS.workflow,
      recipients: ["workflow=invite&recipients[]=user-0", "workflow=invite&recipients[]=nobody"],
      tenant: ["workflow=invite&tenant=nowhere"],
    },
  },
  "GET /v1/users/{user_id}/schedules": {
    params: { user_id: "user-0" },
    filters: { ...SCHEDULE_FILTERS, tenant: ["tenant=nowhere"] },
  },
  "GET /v1/objects/{collection}/{id}/schedules": {
    params: OBJECT,
    filters: { ...SCHEDULE_FILTERS, tenant: ["tenant=nowhere"] },
  },
};

/** Filters without which a list is refused. It is then not measured without a filter. */
const REQUIRES_FILTER = new Set(["GET /v1/schedules"]);

/** Returns the requests of a list by what they measure. */
export function listQueries(endpoint: string): string[] {
  const { filters = {} } = LIST_REQUESTS[endpoint] ?? {};
  return [...(REQUIRES_FILTER.has(endpoint) ? [] : [""]), ...Object.values(filters).flat()];
}

/** Records which parameters a handler reads, and whether it reads a page. */
class RecordingQuery extends Query {
  readonly names = new Set<string>();
  readonly choicesByName = new Map<string, readonly string[]>();
  isPaged = false;

  constructor(private readonly chosen: ReadonlyMap<string, string>) {
    super("");
  }

  override text(name: string): string | undefined {
    this.names.add(name.split(".")[0] as string);
    return undefined;
  }

  override required(name: string): string {
    this.names.add(name);
    return "x";
  }

  override choice<T extends string>(name: string, known: readonly T[]): T | undefined {
    this.names.add(name);
    this.choicesByName.set(name, known);
    return this.chosen.get(name) as T | undefined;
  }

  override list(name: string): undefined {
    this.names.add(name);
  }

  override references(name: string): undefined {
    this.names.add(name);
  }

  override page() {
    this.isPaged = true;
    return { limit: 50 };
  }
}

/** Answers every operation with rows that have what handlers read. */
function createAnyOperations(): never {
  const page_info = { after: null, before: null, page_size: 50 };
  const row = { id: "x", events: [], data: {} };
  const result = Object.assign([row], {
    items: [],
    page_info,
    meta: {},
    vars: {},
    guide_groups: [{ display_sequence: [] }],
  });
  const operation: unknown = new Proxy(() => {}, {
    get: (_target, name) => (name === "then" ? undefined : operation),
    apply: async () => result,
  });
  return operation as never;
}

const FEED = {
  id: "0b0c0d0e-0000-4000-8000-000000000001",
  key: FEED_CHANNEL,
  type: "in_app_feed",
  provider: "knock",
  settings: {},
};
const ENVIRONMENT = { ...createDefaultEnvironment(), channels: { [FEED_CHANNEL]: FEED } } as never;

/** Returns the context of a request to a route. */
export function createRouteContext(
  operations: RouteContext["operations"],
  query: Query,
  params: Readonly<Record<string, string>>,
): RouteContext {
  return {
    operations,
    query,
    request: "",
    param: (name) => params[name] ?? FEED_CHANNEL,
    bulk: createAnyOperations(),
    account: undefined,
    documents: createAnyOperations(),
    caller: { kind: "secret" },
    branch: undefined,
    header: () => undefined,
    body: async () => ({}),
    environment: async () => ENVIRONMENT,
    warn: () => {},
    onFeedRead: () => {},
    strict: false,
    definitions: createAnyOperations(),
    baseUrl: "http://127.0.0.1",
    limits: null,
  };
}

/** Returns the parameters that a route reads beside those of a page; null if it reads no page. */
async function readFilters(route: Route): Promise<string[] | null> {
  const names = new Set<string>();
  let isPaged = false;
  const waiting: ReadonlyMap<string, string>[] = [new Map()];
  for (let chosen = waiting.pop(); chosen !== undefined; chosen = waiting.pop()) {
    const query = new RecordingQuery(chosen);
    try {
      await route.handle(createRouteContext(createAnyOperations(), query, {}));
    } catch (error) {
      // A handler that refuses the request has read the parameters before.
      if (!(error instanceof ApiError || error instanceof KnockError)) throw error;
    }
    for (const name of query.names) names.add(name);
    isPaged ||= query.isPaged;
    if (chosen.size === 0)
      for (const [name, known] of query.choicesByName) for (const one of known) waiting.push(new Map([[name, one]]));
  }
  return isPaged ? [...names].sort() : null;
}

/** Returns the filters of every list of the API by endpoint, which the handlers of the route table read. */
export async function findListFilters(): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const route of ROUTES) {
    if (!route.endpoint.startsWith("GET ") || route.unavailable !== undefined) continue;
    const filters = await readFilters(route);
    if (filters !== null) found[route.endpoint] = filters;
  }
  return found;
}
