import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { AccessSettings } from "../../../domain/environment/environment.js";
import { ACCOUNT_TREE_PREFIX } from "../../../domain/resource/resource-id.js";
import { getErrorMessage, KnockError } from "../../../errors/knock-error.js";
import { systemIds } from "../../../util/ids.js";
import { isJsonObject, type JsonObject, stringifyStorable } from "../../../util/json.js";
import { authenticate, authenticateService, authorize, type Caller } from "./access/authenticate.js";
import { checkHost, checkOrigin } from "./access/check-host-and-origin.js";
import { createCorsHeaderBuilder, createForbiddenOriginError, isPermittedOrigin } from "./access/cors.js";
import { RateLimits } from "./access/rate-limits.js";
import { readAccessSettings } from "./access/read-access-settings.js";
import type { Route, RouteContext, RouteResult } from "./access/route.js";
import { collectPreferenceWarnings } from "./collect-preference-warnings.js";
import type { EmulatorOptions, HandlerOptions, RequestLogEntry } from "./emulator-options.js";
import { ApiError, createNotFoundError, toApiError, toSentError } from "./http/api-error.js";
import { describeStartedRun } from "./http/describe-started-run.js";
import { TRUSTED_BODY, USER_BODY } from "./http/read-body.js";
import { RequestContext } from "./http/request-context.js";
import { Router, sortRoutes } from "./http/router.js";
import { traceTrigger } from "./http/trace-trigger.js";
import { PAGE_ROUTES } from "./page/page-routes.js";
import { servePage } from "./page/serve-page.js";
import { servePreferenceCenter } from "./preference-center/serve-center.js";
import { buildOpenApiDocument, ROUTES } from "./route-table.js";
import { serveProviderEvents } from "./routes/serve-provider-events.js";
import { serveServices } from "./routes/serve-services.js";
import { serveSourceEvents } from "./routes/serve-source-events.js";
import { serveTracking } from "./routes/serve-tracking.js";
import type { SupportContext } from "./routes/support-route.js";
import { createUnknownSupportRouteError, SUPPORT_ROUTES } from "./routes/support-routes.js";

const API_PATH = "/v1/";
const SUPPORT_PATH = "/__knock/";
/** The path of the WebSocket. Its query contains keys and tokens, so the request log omits it. */
export const SOCKET_PATH = "/ws/v1/websocket";

/** The errors whose hints also apply to HTTP clients. */
const HINTS_FOR_API: ReadonlySet<string> = new Set(["workflow_missing", "too_much_due_work"]);
/**
 * The seconds after which a request may be accepted that was not: another second has begun, workers have finished some work, or the
 * database of the store is back.
 */
const RETRY_CALL_S = "1";
const RETRY_DUE_WORK_S = "5";
const RETRY_STORE_S = "5";

const buildCorsHeaders = createCorsHeaderBuilder(ROUTES);

/**
 * Returns the listener for all requests. It checks who may send the request, then calls its route. Every response has a
 * request ID, and errors have the API's format.
 */
export function createRequestListener(
  options: HandlerOptions,
): (incoming: IncomingMessage, outgoing: ServerResponse, rejection?: unknown) => void {
  const routes = createRouter(options);

  async function handleRequest(context: RequestContext, rejection: unknown): Promise<void> {
    const { method, path } = context;
    checkHost(context.header("host"), options);
    if (rejection !== undefined) throw rejection;
    const isSupport = options.publicApi === undefined && path.startsWith(SUPPORT_PATH);
    if (isSupport) checkOrigin(context, options);
    const origin = context.header("origin");
    if (origin !== undefined && isPermittedOrigin(origin, await options.environment()))
      context.permittedOrigin = origin;
    else if (origin !== undefined && method === "OPTIONS") throw createForbiddenOriginError(origin);
    if (method === "OPTIONS" && !isSupport) return sendResult(context, {});
    const handle = routes.find(context);
    if (handle === null) {
      // The key is checked first, so that clients without one cannot find out which paths exist.
      if (path.startsWith(API_PATH)) await authenticateRequest(context, await readAccessSettings(options), options);
      throw isSupport ? createUnknownSupportRouteError(context, options.services) : createNotFoundError();
    }
    await handle(context);
  }

  async function serve(context: RequestContext, rejection: unknown): Promise<void> {
    const startedAt = performance.now();
    let failure: unknown = null;
    try {
      await handleRequest(context, rejection);
    } catch (error) {
      failure = error;
      sendError(context, error, options);
    }
    // Anyone can send requests that are refused.
    if (context.method !== "GET" && !(failure instanceof ApiError)) options.onWrite();
    if (options.onResponse === undefined) return;
    const took_ms = performance.now() - startedAt;
    if (failure === null)
      context.warnings.push(...collectPreferenceWarnings(context.path, await context.getReadText()));
    const entry = toRequestLogEntry(context, took_ms, failure);
    options.onResponse(options.publicApi ? { ...entry, work: await describeStartedRun(context) } : entry);
  }

  return (incoming, outgoing, rejection) => {
    const context = new RequestContext(incoming, outgoing, options.publicApi ? USER_BODY : TRUSTED_BODY);
    void traceTrigger(options.tracer, context, () => serve(context, rejection));
  };
}

function createRouter(options: HandlerOptions): Router {
  const limits = options.rateLimits ? new RateLimits(options.store) : null;
  const routes = new Router();
  for (const route of sortRoutes(ROUTES.filter(({ requiresServiceToken }) => !requiresServiceToken)))
    routes.add(route.endpoint, async (context) => {
      const access = await readAccessSettings(options);
      const caller = await authenticateRequest(context, access, options);
      sendResult(context, await runRoute(context, { route, caller, access, limits }, options));
    });
  routes.add(`GET ${SOCKET_PATH}`, () => {
    const message = "This URL accepts WebSocket connections only. Check that proxies forward the Upgrade header";
    throw new ApiError(400, "invalid_params", message);
  });
  serveTracking(routes, options);
  serveProviderEvents(routes, options);
  serveSourceEvents(routes, options, async (context) => {
    const access = await readAccessSettings(options);
    authorize(await authenticateRequest(context, access, options), undefined, {}, access);
  });
  servePreferenceCenter(routes, options);
  if (options.publicApi === undefined) addLocalRoutes(routes, options);
  return routes;
}

/** Adds what only a developer's own server has: the management API, the page, helper routes, and services of other features. */
function addLocalRoutes(routes: Router, options: HandlerOptions): void {
  // Routes of the API do not accept service tokens, so these routes have their own authentication.
  for (const route of ROUTES.filter(({ requiresServiceToken }) => requiresServiceToken))
    routes.add(route.endpoint, async (context) => {
      const access = await readAccessSettings(options);
      const caller = authenticateService(context.header("authorization"), access, options.knownKeys);
      sendResult(context, await runRoute(context, { route, caller, access, limits: null }, options));
    });
  routes.add("GET /v1/openapi", async (context) => {
    await authenticateRequest(context, await readAccessSettings(options), options);
    sendResult(context, { body: buildOpenApiDocument(options.url) });
  });
  servePage(routes, options);
  serveServices(routes, options);
  for (const { endpoint, handle } of [...SUPPORT_ROUTES, ...PAGE_ROUTES])
    routes.add(endpoint, async (context) =>
      sendResult(context, { body: await handle(createSupportContext(context, options)) }),
    );
}

/** Returns the caller. Throws if the key or the branch is unknown. */
async function authenticateRequest(
  context: RequestContext,
  access: AccessSettings,
  options: HandlerOptions,
): Promise<Caller> {
  const credentials = {
    authorization: context.header("authorization"),
    userToken: context.header("x-knock-user-token"),
  };
  const caller = await authenticate(credentials, access, Date.now(), options.publicApi?.keys ?? options.knownKeys);
  context.keyId = caller.kind === "service" ? null : (caller.keyId ?? null);
  if (caller.kind !== "public") context.bodyLimit = TRUSTED_BODY;
  checkBranch(context.header("x-knock-branch"), options);
  return caller;
}

interface AdmittedRequest {
  route: Route;
  caller: Caller;
  access: AccessSettings;
  limits: RateLimits | null;
}

async function runRoute(
  context: RequestContext,
  { route, caller, access, limits }: AdmittedRequest,
  options: HandlerOptions,
): Promise<RouteResult> {
  const user = context.param("user_id");
  const collection = context.param("collection");
  const objectId = context.param("object_id") ?? context.param("id");
  const object = collection !== undefined && objectId !== undefined ? { collection, id: objectId } : undefined;
  authorize(caller, route.publicAccess, { user, object }, access);
  if (limits !== null) await checkRate(limits, route, caller, user);
  if (route.unavailable !== undefined) throw new ApiError(501, "not_supported", route.unavailable);
  const { query } = context;
  // A client may know only the address of a balancer, which may also end the encryption.
  const host = context.header("host");
  const isEncrypted = context.header("x-forwarded-proto") === "https";
  const routeContext: RouteContext = {
    operations: options.operations,
    bulk: options.bulkOperations,
    account: options.account,
    documents: options.documents,
    caller,
    branch: (route.requiresServiceToken ? query.text("branch") : context.header("x-knock-branch")) || undefined,
    query,
    request: `${context.method} ${context.path}`,
    param: (name) => context.param(name) ?? "",
    header: (name) => context.header(name),
    body: () => context.readBody(),
    environment: options.environment,
    warn: (text) => context.warnings.push(text),
    onFeedRead: options.onFeedRead,
    strict: options.strict ?? false,
    definitions: options.definitions,
    baseUrl: host === undefined ? options.url : `${isEncrypted ? "https" : "http"}://${host}`,
    limits,
  };
  return route.handle(routeContext);
}

/**
 * Throws 429 above the rate limit. Calls are counted per environment, and also per user for signed-in users and reads of feeds
 * (A-045).
 */
async function checkRate(limits: RateLimits, route: Route, caller: Caller, user?: string): Promise<void> {
  if (route.tier === null) return;
  const isPerUser = route.hasRatePerUser === true;
  const subject = caller.kind === "public" && caller.token !== null ? caller.token.sub : isPerUser ? user : "";
  if (await limits.tryCall(`${route.rule} ${subject}`, route.tier)) return;
  throw new ApiError(429, "rate_limited", `Too many requests per second for tier ${route.tier} allows`);
}

function createSupportContext(context: RequestContext, options: HandlerOptions): SupportContext {
  return {
    ...options,
    param: (name) => context.param(name) ?? "",
    query: context.query,
    body: () => context.readBody(),
    readText: () => context.readText(),
    headers: () => context.headers,
  };
}

/** Throws 404 for an unknown branch, on every route, so that a typo never falls back to the main files (A-015). */
export function checkBranch(slug: string | undefined, { definitions }: Pick<EmulatorOptions, "definitions">): void {
  if (!slug || (!slug.startsWith(ACCOUNT_TREE_PREFIX) && definitions.branch?.(slug))) return;
  throw createNotFoundError(
    `There is no branch ${JSON.stringify(slug)}: the project has no folder branches/${slug}, and the account no such branch`,
  );
}

function toRequestLogEntry(context: RequestContext, took_ms: number, error: unknown): RequestLogEntry {
  const { method, path, request: incoming, response: outgoing, workflowRunId, warnings } = context;
  const hint = error instanceof KnockError && HINTS_FOR_API.has(error.code) ? error.hint : undefined;
  return {
    method,
    path: path === SOCKET_PATH ? path : (incoming.url ?? ""),
    status: outgoing.statusCode,
    took_ms,
    route: context.route,
    request_id: context.requestId,
    key_id: context.keyId,
    workflow_run_id: workflowRunId,
    ...(warnings.length > 0 ? { warnings } : {}),
    error: error === null ? null : `${getErrorMessage(error)}${hint ? `. ${hint}` : ""}`,
  };
}

function sendResult(context: RequestContext, { status, body, headers, onSent }: RouteResult): void {
  if (onSent !== undefined) context.response.once("finish", onSent);
  if (isJsonObject(body) && typeof body.workflow_run_id === "string") context.workflowRunId = body.workflow_run_id;
  if (body === undefined) sendResponse(context, 204, headers);
  else sendResponse(context, status ?? 200, headers, body);
}

/** Sends a response. Headers are assigned because an object literal with spread objects is slow. */
function sendResponse(
  context: RequestContext,
  status: number,
  extraHeaders: Record<string, string> | undefined,
  body?: JsonObject | JsonObject[],
): void {
  const { method, path, permittedOrigin: origin } = context;
  const requestedMethod = context.header("access-control-request-method");
  const headers: OutgoingHttpHeaders = {};
  if (origin !== undefined) Object.assign(headers, buildCorsHeaders({ method, path, origin, requestedMethod }));
  context.requestId = extraHeaders?.["x-request-id"] ?? systemIds.uuid();
  headers["x-request-id"] = context.requestId;
  if (body !== undefined) headers["content-type"] = "application/json; charset=utf-8";
  if (extraHeaders !== undefined) Object.assign(headers, extraHeaders);
  context.send(status, headers, body === undefined ? undefined : stringifyStorable(body));
}

function sendError(context: RequestContext, error: unknown, options: HandlerOptions): void {
  const known = toApiError(error);
  // The request log contains the reason for an unusable store, so the error is reported here only without that log.
  const isUnlogged = known?.status === 503 && options.onResponse === undefined;
  if (known === null || known.status === 500 || isUnlogged) options.onError(error);
  // An incomplete response is worse for the client than a closed connection.
  if (context.response.headersSent && !context.response.writableEnded) return void context.response.destroy();
  const { status, body } = toSentError(known, options.publicApi !== undefined);
  sendResponse(context, status, buildRetryHeaders(status, error), body);
}

/** Returns the headers that tell clients whether to send a failed request again (A-040). */
function buildRetryHeaders(status: number, error: unknown): Record<string, string> {
  const { code, needsRestart } = error instanceof KnockError ? error : { code: null, needsRestart: false };
  if (status === 429) return { "retry-after": code === "too_much_due_work" ? RETRY_DUE_WORK_S : RETRY_CALL_S };
  if (status === 503 && !needsRestart) return { "retry-after": RETRY_STORE_S };
  return status >= 500 ? { "x-should-retry": "false" } : {};
}
