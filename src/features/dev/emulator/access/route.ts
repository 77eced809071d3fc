import type { Environment } from "../../../../domain/environment/environment.js";
import type { Definitions } from "../../../../ports/definitions.js";
import type { LocalOperations } from "../../../../ports/operations.js";
import type { Paged } from "../../../../ports/page-request.js";
import type { Json, JsonObject } from "../../../../util/json.js";
import type { Account } from "../account.js";
import type { BulkOperations } from "../bulk-operations.js";
import { createNotFoundError } from "../http/api-error.js";
import type { FeedRead } from "../http/feed-read.js";
import type { Query } from "../http/query.js";
import type { ProjectDocuments } from "../project-documents.js";
import type { Caller, PublicAccess } from "./authenticate.js";
import type { RateLimits, Tier } from "./rate-limits.js";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** The result of a route: 200 with a body unless a status is given, or 204 without one. */
export interface RouteResult {
  status?: 201;
  body?: JsonObject | JsonObject[];
  headers?: Record<string, string>;
  /** Called after the response is sent. */
  onSent?(): void;
}

/** The request and the services that a route's handler receives. The body is read only if the handler asks for it. */
export interface RouteContext {
  readonly operations: LocalOperations;
  readonly bulk: BulkOperations;
  readonly caller: Caller;
  /** Serves the management API; undefined if it is not supported. */
  readonly account: Account | undefined;
  readonly documents: ProjectDocuments;
  /** The branch whose files are used; undefined for the main files. */
  readonly branch: string | undefined;
  readonly query: Query;
  /** The method and the path, without the query. */
  readonly request: string;
  /** Returns a decoded path parameter. */
  param(name: string): string;
  header(name: string): string | undefined;
  /** Returns the body as an object, or `{}` if it is empty. Throws if it is invalid JSON or not an object. */
  body(): Promise<JsonObject>;
  environment(): Promise<Environment>;
  /** Adds a warning to the request log. */
  warn(text: string): void;
  /** Reports a page of a feed that the caller has received. */
  onFeedRead(read: FeedRead): void;
  /** Whether triggers with warnings are rejected. */
  readonly strict: boolean;
  readonly definitions: Pick<Definitions, "workflow" | "workflowKeys" | "branch" | "branches">;
  /** The emulator's URL as the caller knows it, such as `http://127.0.0.1:8484`. */
  readonly baseUrl: string;
  /** Null if rate limits are disabled. */
  readonly limits: RateLimits | null;
}

/**
 * One operation of the API. The server, its rate limits and docs/reference/api-coverage.md are built from the table of all
 * routes.
 */
export interface Route {
  /**
   * The rule of the operation in docs/internals/catalog/http-api.md, section 6. For the management API it is in section 7 or in
   * cli-compat.md.
   */
  rule: string;
  endpoint: `${Method} /${string}`;
  /** The rate limit; null for the management API, which has no tiers. */
  tier: Tier | null;
  /** Whether calls with a secret key are also limited per user of the path. */
  hasRatePerUser?: true;
  /**
   * The access of public keys and the part of the path that belongs to the caller. Absent if a secret key is required
   * (A-010).
   */
  publicAccess?: PublicAccess;
  /** Marks a route of the management API, which requires a service token. */
  requiresServiceToken?: true;
  /** The differences from the service, for docs/reference/api-coverage.md. */
  differs?: string;
  /** The reason why the route always returns 501. */
  unavailable?: string;
  handle(context: RouteContext): Promise<RouteResult>;
}

export function ok(body: JsonObject | JsonObject[], headers?: Record<string, string>): RouteResult {
  return headers ? { body, headers } : { body };
}

export const NO_CONTENT: RouteResult = {};

/** Returns the body with 200. Throws 404 for null. */
export function okOrNotFound(body: JsonObject | null): RouteResult {
  if (body === null) throw createNotFoundError();
  return { body };
}

/** Returns 204. Throws 404 if there was nothing to delete. */
export function noContentOrNotFound(existed: boolean): RouteResult {
  if (!existed) throw createNotFoundError();
  return NO_CONTENT;
}

/** Returns a page of a list. The list is named `entries`, or `items` for messages and runs. */
export function toPageResult(
  paged: Paged<JsonObject>,
  name: "entries" | "items" = "entries",
  extraFields: JsonObject = {},
): RouteResult {
  return { body: { [name]: paged.items, ...extraFields, page_info: { __typename: "PageInfo", ...paged.page_info } } };
}

/** Returns the fields of a body that the API knows. Other fields are ignored. */
export function pickFields(body: JsonObject, names: readonly string[]): JsonObject {
  const picked: JsonObject = {};
  for (const name of names) if (Object.hasOwn(body, name)) picked[name] = body[name] as Json;
  return picked;
}
