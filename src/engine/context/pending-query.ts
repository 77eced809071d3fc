import type { Channel } from "../../domain/environment/environment.js";
import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { RequestOrigin } from "../../domain/run/recorded-response.js";
import type { AgentRequest, StepRequest } from "../../ports/http-client.js";
import type { ThrottleRequest } from "../../ports/run-store.js";
import type { StoreLookup, StoreLookups } from "./store-lookups.js";

/** Something that a step needs before it can execute, because an advance reads and sends nothing. */
export type PendingQuery =
  | { kind: "throttle"; ref: string; throttleRequest: ThrottleRequest }
  /**
   * The newest version of a workflow (E-024). The result is null if none may run, or a RenderError if its templates are
   * invalid.
   */
  | { kind: "workflow"; ref: string; key: string }
  /** Which of these recipients exist. The result is a set of keys. */
  | { kind: "known_recipients"; ref: string; keys: readonly RecipientKey[] }
  /** The {@link AudienceData} of the run's recipient. `ref` is {@link AUDIENCES_REF}. */
  | { kind: "audiences"; ref: string; recipient: RecipientKey }
  /**
   * Store lookups of template filters. `lookups` holds those that were read for the run before. `ref` is {@link
   * STORE_LOOKUPS_REF}.
   */
  | { kind: "store_lookups"; ref: string; missing: readonly StoreLookup[]; lookups: StoreLookups }
  /** A {@link UserLookupResult}. `ref` is {@link buildConnectionRef}. */
  | { kind: "connection"; ref: string; recipient: RecipientKey; channel: Channel; lookup: UserLookup }
  | { kind: "fetch"; ref: string; request: StepRequest; origin: RequestOrigin }
  /** `singleAttempt`: a request without a clear response is not repeated (E-410). */
  | { kind: "agent"; ref: string; request: AgentRequest; origin: RequestOrigin; singleAttempt?: true };

/** The ref of the audience query of a run. All conditions of a run share its result. */
export const AUDIENCES_REF = "$audiences";

/** A Slack user to look up by email, and the token for the request. */
export interface UserLookup {
  email: string;
  token: string;
}

/** Returns the ref of a connection query. All steps of a run that send through a channel share its result. */
export const buildConnectionRef = (channel: Channel): string => `$connection.${channel.key}`;

/**
 * Thrown by a step whose query is not resolved yet. The advance then returns the query. It cannot be a return value, because a filter
 * that liquidjs calls, or a condition of a step, may need the query.
 */
export class PendingQueryError extends Error {
  constructor(readonly query: PendingQuery) {
    super(`step ${query.ref} needs an answer`);
  }
}

/** Calls `render` again with the result of each pending query, until none is pending. */
export async function renderWithQueries<T>(
  render: (queryResults: ReadonlyMap<string, unknown>) => T,
  resolve: (query: PendingQuery) => Promise<unknown>,
): Promise<T> {
  const queryResults = new Map<string, unknown>();
  for (;;) {
    try {
      return render(queryResults);
    } catch (error) {
      if (!(error instanceof PendingQueryError)) throw error;
      queryResults.set(error.query.ref, await resolve(error.query));
    }
  }
}
