import type { PreferenceSet } from "../recipient/preference-set.js";
import { type PreferenceSources, resolvePreferenceSet } from "./decide-preferences.js";

/** The set that a value of the resolved one comes from. */
export type PreferenceOrigin =
  /** `id`: `default`, or the tenant's. */
  { set: "recipient"; id: string } | { set: "tenant_default"; id: string } | { set: "environment_default"; id: null };

type Node = Record<string, unknown>;

/** A copy with `mark` in place of what stands at the path, if anything does. Nothing else of it is copied deeply. */
function replaceAtPath(node: unknown, [key, ...rest]: readonly string[], tag: unknown): unknown {
  if (key === undefined) return node === null || node === undefined ? node : tag;
  if (typeof node !== "object" || node === null || Array.isArray(node) || !Object.hasOwn(node, key)) return node;
  return { ...node, [key]: replaceAtPath((node as Node)[key], rest, tag) };
}

/**
 * Which set gave the resolved one its value at `path` (E-139 to E-146): each set's own value there is marked, they are
 * resolved as ever, and the mark that is left tells. Null where none of them has one.
 */
export function findPreferenceOrigin(sources: PreferenceSources, path: readonly string[]): PreferenceOrigin | null {
  const { recipient, tenant, tenantDefaults, environment } = sources;
  const mark = (set: PreferenceSet | null, origin: PreferenceOrigin) =>
    replaceAtPath(set, path, [origin]) as PreferenceSet; // a list: it replaces and is replaced whole, as the value was
  const resolved = resolvePreferenceSet({
    recipient: Object.fromEntries(
      Object.entries(recipient).map(([id, set]) => [id, mark(set, { set: "recipient", id })]),
    ),
    tenant,
    tenantDefaults: tenant === null ? null : mark(tenantDefaults, { set: "tenant_default", id: tenant }),
    environment: mark(environment, { set: "environment_default", id: null }),
  });
  const resolvedValue = path.reduce<unknown>((node, key) => (node as Node | undefined)?.[key], resolved);
  return Array.isArray(resolvedValue) ? (resolvedValue[0] as PreferenceOrigin) : null;
}

/** As a reason's detail tells it; nothing for the recipient's own default set. */
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
