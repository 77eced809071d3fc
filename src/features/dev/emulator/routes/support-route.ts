import type * as z from "zod/mini";
import type { JsonObject } from "../../../../util/json.js";
import type { Method } from "../access/route.js";
import type { HandlerOptions } from "../emulator-options.js";
import type { Query } from "../http/query.js";

/**
 * The request and the services that a handler of the test routes under `/__knock/` receives. These routes need no key.
 */
export interface SupportContext extends HandlerOptions {
  query: Query;
  /** Returns a decoded path parameter. */
  param(name: string): string;
  body(): Promise<JsonObject>;
  /** Returns the body as it was sent. */
  readText(): Promise<string>;
  /** Returns all headers by lower-case name. */
  headers(): Record<string, string>;
}

export interface SupportRoute {
  endpoint: `${Method} /__knock/${string}`;
  handle(context: SupportContext): Promise<JsonObject>;
}

/** A route that tests call, which is documented. */
export interface TestRoute extends SupportRoute {
  /** The purpose of the route. */
  summary: string;
  /** The schema of the body or of the query. The handler checks it. */
  input?: () => z.ZodMiniType;
}
