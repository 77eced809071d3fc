import type { Channel } from "../../domain/environment/environment.js";
import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { AgentRequest, StepRequest } from "../../ports/http-client.js";
import type { ThrottleRequest } from "../../ports/run-store.js";
import type { StoreLookup, StoreLookups } from "./store-lookups.js";

/** What a step must be told before it can execute: an advance touches nothing outside. */
export type PendingQuery =
  | { kind: "throttle"; ref: string; throttleRequest: ThrottleRequest }
  /** The newest version of a workflow (E-024); null where none may run, a RenderError where its templates are at fault. */
  | { kind: "workflow"; ref: string; key: string }
  /** Which of these recipients exist: a set of them. */
  | { kind: "identified"; ref: string; keys: readonly RecipientKey[] }
  /** {@link KnownAudiences} of the run's recipient; `ref` is {@link AUDIENCES}. */
  | { kind: "audiences"; ref: string; recipient: RecipientKey }
  /** What filters read; `known` is what was read for the run before. `ref` is {@link READINGS}. */
  | { kind: "readings"; ref: string; missing: readonly StoreLookup[]; lookups: StoreLookups }
  /** A {@link FoundUser}; `ref` is {@link connectionRef}. */
  | { kind: "connection"; ref: string; recipient: RecipientKey; channel: Channel; lookup: UserLookup }
  | { kind: "fetch"; ref: string; request: StepRequest }
  /** `once`: an unclear answer is not asked for again (E-410). */
  | { kind: "agent"; ref: string; request: AgentRequest; singleAttempt?: true };

/** Where the answer about audiences stands: conditions anywhere in a run may ask, and ask once. */
export const AUDIENCES_REF = "$audiences";

/** A user of Slack to be found by e-mail, and the token to ask with. */
export interface UserLookup {
  email: string;
  token: string;
}

/** All steps of a run that send through a channel share the answer. */
export const buildConnectionRef = (channel: Channel): string => `$connection.${channel.key}`;

/** Thrown by a step whose answer is not there yet; the advance then answers with the need. */
export class PendingQueryError extends Error {
  constructor(readonly query: PendingQuery) {
    super(`step ${query.ref} needs an answer`);
  }
}
