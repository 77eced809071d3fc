import type { Condition } from "../condition/condition.js";
import type { ChannelType } from "../message/channel-types.js";
import type { LevelPreference, PreferenceSet, PreferenceSets } from "../recipient/preference-set.js";

export interface PreferenceSources {
  recipient: PreferenceSets;
  /** The ID of the run's tenant, or null. */
  tenant: string | null;
  /** The tenant's `settings.preference_set`. */
  tenantDefaults: PreferenceSet | null;
  environment: PreferenceSet;
}

/**
 * Returns the effective preference set of a run: the recipient's `default` set over the environment's. If the tenant
 * has defaults or the recipient has a set for it, the result is the recipient's set for the tenant, over the tenant's
 * defaults, over the environment's. `commercial_subscribed` comes from the recipient's `default` set if it is set there
 * (E-139 to E-146, EQ-22).
 */
export function resolvePreferenceSet({
  recipient,
  tenant,
  tenantDefaults,
  environment,
}: PreferenceSources): PreferenceSet {
  const defaultSet = findEntry(recipient, "default");
  const tenantSet = tenant === null ? undefined : findEntry(recipient, tenant);
  const defaults = tenant === null || !hasPreferences(tenantDefaults) ? undefined : tenantDefaults;
  if (tenantSet === undefined && defaults === undefined) return mergePreferenceSets(environment, defaultSet);
  const merged = mergePreferenceSets(mergePreferenceSets(environment, defaults), tenantSet);
  const commercial = defaultSet?.commercial_subscribed ?? undefined;
  return commercial === undefined ? merged : { ...merged, commercial_subscribed: commercial };
}

/**
 * Returns `over` merged into `base`, key by key (E-142). Two objects are merged. Any other value, including a list,
 * replaces the previous one (E-143, EQ-21). null and missing keys leave the base unchanged. An entry of the base with
 * `__strategy__: "replace"` (a category, a workflow, or all channel types or channels) stays unchanged (E-144). Neither
 * argument is modified.
 */
export function mergePreferenceSets(base: PreferenceSet, over: PreferenceSet | null | undefined): PreferenceSet {
  if (!hasPreferences(over)) return base;
  return mergeEntries({ ...base }, { ...over }, (current, next, key) =>
    (key === "categories" || key === "workflows") && isRecord(current) && isRecord(next)
      ? mergeEntries(current, next, mergeUnlocked)
      : mergeUnlocked(current, next),
  );
}

function mergeUnlocked(current: unknown, next: unknown): unknown {
  return isRecord(current) && findEntry(current, "__strategy__") === "replace" ? current : mergeValues(current, next);
}

function mergeValues(current: unknown, next: unknown): unknown {
  return isRecord(current) && isRecord(next) ? mergeEntries(current, next, mergeValues) : next;
}

type Entries = Record<string, unknown>;

function mergeEntries(
  base: Entries,
  over: Entries,
  merge: (current: unknown, next: unknown, key: string) => unknown,
): Entries {
  const merged = new Map(Object.entries(base));
  for (const [key, next] of Object.entries(over)) {
    if (next === null || next === undefined) continue;
    merged.set(key, merged.has(key) ? merge(merged.get(key), next, key) : next);
  }
  return Object.fromEntries(merged); // unlike an assignment, it accepts `__proto__` as an ordinary key
}

export interface PreferenceRequest {
  /** The set that {@link resolvePreferenceSet} returned. */
  set: PreferenceSet;
  workflow: { key: string; categories: readonly string[]; is_commercial: boolean; override_preferences: boolean };
  channel: { id: string; key: string; type: ChannelType };
  /** Returns whether all conditions of the list are true (E-152). */
  evaluate: (conditions: Condition[]) => boolean;
}

export type PreferenceDecision =
  | { allowed: true }
  | {
      allowed: false;
      level: "workflow" | "category" | "channel" | "channel_type" | "commercial";
      /** The entry that opted out, such as `categories.collab = false`. */
      detail: string;
      /** The path of its value in the set. It ends in `conditions` if conditions opted out. */
      path: string[];
    };

/**
 * Returns whether a channel step may send: no applicable preference may opt out (E-147 to E-157). If several opt out,
 * the first is named, in the order workflow, categories as the workflow lists them, channel, channel type, commercial
 * (EQ-25).
 */
export function decidePreferences({ set, workflow, channel, evaluate }: PreferenceRequest): PreferenceDecision {
  if (workflow.override_preferences) return { allowed: true };

  const workflowPreference = findEntry(set.workflows, workflow.key);
  const workflowOptOut = findLevelOptOut(["workflows", workflow.key], workflowPreference, channel, evaluate);
  if (workflowOptOut) return { allowed: false, level: "workflow", ...workflowOptOut };

  for (const category of workflow.categories) {
    const optOut = findLevelOptOut(["categories", category], findEntry(set.categories, category), channel, evaluate);
    if (optOut) return { allowed: false, level: "category", ...optOut };
  }

  const topLevelOptOut = findChannelOptOut([], set, channel, evaluate);
  if (topLevelOptOut) return { allowed: false, level: topLevelOptOut.level, ...topLevelOptOut.optOut };

  const commercial = workflow.is_commercial
    ? findOptOut(["commercial_subscribed"], set.commercial_subscribed, evaluate)
    : null;
  return commercial === null ? { allowed: true } : { allowed: false, level: "commercial", ...commercial };
}

type Channel = PreferenceRequest["channel"];
type Evaluate = PreferenceRequest["evaluate"];
type OptOut = Pick<Extract<PreferenceDecision, { allowed: false }>, "detail" | "path">;

function findLevelOptOut(
  path: string[],
  level: LevelPreference | undefined,
  channel: Channel,
  evaluate: Evaluate,
): OptOut | null {
  const own = findOptOut(path, level, evaluate);
  if (own !== null) return own;
  return isRecord(level) ? (findChannelOptOut(path, level, channel, evaluate)?.optOut ?? null) : null;
}

/**
 * Returns the opt-out of a channel within one level. A value for the channel replaces the one for its type. Channels
 * are found by ID or key (E-150).
 */
function findChannelOptOut(
  prefix: string[],
  level: Pick<PreferenceSet, "channels" | "channel_types">,
  channel: Channel,
  evaluate: Evaluate,
): { level: "channel" | "channel_type"; optOut: OptOut } | null {
  for (const name of [channel.id, channel.key]) {
    const preference = findEntry(level.channels, name);
    if (preference === undefined) continue;
    const optOut = findOptOut([...prefix, "channels", name], preference, evaluate, [
      ...prefix,
      "channels",
      channel.key,
    ]);
    return optOut && { level: "channel", optOut };
  }
  const preference = findEntry(level.channel_types, channel.type);
  const optOut = findOptOut([...prefix, "channel_types", channel.type], preference, evaluate);
  return optOut && { level: "channel_type", optOut };
}

/**
 * Returns an opt-out if the value is false or has conditions that are not met, else null. Unset values are true
 * (E-136). `displayPath` is the path that users see, which has the channel's key instead of its ID.
 */
function findOptOut(path: string[], value: unknown, evaluate: Evaluate, displayPath = path): OptOut | null {
  if (value === false) return { detail: `${displayPath.join(".")} = false`, path };
  if (!isRecord(value) || !Array.isArray(value.conditions)) return null;
  if (evaluate(value.conditions)) return null;
  return { detail: `${displayPath.join(".")} conditions not met`, path: [...path, "conditions"] };
}

/** Returns whether a set contains any value. The API returns only nulls for a set that was never written. */
function hasPreferences(set: PreferenceSet | null | undefined): set is PreferenceSet {
  return set !== null && set !== undefined && Object.values(set).some((value) => value !== null && value !== undefined);
}

function findEntry<T>(entries: Record<string, T> | null | undefined, key: string): NonNullable<T> | undefined {
  return entries && Object.hasOwn(entries, key) ? (entries[key] ?? undefined) : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
