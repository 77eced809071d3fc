import { getValueAtPath, isJsonObject } from "../../util/json.js";
import type { PreferenceSet } from "../recipient/preference-set.js";
import { type PreferenceSources, resolvePreferenceSet } from "./decide-preferences.js";

/** The set that a value of the resolved set comes from. */
export type PreferenceOrigin =
  /** `id` is `default` or the tenant's ID. */
  { set: "recipient"; id: string } | { set: "tenant_default"; id: string } | { set: "environment_default"; id: null };

/**
 * Returns a copy of `node` in which `tag` replaces the value at the path, if there is one. Only the objects on the path
 * are copied.
 */
function replaceAtPath(node: unknown, [key, ...rest]: readonly string[], tag: unknown): unknown {
  if (key === undefined) return node === null || node === undefined ? node : tag;
  if (!isJsonObject(node) || !Object.hasOwn(node, key)) return node;
  return { ...node, [key]: replaceAtPath(node[key], rest, tag) };
}

/**
 * Returns the set from which the resolved set has its value at `path`, or null if no set has one (E-139 to E-146). Each
 * set's value is replaced by a tag, and the sets are resolved as usual. The tag in the result names the origin.
 */
export function findPreferenceOrigin(sources: PreferenceSources, path: readonly string[]): PreferenceOrigin | null {
  const { recipient, tenant, tenantDefaults, environment } = sources;
  const mark = (set: PreferenceSet | null, origin: PreferenceOrigin) =>
    replaceAtPath(set, path, [origin]) as PreferenceSet; // the tag is a list, because a list is never merged
  const resolved = resolvePreferenceSet({
    recipient: Object.fromEntries(
      Object.entries(recipient).map(([id, set]) => [id, mark(set, { set: "recipient", id })]),
    ),
    tenant,
    tenantDefaults: tenant === null ? null : mark(tenantDefaults, { set: "tenant_default", id: tenant }),
    environment: mark(environment, { set: "environment_default", id: null }),
  });
  const resolvedValue = getValueAtPath(resolved, path);
  return Array.isArray(resolvedValue) ? (resolvedValue[0] as PreferenceOrigin) : null;
}

/** Returns the origin as a reason's detail shows it, or an empty string for the recipient's own default set. */
export function formatPreferenceOrigin(origin: PreferenceOrigin | null): string {
  switch (origin?.set) {
    case "environment_default":
      return "in the environment's defaults";
    case "tenant_default":
      return `in the defaults of tenant ${origin.id}`;
    case "recipient":
      return origin.id === "default" ? "" : `in the recipient's set for tenant ${origin.id}`;
    default:
      return "";
  }
}
