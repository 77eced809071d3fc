import type { OutgoingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type Context, Hono } from "hono";
import type { AccessSettings } from "../domain/environment.js";
import { systemIds } from "../util/ids.js";
import type { JsonObject } from "../util/json.js";
import { ApiError, apiErrorOf, missing } from "./api-error.js";
import { authenticate, authenticateService, authorize, type Caller } from "./authenticate.js";
import { corsHeaders } from "./cors.js";
import type { AppOptions, EmulatorOptions } from "./emulator-options.js";
import { EMAIL_HEADERS, EVENT_HEADERS, NO_PAGE, pageHeaders } from "./page/serve-page.js";
import { servePreferenceCenter } from "./preference-center/serve-center.js";
import { Query } from "./query.js";
import { RateLimits } from "./rate-limits.js";
import { parseBody, readText } from "./read-body.js";
import type { Answer, Call, Route } from "./route.js";
import { openApiDocument, ROUTES } from "./route-table.js";
import { emailHtml, PAGE_SUPPORT } from "./routes/page-support.js";
import { SUPPORT, type SupportCall } from "./routes/test-support.js";
import { serveTracking } from "./routes/tracking.js";

export type Env = { Bindings: HttpBindings; Variables: { caller: Caller } };
type Ctx = Context<Env>;

const SUPPORT_PATH = "/__knock/";

const corsOf = corsHeaders(ROUTES);

/** Every request: who may ask at all, then its route; every answer: its id, and errors as the API has them. */
export function createApp(options: AppOptions): Hono<Env> {
  const app = new Hono<Env>();
  const limits = options.rateLimits ? new RateLimits() : null;

  app.use("*", async (c, next) => {
    checkHost(header(c, "host"), options);
    const isSupport = c.req.path.startsWith(SUPPORT_PATH);
    if (isSupport) checkOrigin(c, options);
    if (c.req.method === "OPTIONS" && !isSupport) return respond(c, {});
    await next();
    if (c.req.method !== "GET") options.worker.wake();
  });
  // Before the keys are looked at: a service token is none of the API's.
  for (const route of ROUTES.filter(({ service }) => service)) {
    const [method = "", path = ""] = route.on.split(" ");
    app.on(method, honoPath(path), async (c) => {
      c.set("caller", authenticateService(header(c, "authorization"), await accessOf(options)));
      return respond(c, await answer(c, route, options, null));
    });
  }
  app.use("/v1/*", async (c, next) => {
    const credentials = { authorization: header(c, "authorization"), userToken: header(c, "x-knock-user-token") };
    c.set("caller", authenticate(credentials, await accessOf(options), Date.now(), options.listed));
    checkBranch(header(c, "x-knock-branch"), options);
    await next();
  });
  app.get("/v1/openapi", (c) => respond(c, { body: openApiDocument(options.url) }));
  for (const route of inOrder(ROUTES.filter(({ service }) => !service))) {
    const [method = "", path = ""] = route.on.split(" ");
    app.on(method, honoPath(path), async (c) => respond(c, await answer(c, route, options, limits)));
  }
  servePage(app, options);
  serveTracking(app, options);
  servePreferenceCenter(app, options);
  for (const { on, handle } of [...SUPPORT, ...PAGE_SUPPORT]) {
    const [method = "", path = ""] = on.split(" ");
    app.on(method, path, async (c) => respond(c, { body: await handle(supportCall(c, options)) }));
  }
  app.notFound((c) => respondError(c as Ctx, missing(), options));
  app.onError((error, c) => respondError(c as Ctx, error, options));
  return app;
}

/** The page, what only browsers read of it, and its live changes. */
function servePage(app: Hono<Env>, { readPage, operations, live }: AppOptions): void {
  app.get("/", async (c) => {
    const html = await readPage();
    return html === null ? c.text(NO_PAGE, 404) : c.body(html, 200, pageHeaders(html));
  });
  app.get("/__knock/page/messages/:id/html", async (c) =>
    c.body(await emailHtml(operations, c.req.param("id")), 200, EMAIL_HEADERS),
  );
  app.get("/__knock/events", (c) => c.body(live.stream(), 200, EVENT_HEADERS));
}

/** As Node has it parsed: hono would make a `Headers` of them all first. */
function header(c: Ctx, name: string): string | undefined {
  const value = c.env.incoming.headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

function queryOf(c: Ctx): Query {
  const { url = "" } = c.env.incoming;
  const start = url.indexOf("?");
  return new Query(start < 0 ? "" : url.slice(start));
}

async function answer(c: Ctx, route: Route, options: AppOptions, limits: RateLimits | null): Promise<Answer> {
  const caller = c.get("caller");
  const param = (name: string): string => c.req.param(name) ?? "";
  const user = c.req.param("user_id");
  const collection = c.req.param("collection");
  const objectId = c.req.param("object_id") ?? c.req.param("id");
  const object = collection !== undefined && objectId !== undefined ? { collection, id: objectId } : undefined;
  authorize(caller, route.open, { user, object }, await accessOf(options));
  if (limits !== null) checkRate(limits, route, caller, user);
  if (route.unavailable !== undefined) throw new ApiError(501, "not_supported", route.unavailable);
  let text: Promise<string> | undefined;
  const call: Call = {
    operations: options.operations,
    bulk: options.bulk,
    caller,
    branch: route.service ? queryOf(c).text("branch") || undefined : header(c, "x-knock-branch") || undefined,
    query: queryOf(c),
    param,
    header: (name) => header(c, name),
    body: async () => {
      text ??= readText(c.env.incoming);
      return parseBody(await text);
    },
    environment: options.environment,
    baseUrl: options.url,
    limits,
  };
  return route.handle(call);
}

/** Per environment, and per user where one is signed in or a feed is asked for. */
function checkRate(limits: RateLimits, route: Route, caller: Caller, user: string | undefined): void {
  if (route.tier === null) return;
  const isFeed = route.rule === "A-288";
  const who = caller.kind === "public" && caller.token !== null ? caller.token.sub : isFeed ? user : "";
  if (limits.pass(`${route.rule} ${who}`, route.tier, Date.now())) return;
  throw new ApiError(429, "rate_limited", `More than the calls a second that tier ${route.tier} allows`);
}

function supportCall(c: Ctx, options: AppOptions): SupportCall {
  return {
    ...options,
    param: (name) => c.req.param(name) ?? "",
    query: queryOf(c),
    body: async () => parseBody(await readText(c.env.incoming)),
  };
}

/** whatever is asked, a branch that is none is not the main files. */
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

/** `{user_id}` → `:user_id`. */
function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
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

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * A page of the internet whose name was made to point here would have the browser send that name: only this machine's own
 * are answered. Who listens on all addresses wants to be reached by any name.
 */
export function checkHost(header: string | undefined, { host }: Pick<AppOptions, "host">): void {
  const name = (header ?? "").replace(/:\d+$/, "").toLowerCase();
  const isOpen = host === "0.0.0.0" || host === "::";
  if (isOpen || LOOPBACK.has(name) || name === host.toLowerCase() || name === `[${host}]`) return;
  throw new ApiError(403, "authorization", `The Host header ${JSON.stringify(header ?? "")} is none of this server's`);
}

/**
 * The helpers change everything and ask for no key: pages of other origins must not reach them. Links, images and frames
 * send no origin, but browsers say whose they are: a shown e-mail counts as another's.
 */
function checkOrigin(c: Ctx, { host, port }: AppOptions): void {
  const origin = header(c, "origin");
  const url = origin !== undefined && URL.canParse(origin) ? new URL(origin) : null;
  const name = url?.hostname.replace(/^\[|\]$/g, "") ?? "";
  const isLocal = url !== null && LOOPBACK.has(url.hostname);
  // A container's port may be mapped; a number, unlike a name, cannot be made to point here.
  const isSame = url !== null && url.host === header(c, "host") && (isLocal || isIP(name) > 0 || name === host);
  const site = header(c, "sec-fetch-site");
  const isOwn = origin === undefined || isSame || (isLocal && url?.port === String(port));
  if (isOwn && site !== "cross-site" && site !== "same-site") return;
  throw new ApiError(403, "authorization", "Pages of other origins cannot use /__knock/");
}

function corsFor(c: Ctx): Record<string, string> {
  const { method, path } = c.req;
  return corsOf({ method, path, origin: header(c, "origin"), asked: header(c, "access-control-request-method") });
}

function respond(c: Ctx, { body, headers = {} }: Answer): Response {
  return body === undefined ? send(c, 204, headers) : send(c, 200, headers, body);
}

/**
 * Written to the connection as it is: a `Response` on the way, and reading it, took a tenth of a trigger's time. Headers
 * are assigned: a literal of spread ones is slow.
 */
function send(c: Ctx, status: number, more: Record<string, string>, body?: JsonObject | JsonObject[]): Response {
  const { outgoing } = c.env;
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers: OutgoingHttpHeaders = { ...corsFor(c) };
  headers["x-request-id"] = more["x-request-id"] ?? systemIds.uuid();
  if (text !== undefined) {
    headers["content-type"] = "application/json; charset=utf-8";
    headers["content-length"] = Buffer.byteLength(text);
  }
  outgoing.writeHead(status, Object.assign(headers, more));
  outgoing.end(text);
  return RESPONSE_ALREADY_SENT;
}

function respondError(c: Ctx, error: unknown, options: AppOptions): Response {
  const known = apiErrorOf(error);
  if (known === null || known.status === 500) options.onError(error);
  const { status, body }: { status: number; body: JsonObject } =
    known ?? new ApiError(500, "internal", "This is a fault of the emulator; its own output tells more");
  const headers = {
    ...(status === 429 ? { "retry-after": "1" } : {}),
    // What fails here fails again: clients would only wait.
    ...(status >= 500 ? { "x-should-retry": "false" } : {}),
    ...(status === 413 ? { connection: "close" } : {}),
  };
  return send(c, status, headers, body);
}
