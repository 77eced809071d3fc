import type { JsonObject } from "../../util/json.js";
import { toComparableContent } from "./comparable-content.js";
import { isEqualDocument } from "./is-equal-document.js";
import type { ResourceRef, ResourceType } from "./resource-types.js";
import { sortForPush } from "./sort-for-push.js";

/**
 * How a resource of the project differs from the account. Without a base, a resource that differs is `both`, because it is unknown
 * which side has changed.
 */
export const COMPARISON_STATES = [
  "new_here",
  "new_there",
  "changed_here",
  "changed_there",
  "both",
  "deleted_here",
  "deleted_there",
  "unchanged",
] as const;

export type ComparisonState = (typeof COMPARISON_STATES)[number];

/**
 * The versions that the last pull or push saw. The two sides may differ, because a service may complete what it receives, for example with the
 * defaults of settings.
 */
export interface ResourceBase {
  here: JsonObject;
  there: JsonObject;
}

/** The versions of a resource; null if it does not exist there. */
export interface ResourceVersions extends ResourceRef {
  here: JsonObject | null;
  there: JsonObject | null;
  /** The committed version of the account. */
  committed: JsonObject | null;
  /** Null before the first pull or push. */
  base: ResourceBase | null;
}

export interface ComparedResource extends ResourceVersions {
  state: ComparisonState;
  /** Whether the account's version has changes that are not committed. */
  hasUncommitted: boolean;
}

function isSame(type: ResourceType, a: JsonObject | null, b: JsonObject | null): boolean {
  if (a === null || b === null || a === b) return a === b;
  return isEqualDocument(toComparableContent(type, a), toComparableContent(type, b));
}

function findState({ type, here, there, base }: ResourceVersions): ComparisonState {
  if (isSame(type, here, there)) return "unchanged";
  if (base === null) return here === null ? "new_there" : there === null ? "new_here" : "both";
  const [isSameHere, isSameThere] = [isSame(type, here, base.here), isSame(type, there, base.there)];
  if (isSameHere && isSameThere) return "unchanged";
  if (isSameHere) return there === null ? "deleted_there" : "changed_there";
  if (isSameThere) return here === null ? "deleted_here" : "changed_here";
  return "both";
}

/** Compares the versions of resources in the order in which they are pushed. Resources that no side has are left out. */
export function compareResources(resources: readonly ResourceVersions[]): ComparedResource[] {
  const compared = resources
    .filter(({ here, there }) => here !== null || there !== null)
    .map((versions) => ({
      ...versions,
      state: findState(versions),
      hasUncommitted: !isSame(versions.type, versions.there, versions.committed),
    }));
  return sortForPush(compared, ({ here, there }) => here ?? there ?? {});
}
