import type { AccessSettings } from "../../domain/environment/environment.js";
import type { FeedFilter } from "../../domain/message/feed-filter.js";
import { ApiError } from "../http/api-error.js";
import { type UserToken, verifyUserToken } from "./user-token.js";

/**
 * Who calls: a secret key may do everything, a public one what is open to it, in the name of its token's user. A service
 * token is for the management API and nothing else.
 */
export type Caller = { kind: "secret" } | { kind: "public"; token: UserToken | null } | { kind: "service" };

/**
 * What a public key may reach, and whose it is: the user or object whose id stands in the path, or the messages, whose
 * recipient says it. `capability` is what a grant calls it.
 */
export type PublicAccess =
  /** `orTenants`: a grant on a tenant opens that tenant's part. */
  | { owner: "user"; capability: string; orTenants?: true }
  | { owner: "object"; capability: string }
  | { owner: "message" }
  | { owner: "environment" };

/** Names that documents spell in other ways. */
const CAPABILITY_ALIASES: Record<string, readonly string[]> = {
  "user/feed_read": ["feed/read", "user_feed/read"],
  "user/feed_write": ["feed/write", "user_feed/write"],
};

const FEED_READ = "user/feed_read";

interface Credentials {
  authorization: string | undefined;
  userToken: string | undefined;
}

/** The keys that the environment has listed since the start: one that it lists no more has been revoked. */
export class KnownKeys {
  private readonly keys = new Set<string>();
  private lastKeys: readonly string[] | null = null;

  remember({ keys }: AccessSettings): void {
    if (keys === this.lastKeys) return;
    this.lastKeys = keys;
    for (const key of keys ?? []) this.keys.add(key);
  }

  has(key: string): boolean {
    return this.keys.has(key);
  }
}

/** Any `sk_…` or `pk_…` key will do unless the environment lists its keys. `now` in milliseconds. */
export async function authenticate(
  { authorization, userToken }: Credentials,
  access: AccessSettings,
  now: number,
  knownKeys: KnownKeys,
): Promise<Caller> {
  knownKeys.remember(access);
  const key = /^Bearer\s+(\S+)\s*$/i.exec(authorization ?? "")?.[1];
  if (key === undefined)
    throw new ApiError(401, "authentication_required", "An API key is required: Authorization: Bearer sk_…");
  const isKnown = access.keys === null ? /^(sk|pk)_./.test(key) : access.keys.includes(key);
  if (!isKnown) {
    if (knownKeys.has(key))
      throw new ApiError(401, "api_key_expired", "The API key was revoked: environment.json lists it no more");
    const hint = access.keys === null ? "keys begin with sk_ or pk_" : "environment.json lists the keys that are";
    throw new ApiError(401, "api_key_missing", `The API key is not known; ${hint}`);
  }
  if (!key.startsWith("pk_")) return { kind: "secret" };
  const token = userToken === undefined ? null : await verifyUserToken(userToken, access.signing_key, now);
  return { kind: "public", token };
}

/** any `knock_st_…` token will do unless the environment lists its keys; keys of an environment never will (AC-253). */
export function authenticateService(authorization: string | undefined, access: AccessSettings): Caller {
  if (authorization === undefined || authorization === "")
    throw new ApiError(401, "authentication_required", "A service token is required: Authorization: Bearer knock_st_…");
  const token = /^Bearer\s+(knock_st_\S+)\s*$/i.exec(authorization)?.[1];
  if (token !== undefined && (access.keys?.includes(token) ?? true)) return { kind: "service" };
  const hint =
    access.keys === null ? "service tokens begin with knock_st_" : "environment.json lists the keys that are";
  throw new ApiError(401, "bearer_token_invalid", `The bearer token is not known; ${hint}`);
}

/** Returns whether the bearer is a service token, known or not. */
export function isServiceToken(authorization: string | undefined): boolean {
  return /^Bearer\s+knock_st_/i.test(authorization ?? "");
}

/** What of the path a route is about. */
interface AccessSubject {
  user?: string | undefined;
  object?: { collection: string; id: string } | undefined;
}

function createForbiddenError(message: string): ApiError {
  return new ApiError(403, "authorization", message);
}

/** Refuses what the caller may not do. */
export function authorize(
  caller: Caller,
  publicAccess: PublicAccess | undefined,
  subject: AccessSubject,
  access: AccessSettings,
): void {
  if (caller.kind !== "public") return;
  if (publicAccess === undefined)
    throw new ApiError(403, "incorrect_token_type", "A public key cannot be used here; use a secret key (sk_…)");
  const { token } = caller;
  if (token === null) {
    if (!access.enhanced_security) return;
    throw new ApiError(401, "missing_user_token", "A public key needs a signed user token in X-Knock-User-Token");
  }
  if (publicAccess.owner === "user" && subject.user !== undefined) {
    const isOwn = subject.user === token.sub;
    if (isOwn && !token.explicit_grants) return;
    if (hasGrant(token, `users/${subject.user}`, publicAccess.capability)) return;
    if (isOwn && publicAccess.orTenants && listGrantedTenants(token, publicAccess.capability).length > 0) return;
    throw createForbiddenError(isOwn ? "The token's grants do not allow this" : "The token is another user's");
  }
  if (publicAccess.owner === "object" && subject.object !== undefined)
    requireGrant(caller, subject.object, [publicAccess.capability]);
}

/** Refuses a user's token that grants none of the capabilities on an object; without a token nothing is asked. */
export function requireGrant(
  caller: Caller,
  { collection, id }: { collection: string; id: string },
  capabilities: readonly string[],
): void {
  if (caller.kind !== "public" || caller.token === null) return;
  const { token } = caller;
  const paths =
    collection === "$tenants" ? [`tenants/${id}`, `objects/$tenants/${id}`] : [`objects/${collection}/${id}`];
  if (paths.some((path) => capabilities.some((capability) => hasGrant(token, path, capability)))) return;
  throw createForbiddenError(`The token grants no ${capabilities[0]} on ${collection}/${id}`);
}

/** The tenants on which a token grants something. */
function listGrantedTenants({ grants }: UserToken, capability: string): string[] {
  const names = [capability, ...(CAPABILITY_ALIASES[capability] ?? [])];
  return Object.entries(grants).flatMap(([url, capabilities]) => {
    const tenant = /\/v1\/(?:tenants|objects\/\$tenants)\/([^/]+)$/.exec(decodeUrl(url))?.[1];
    return tenant !== undefined && names.some((name) => Object.hasOwn(capabilities, name)) ? [tenant] : [];
  });
}

/**
 * What of a feed a token lets its user read (A-014): the granted tenants' items, and those without a tenant only where the
 * user is granted, too. Undefined: all of it, as without explicit grants (A-013), or with a grant on the user alone.
 */
export function findGrantedTenants(caller: Caller, user: string): FeedFilter["granted"] {
  const token = caller.kind === "public" ? caller.token : null;
  if (token === null || !token.explicit_grants) return undefined;
  const tenants = listGrantedTenants(token, FEED_READ);
  return tenants.length === 0 ? undefined : { tenants, untagged: hasGrant(token, `users/${user}`, FEED_READ) };
}

/** an entity's URL names its host, which here is another: only the path counts. */
function hasGrant({ grants }: UserToken, path: string, capability: string): boolean {
  const names = [capability, ...(CAPABILITY_ALIASES[capability] ?? [])];
  return Object.entries(grants).some(
    ([url, capabilities]) =>
      decodeUrl(url).endsWith(`/v1/${path}`) && names.some((name) => Object.hasOwn(capabilities, name)),
  );
}

function decodeUrl(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}

/** Whether messages of a recipient are the caller's: everybody's for a secret key, and without a token. */
export function canAccessMessages(caller: Caller, recipient: unknown): boolean {
  return caller.kind !== "public" || caller.token === null || caller.token.sub === recipient;
}
