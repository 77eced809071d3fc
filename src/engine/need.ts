import type { RecipientKey } from "../domain/recipient.js";
import type { AgentRequest, OutsideRequest } from "../ports/outside.js";
import type { ThrottlePass } from "../ports/store.js";

/** What a step must be told before it can execute: an advance touches nothing outside. */
export type Need =
  | { kind: "throttle"; ref: string; pass: ThrottlePass }
  /** The newest version of a workflow (E-024), with whether it may run; null where there is none. */
  | { kind: "workflow"; ref: string; key: string }
  /** {@link KnownAudiences} of the run's recipient; `ref` is {@link AUDIENCES}. */
  | { kind: "audiences"; ref: string; recipient: RecipientKey }
  | { kind: "fetch"; ref: string; request: OutsideRequest }
  | { kind: "agent"; ref: string; request: AgentRequest };

/** Where the answer about audiences stands: conditions anywhere in a run may ask, and ask once. */
export const AUDIENCES = "$audiences";

/** Thrown by a step whose answer is not there yet; the advance then answers with the need. */
export class NeedsAnswer extends Error {
  constructor(readonly need: Need) {
    super(`step ${need.ref} needs an answer`);
  }
}
