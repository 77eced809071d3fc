import type { Environment } from "../../domain/environment/environment.js";
import type { Definitions } from "../../ports/definitions.js";
import type { LocalOperations } from "../../ports/operations.js";
import type { Paged } from "../../ports/page-request.js";
import type { Json, JsonObject } from "../../util/json.js";
import type { BulkOperations } from "../bulk-operations.js";
import { createNotFoundError } from "../http/api-error.js";
import type { Query } from "../http/query.js";
import type { Caller, PublicAccess } from "./authenticate.js";
import type { RateLimits, Tier } from "./rate-limits.js";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** What came of a call: 200 with a body, or 204 without one. */
export interface RouteResult {
  body?: JsonObject | JsonObject[];
  headers?: Record<string, string>;
}

/** What a route's handler is given: the request read as far as it asks, and whom to ask. */
export interface RouteContext {
  readonly operations: LocalOperations;
  readonly bulk: BulkOperations;
  readonly caller: Caller;
  /** Whose files are asked for; undefined: the main ones. */
  readonly branch: string | undefined;
  readonly query: Query;
  /** A part of the path, decoded. */
  param(name: string): string;
  header(name: string): string | undefined;
  /** The body as an object; `{}` where there is none. Throws for what is not JSON or no object. */
  body(): Promise<JsonObject>;
  environment(): Promise<Environment>;
  /** Adds a warning to the request log. */
  warn(text: string): void;
  /** Whether triggers with warnings are rejected. */
  readonly strict: boolean;
  readonly definitions: Pick<Definitions, "workflow" | "workflowKeys" | "branch" | "branches">;
  /** `http://127.0.0.1:8484` as the caller knows it. */
  readonly baseUrl: string;
  /** Null where limits are off. */
  readonly limits: RateLimits | null;
}

/** One operation of the API. The table of all of them is what the server, its limits and docs/api-coverage.md are made of. */
export interface Route {
  /** Its row in docs/reference/http-api.md, section 6; of the management API one of section 7, or of cli-compat.md. */
  rule: string;
  on: `${Method} /${string}`;
  /** Null: the management API has no tiers. */
  tier: Tier | null;
  /** Callable with a public key, and what of its path is the caller's own; absent where only a secret key will do. */
  open?: PublicAccess;
  /** Of the management API: callable with a service token, and with nothing else. */
  service?: true;
  /** What differs from the service, for the coverage table. */
  differs?: string;
  /** Why it answers 501 and nothing else. */
  unavailable?: string;
  handle(call: RouteContext): Promise<RouteResult>;
}

export function ok(body: JsonObject | JsonObject[], headers?: Record<string, string>): RouteResult {
  return headers ? { body, headers } : { body };
}

export const NO_CONTENT: RouteResult = {};

/** 404 for null. */
export function okOrNotFound(body: JsonObject | null): RouteResult {
  if (body === null) throw createNotFoundError();
  return { body };
}

/** 404 where nothing was there to delete. */
export function noContentOrNotFound(existed: boolean): RouteResult {
  if (!existed) throw createNotFoundError();
  return NO_CONTENT;
}

/** A page: `entries`, or `items` for what messages and runs have. */
export function toPageResult(
  paged: Paged<JsonObject>,
  name: "entries" | "items" = "entries",
  extraFields: JsonObject = {},
): RouteResult {
  return { body: { [name]: paged.items, ...extraFields, page_info: { __typename: "PageInfo", ...paged.page_info } } };
}

/** What of a body the API knows; anything else in it is passed over. */
export function pickFields(body: JsonObject, names: readonly string[]): JsonObject {
  const known: JsonObject = {};
  for (const name of names) if (Object.hasOwn(body, name)) known[name] = body[name] as Json;
  return known;
}
