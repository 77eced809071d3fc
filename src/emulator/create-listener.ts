import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { AccessSettings } from "../domain/environment/environment.js";
import { KnockError, messageOf } from "../errors/knock-error.js";
import { systemIds } from "../util/ids.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import { authenticate, authenticateService, authorize, type Caller, isServiceToken } from "./access/authenticate.js";
import { corsHeaders, isPermittedOrigin, originRefused } from "./access/cors.js";
import { RateLimits } from "./access/rate-limits.js";
import type { Answer, Call, Route } from "./access/route.js";
import { checkHost, checkOrigin } from "./admission.js";
import type { AnsweredRequest, AppOptions, EmulatorOptions } from "./emulator-options.js";
import { ApiError, apiErrorOf, missing } from "./http/api-error.js";
import { Dispatcher } from "./http/dispatcher.js";
import { Exchange } from "./http/exchange.js";
import { PAGE_SUPPORT } from "./page/page-support.js";
import { servePage } from "./page/serve-page.js";
import { servePreferenceCenter } from "./preference-center/serve-center.js";
import { preferenceWarnings } from "./preference-warnings.js";
import { openApiDocument, ROUTES } from "./route-table.js";
import { SUPPORT, type SupportCall, unknownHelper } from "./routes/test-support.js";
import { serveTracking } from "./routes/tracking.js";
import { UNAVAILABLE_MANAGEMENT } from "./routes/unavailable-management.js";

const API_PATH = "/v1/";
const SUPPORT_PATH = "/__knock/";
/** Keys and tokens are in its query, which is shown to nobody. */
export const SOCKET_PATH = "/ws/v1/websocket";

const corsOf = corsHeaders(ROUTES);

/** Every request: who may ask at all, then its route; every answer: its id, and errors as the API has them. */
export function createListener(
  options: AppOptions,
): (incoming: IncomingMessage, outgoing: ServerResponse, refusal?: unknown) => void {
  const routes = dispatcherOf(options);

  async function answerAll(exchange: Exchange, refusal: unknown): Promise<void> {
    const { method, path } = exchange;
    checkHost(exchange.header("host"), options);
    if (refusal !== undefined) throw refusal;
    const isSupport = path.startsWith(SUPPORT_PATH);
    if (isSupport) checkOrigin(exchange, options);
    const origin = exchange.header("origin");
    if (origin !== undefined && isPermittedOrigin(origin, await options.environment()))
      exchange.permittedOrigin = origin;
    else if (origin !== undefined && method === "OPTIONS") throw originRefused(origin);
    if (method === "OPTIONS" && !isSupport) return respond(exchange, {});
    const handle = routes.find(exchange);
    if (handle === null) {
      // Who has no key learns of no path.
      if (path.startsWith(API_PATH)) await admit(exchange, await accessOf(options), options);
      throw isSupport ? unknownHelper(method, path) : missing();
    }
    await handle(exchange);
  }

  return (incoming, outgoing, refusal) => {
    const began = performance.now();
    const exchange = new Exchange(incoming, outgoing);
    let refused: unknown = null;
    answerAll(exchange, refusal)
      .catch((error) => {
        refused = error;
        respondError(exchange, error, options);
      })
      .finally(async () => {
        if (exchange.method !== "GET") options.written();
        if (options.onAnswered === undefined) return;
        const took_ms = performance.now() - began;
        if (refused === null) exchange.warnings.push(...preferenceWarnings(exchange.path, await exchange.textRead()));
        options.onAnswered(answered(exchange, took_ms, refused));
      });
  };
}

function dispatcherOf(options: AppOptions): Dispatcher {
  const limits = options.rateLimits ? new RateLimits() : null;
  const routes = new Dispatcher();
  // A service token is none of the API's, so that these come with a key of their own.
  for (const route of ROUTES.filter(({ service }) => service))
    routes.add(route.on, async (exchange) => {
      const access = await accessOf(options);
      const caller = authenticateService(exchange.header("authorization"), access);
      respond(exchange, await answer(exchange, { route, caller, access, limits: null }, options));
    });
  routes.add("GET /v1/openapi", async (exchange) => {
    await admit(exchange, await accessOf(options), options);
    respond(exchange, { body: openApiDocument(options.url) });
  });
  for (const route of inOrder(ROUTES.filter(({ service }) => !service)))
    routes.add(route.on, async (exchange) => {
      const access = await accessOf(options);
      const caller = await admit(exchange, access, options);
      respond(exchange, await answer(exchange, { route, caller, access, limits }, options));
    });
  for (const name of UNAVAILABLE_MANAGEMENT)
    routes.add(name, async (exchange) => {
      const access = await accessOf(options);
      const authorization = exchange.header("authorization");
      if (!isServiceToken(authorization)) {
        admit(exchange, access, options);
        throw missing();
      }
      authenticateService(authorization, access);
      throw new ApiError(501, "not_supported", `The management API is not emulated: ${name}`);
    });
  routes.add(`GET ${SOCKET_PATH}`, () => {
    const message =
      "A WebSocket is opened here, and the request asks for none: a proxy in between has to pass Upgrade on";
    throw new ApiError(400, "invalid_params", message);
  });
  servePage(routes, options);
  serveTracking(routes, options);
  servePreferenceCenter(routes, options);
  for (const { on, handle } of [...SUPPORT, ...PAGE_SUPPORT])
    routes.add(on, async (exchange) => respond(exchange, { body: await handle(supportCall(exchange, options)) }));
  return routes;
}

/** Throws if the key or the branch is unknown. */
async function admit(exchange: Exchange, access: AccessSettings, options: AppOptions): Promise<Caller> {
  const credentials = {
    authorization: exchange.header("authorization"),
    userToken: exchange.header("x-knock-user-token"),
  };
  const caller = await authenticate(credentials, access, Date.now(), options.listed);
  checkBranch(exchange.header("x-knock-branch"), options);
  return caller;
}

interface Admitted {
  route: Route;
  caller: Caller;
  access: AccessSettings;
  limits: RateLimits | null;
}

function answer(exchange: Exchange, { route, caller, access, limits }: Admitted, options: AppOptions): Promise<Answer> {
  const user = exchange.param("user_id");
  const collection = exchange.param("collection");
  const objectId = exchange.param("object_id") ?? exchange.param("id");
  const object = collection !== undefined && objectId !== undefined ? { collection, id: objectId } : undefined;
  authorize(caller, route.open, { user, object }, access);
  if (limits !== null) checkRate(limits, route, caller, user);
  if (route.unavailable !== undefined) throw new ApiError(501, "not_supported", route.unavailable);
  const { query } = exchange;
  const call: Call = {
    operations: options.operations,
    bulk: options.bulk,
    caller,
    branch: (route.service ? query.text("branch") : exchange.header("x-knock-branch")) || undefined,
    query,
    param: (name) => exchange.param(name) ?? "",
    header: (name) => exchange.header(name),
    body: () => exchange.readBody(),
    environment: options.environment,
    warn: (text) => exchange.warnings.push(text),
    strict: options.strict ?? false,
    definitions: options.definitions,
    baseUrl: options.url,
    limits,
  };
  return route.handle(call);
}

/** Per environment, and per user where one is signed in or a feed is asked for (A-045). */
function checkRate(limits: RateLimits, route: Route, caller: Caller, user: string | undefined): void {
  if (route.tier === null) return;
  const isFeed = route.rule === "A-288";
  const who = caller.kind === "public" && caller.token !== null ? caller.token.sub : isFeed ? user : "";
  if (limits.pass(`${route.rule} ${who}`, route.tier, Date.now())) return;
  throw new ApiError(429, "rate_limited", `More than the calls a second that tier ${route.tier} allows`);
}

function supportCall(exchange: Exchange, options: AppOptions): SupportCall {
  return {
    ...options,
    param: (name) => exchange.param(name) ?? "",
    query: exchange.query,
    body: () => exchange.readBody(),
    text: () => exchange.readText(),
    headers: () => exchange.headers,
  };
}

/** A-015: whatever is asked, a branch that is none is not the main files. */
export function checkBranch(slug: string | undefined, { definitions }: Pick<EmulatorOptions, "definitions">): void {
  if (!slug || definitions.branch?.(slug)) return;
  throw missing(`There is no branch ${JSON.stringify(slug)}: the project has no folder branches/${slug}`);
}

export async function accessOf({
  environment,
  readVariable,
}: Pick<EmulatorOptions, "environment" | "readVariable">): Promise<AccessSettings> {
  const { access } = await environment();
  const { signing_key: key } = access;
  return key?.startsWith("$") ? { ...access, signing_key: readVariable(key.slice(1)) || null } : access;
}

/** The first that matches answers: words before parameters. */
function inOrder(routes: readonly Route[]): Route[] {
  const rank = ({ on }: Route): string =>
    on
      .split("/")
      .map((part) => (part.startsWith("{") ? "1" : "0"))
      .join("");
  return [...routes].sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
}

function answered(exchange: Exchange, took_ms: number, refused: unknown): AnsweredRequest {
  const { method, path, incoming, outgoing, workflowRunId, warnings } = exchange;
  // Of all hints only a misspelt key's means the same to who asks over HTTP.
  const hint = refused instanceof KnockError && refused.code === "workflow_missing" ? refused.hint : undefined;
  return {
    method,
    path: path === SOCKET_PATH ? path : (incoming.url ?? ""),
    status: outgoing.statusCode,
    took_ms,
    workflow_run_id: workflowRunId,
    ...(warnings.length > 0 ? { warnings } : {}),
    error: refused === null ? null : `${messageOf(refused)}${hint ? `. ${hint}` : ""}`,
  };
}

function respond(exchange: Exchange, { body, headers }: Answer): void {
  if (isJsonObject(body) && typeof body.workflow_run_id === "string") exchange.workflowRunId = body.workflow_run_id;
  if (body === undefined) send(exchange, 204, headers);
  else send(exchange, 200, headers, body);
}

/** Headers are assigned: a literal of spread ones is slow. */
function send(
  exchange: Exchange,
  status: number,
  more: Record<string, string> | undefined,
  body?: JsonObject | JsonObject[],
): void {
  const { method, path } = exchange;
  const { permittedOrigin: origin } = exchange;
  const asked = exchange.header("access-control-request-method");
  const headers: OutgoingHttpHeaders = {};
  if (origin !== undefined) Object.assign(headers, corsOf({ method, path, origin, asked }));
  headers["x-request-id"] = more?.["x-request-id"] ?? systemIds.uuid();
  if (body !== undefined) headers["content-type"] = "application/json; charset=utf-8";
  if (more !== undefined) Object.assign(headers, more);
  exchange.send(status, headers, body === undefined ? undefined : JSON.stringify(body));
}

function respondError(exchange: Exchange, error: unknown, options: AppOptions): void {
  const known = apiErrorOf(error);
  // The request log has the reason of an unusable store.
  const isUnseen = known?.status === 503 && options.onAnswered === undefined;
  if (known === null || known.status === 500 || isUnseen) options.onError(error);
  // Half an answer is worse than a connection that ends.
  if (exchange.outgoing.headersSent && !exchange.outgoing.writableEnded) return void exchange.outgoing.destroy();
  const { status, body }: { status: number; body: JsonObject } =
    known ?? new ApiError(500, "internal", "This is a fault of the emulator; its own output tells more");
  const headers = {
    ...(status === 429 ? { "retry-after": "1" } : {}),
    // What fails here fails again: clients would only wait (A-040).
    ...(status >= 500 ? { "x-should-retry": "false" } : {}),
  };
  send(exchange, status, headers, body);
}
