import type { AccessSettings } from "../../../../domain/environment/environment.js";
import type { FeedFilter } from "../../../../domain/message/feed-filter.js";
import { ApiError } from "../http/api-error.js";
import { type UserToken, verifyUserToken } from "./user-token.js";

/**
 * The sender of a request. A secret key allows everything. A public key allows the routes that are open to it, for the
 * user of its token. A service token allows only the management API.
 */
export type Caller =
  | { kind: "secret"; keyId?: string }
  | { kind: "public"; token: UserToken | null; keyId?: string }
  | { kind: "service" };

/**
 * The access that a route gives to public keys, by the owner of its data: the user or object in the path, the recipient
 * of a message, or the whole environment. `capability` is the name that a grant must contain.
 */
export type PublicAccess =
  /** `orTenants`: a grant on a tenant also gives access to that tenant's part. */
  | { owner: "user"; capability: string; orTenants?: true }
  | { owner: "object"; capability: string }
  | { owner: "message" }
  | { owner: "environment" };

/** Other spellings of capabilities in the service's documentation. */
const CAPABILITY_ALIASES: Record<string, readonly string[]> = {
  "user/feed_read": ["feed/read", "user_feed/read"],
  "user/feed_write": ["feed/write", "user_feed/write"],
};

const FEED_READ = "user/feed_read";

interface Credentials {
  authorization: string | undefined;
  userToken: string | undefined;
}

/** The API keys that a server accepts. */
export interface KeyRing {
  /** Returns a valid key's ID if it has one. Throws a 401 API error for an unknown or a revoked key. */
  check(key: string, access: AccessSettings): Promise<{ id?: string }>;
}

/**
 * The keys of environment.json: without a list, every `sk_…` or `pk_…` key is valid. It remembers every key that was listed since the
 * start, because a key that is no longer listed was revoked.
 */
export class KnownKeys implements KeyRing {
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

  async check(key: string, access: AccessSettings): Promise<{ id?: string }> {
    this.remember(access);
    const isKnown = access.keys === null ? /^(sk|pk)_./.test(key) : access.keys.includes(key);
    if (isKnown) return {};
    if (this.has(key))
      throw new ApiError(401, "api_key_expired", "The API key was revoked: environment.json no longer lists it");
    const hint = access.keys === null ? "keys start with sk_ or pk_" : "environment.json lists the known keys";
    throw new ApiError(401, "api_key_missing", `Invalid API key: ${hint}`);
  }
}

/**
 * Returns the caller of a request. `now` is in milliseconds. Throws a 401 API error if the key or the user
 * token is invalid.
 */
export async function authenticate(
  { authorization, userToken }: Credentials,
  access: AccessSettings,
  now: number,
  keys: KeyRing,
): Promise<Caller> {
  const key = /^Bearer\s+(\S+)\s*$/i.exec(authorization ?? "")?.[1];
  if (key === undefined)
    throw new ApiError(401, "authentication_required", "An API key is required: Authorization: Bearer sk_…");
  if (key.startsWith("knock_st_"))
    throw new ApiError(401, "api_key_missing", "Invalid API key: a service token is only valid for the management API");
  const { id } = await keys.check(key, access);
  const keyId = id === undefined ? {} : { keyId: id };
  if (!key.startsWith("pk_")) return { kind: "secret", ...keyId };
  const token = userToken === undefined ? null : await verifyUserToken(userToken, access.signing_key, now);
  return { kind: "public", token, ...keyId };
}

/**
 * Returns the caller of a management request. Every `knock_st_…` token is valid unless the environment lists
 * its keys. Keys of an environment are never valid (AC-253). Throws a 401 API error for an invalid token.
 */
export function authenticateService(
  authorization: string | undefined,
  access: AccessSettings,
  knownKeys: KnownKeys,
): Caller {
  knownKeys.remember(access);
  if (authorization === undefined || authorization === "")
    throw new ApiError(401, "authentication_required", "A service token is required: Authorization: Bearer knock_st_…");
  const token = /^Bearer\s+(knock_st_\S+)\s*$/i.exec(authorization)?.[1];
  if (token !== undefined && (access.keys?.includes(token) ?? true)) return { kind: "service" };
  if (token !== undefined && knownKeys.has(token))
    throw new ApiError(401, "api_key_expired", "The service token was revoked: environment.json no longer lists it");
  const hint = access.keys === null ? "service tokens start with knock_st_" : "environment.json lists the known keys";
  throw new ApiError(401, "bearer_token_invalid", `The bearer token is unknown; ${hint}`);
}

/** The user or object in the path of a request. */
interface AccessSubject {
  user?: string | undefined;
  object?: { collection: string; id: string } | undefined;
}

function createForbiddenError(message: string): ApiError {
  return new ApiError(403, "authorization", message);
}

/** Throws an API error if the caller may not use the route. */
export function authorize(
  caller: Caller,
  publicAccess: PublicAccess | undefined,
  subject: AccessSubject,
  access: AccessSettings,
): void {
  if (caller.kind !== "public") return;
  if (publicAccess === undefined)
    throw new ApiError(403, "incorrect_token_type", "This route requires a secret key (sk_…)");
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
    throw createForbiddenError(isOwn ? "The token's grants do not allow this" : "The token belongs to another user");
  }
  if (publicAccess.owner === "object" && subject.object !== undefined)
    requireGrant(caller, subject.object, [publicAccess.capability]);
}

/**
 * Throws a 403 API error if a user's token grants none of the capabilities on an object. Callers without a token pass
 * (A-009, A-011).
 */
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

/** Returns the tenants on which a token grants a capability. */
function listGrantedTenants({ grants }: UserToken, capability: string): string[] {
  const names = [capability, ...(CAPABILITY_ALIASES[capability] ?? [])];
  return Object.entries(grants).flatMap(([url, capabilities]) => {
    const tenant = /^(?:tenants|objects\/\$tenants)\/([^/]+)$/.exec(readEntityPath(url))?.[1];
    return tenant !== undefined && names.some((name) => Object.hasOwn(capabilities, name)) ? [tenant] : [];
  });
}

/**
 * Returns the part of a feed that a token allows its user to read: items of the granted tenants, and items without a
 * tenant if the user is also granted. Undefined means the whole feed: for tokens without explicit grants
 * and for grants on the user only.
 */
export function findGrantedTenants(caller: Caller, user: string): FeedFilter["granted"] {
  const token = caller.kind === "public" ? caller.token : null;
  if (token === null || !token.explicit_grants) return undefined;
  const tenants = listGrantedTenants(token, FEED_READ);
  return tenants.length === 0 ? undefined : { tenants, untagged: hasGrant(token, `users/${user}`, FEED_READ) };
}

/**
 * Returns whether a token grants a capability on an entity. Only the path of the entity's URL is compared, because the
 * URL contains the service's host name.
 */
function hasGrant({ grants }: UserToken, path: string, capability: string): boolean {
  const names = [capability, ...(CAPABILITY_ALIASES[capability] ?? [])];
  return Object.entries(grants).some(
    ([url, capabilities]) => readEntityPath(url) === path && names.some((name) => Object.hasOwn(capabilities, name)),
  );
}

/**
 * Returns the decoded path of an entity's URL after the first `/v1/`, such as `users/u1`. An id can contain a slash, so the
 * end of the path could be that of another entity.
 */
function readEntityPath(url: string): string {
  const [, path = ""] = /\/v1\/(.*)$/s.exec(url) ?? [];
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/**
 * Returns whether the caller may access messages of a recipient. A secret key and a public key without a token may
 * access all messages.
 */
export function canAccessMessages(caller: Caller, recipient: unknown): boolean {
  return caller.kind !== "public" || caller.token === null || caller.token.sub === recipient;
}
