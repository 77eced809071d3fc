import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { createPatternMatcher, describeIdentity, toExactPattern } from "../recipient/recipient-pattern.js";
import type { ApiRequest } from "./api-request.js";
import { type LocatedIdentity, listRequestIdentities } from "./list-request-identities.js";

/** The patterns of one guard, and where it is configured, such as `settings.recipients.allow in knock.json`. */
export interface RecipientGuard {
  allow: readonly string[];
  source: string;
  /** Whether it is in knock.json or in a profile. */
  origin: "project" | "profile";
}

function toDetail({ pointer, identity, problem }: LocatedIdentity): ErrorDetail {
  if (problem !== undefined) return { pointer, message: problem };
  if (identity === null) return { pointer, message: "is not a recipient or an address that can be checked" };
  const message = `${describeIdentity(identity)} is not allowed`;
  return identity.kind === "token" ? { pointer, message } : { pointer, message, value: identity.value };
}

/**
 * Returns the hint with the pattern that would allow the first refused identity. `hasAddress`: whether the request sets an
 * address for it.
 */
function buildHint({ identity, problem }: LocatedIdentity, hasAddress: boolean): string {
  const stopped = "Nothing was sent.";
  if (problem !== undefined) return `${stopped} Remove "collection" from the value.`;
  if (identity === null) return `${stopped} Use a user ID, an object reference or an inline recipient.`;
  const { kind } = identity;
  if (kind === "token") return `${stopped} Allow test channel data with a pattern such as "token:test-*".`;
  const pattern = JSON.stringify(toExactPattern(identity));
  const meaning = kind === "object" ? ", which also allows all of its subscribers" : "";
  if (kind === "user" && hasAddress)
    return `${stopped} The ID must also be allowed, because the account may know other addresses of the user: add ${pattern}.`;
  return `${stopped} Use a recipient that the guard allows, or add ${pattern} to it${meaning}.`;
}

/**
 * Returns a function that throws `recipient_not_allowed` for a request that can reach or change a recipient or an address
 * that one of the guards does not allow, and for a request that it does not know. An ID and the addresses that are set
 * for it must all be allowed.
 */
export function createRequestGuard(guards: readonly RecipientGuard[]): (request: ApiRequest) => void {
  const matchers = guards.map(({ allow, source }) => ({ source, isAllowed: createPatternMatcher(allow) }));
  return (request) => {
    const identities = listRequestIdentities(request);
    for (const { source, isAllowed } of matchers) {
      if (identities === null)
        throw new KnockError(
          "recipient_not_allowed",
          `${request.method} ${request.path} is not allowed: its recipients cannot be checked against ${source}`,
          { hint: "Nothing was sent. Delete and create the resource instead, or use a target without this guard." },
        );
      const refused = identities.filter(({ identity }) => identity === null || !isAllowed(identity));
      const [first] = refused;
      if (first === undefined) continue;
      const details = refused.map(toDetail);
      const { pointer, message } = toDetail(first);
      const others = details.length === 1 ? "" : ` (and ${details.length - 1} more)`;
      const by = first.problem === undefined ? ` by ${source}` : "";
      throw new KnockError("recipient_not_allowed", `${pointer}: ${message}${by}${others}`, {
        details,
        hint: buildHint(
          first,
          identities.some((other) => other.pointer.startsWith(`${first.pointer}/`)),
        ),
      });
    }
  };
}
