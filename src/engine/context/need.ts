import type { Channel } from "../../domain/environment/environment.js";
import type { RecipientKey } from "../../domain/recipient/recipient.js";
import type { AgentRequest, StepRequest } from "../../ports/outside.js";
import type { ThrottlePass } from "../../ports/run-store.js";
import type { Reading, Readings } from "./readings.js";

/** What a step must be told before it can execute: an advance touches nothing outside. */
export type Need =
  | { kind: "throttle"; ref: string; pass: ThrottlePass }
  /** The newest version of a workflow (E-024); null where none may run, a RenderError where its templates are at fault. */
  | { kind: "workflow"; ref: string; key: string }
  /** Which of these recipients exist: a set of them. */
  | { kind: "identified"; ref: string; keys: readonly RecipientKey[] }
  /** {@link KnownAudiences} of the run's recipient; `ref` is {@link AUDIENCES}. */
  | { kind: "audiences"; ref: string; recipient: RecipientKey }
  /** What filters read; `known` is what was read for the run before. `ref` is {@link READINGS}. */
  | { kind: "readings"; ref: string; wanted: readonly Reading[]; known: Readings }
  /** A {@link FoundUser}; `ref` is {@link connectionRef}. */
  | { kind: "connection"; ref: string; recipient: RecipientKey; channel: Channel; lookup: UserLookup }
  | { kind: "fetch"; ref: string; request: StepRequest }
  /** `once`: an unclear answer is not asked for again (E-410). */
  | { kind: "agent"; ref: string; request: AgentRequest; once?: true };

/** Where the answer about audiences stands: conditions anywhere in a run may ask, and ask once. */
export const AUDIENCES = "$audiences";

/** A user of Slack to be found by e-mail, and the token to ask with. */
export interface UserLookup {
  email: string;
  token: string;
}

/** All steps of a run that send through a channel share the answer. */
export const connectionRef = (channel: Channel): string => `$connection.${channel.key}`;

/** Thrown by a step whose answer is not there yet; the advance then answers with the need. */
export class NeedsAnswer extends Error {
  constructor(readonly need: Need) {
    super(`step ${need.ref} needs an answer`);
  }
}
