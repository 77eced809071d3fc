import type { Condition } from "../condition/condition.js";
import type { ChannelType } from "../message/channel-types.js";
import type { LevelPreference, PreferenceSet, PreferenceSets } from "../recipient/preference-set.js";

export interface PreferenceSources {
  recipient: PreferenceSets;
  /** The run's tenant id. */
  tenant: string | null;
  /** The tenant's `settings.preference_set`. */
  tenantDefaults: PreferenceSet | null;
  environment: PreferenceSet;
}

/**
 * The set that counts for a run (E-139 to E-146): the recipient's `default` over the environment's, or with a tenant that
 * either side has a set for, the recipient's set of that tenant over the tenant's defaults over the environment's.
 * `commercial_subscribed` is the one on the recipient's `default` set wherever that has it (EQ-22).
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
 * `over` on `base`, key by key (E-142): two objects merge, anything else replaces what stood there whole, lists too
 * (E-143, EQ-21); null and missing keys leave the base. An entry of the base with `__strategy__: "replace"` stays as it is
 * (E-144): a category, a workflow, or all channel types or channels. Neither argument is changed.
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
  return Object.fromEntries(merged); // unlike assignment it keeps a key `__proto__` an ordinary one
}

export interface PreferenceRequest {
  /** As resolved: see `resolvePreferenceSet`. */
  set: PreferenceSet;
  workflow: { key: string; categories: readonly string[]; is_commercial: boolean; override_preferences: boolean };
  channel: { id: string; key: string; type: ChannelType };
  /** Whether every condition of the list is true (E-152). */
  evaluate: (conditions: Condition[]) => boolean;
}

export type PreferenceDecision =
  | { allowed: true }
  | {
      allowed: false;
      level: "workflow" | "category" | "channel" | "channel_type" | "commercial";
      /** The entry that said no, such as `categories.collab = false`. */
      detail: string;
      /** Where its value stands in the set; it ends in `conditions` where those said no. */
      path: string[];
    };

/**
 * Whether a channel step may send (E-147 to E-157): everything that applies must be true. When several say no, the first
 * of workflow, categories in the workflow's order, channel, channel type, commercial is named (EQ-25).
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

/** Within one level the channel's own answer replaces its type's (E-150). A channel may stand under its id or its key. */
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
    return optOut && { level: "channel", optOut: optOut };
  }
  const preference = findEntry(level.channel_types, channel.type);
  const optOut = findOptOut([...prefix, "channel_types", channel.type], preference, evaluate);
  return optOut && { level: "channel_type", optOut: optOut };
}

/** Null where the value does not say no. Whatever is not set is true (E-136). `shown`: the path as people know it. */
function findOptOut(path: string[], value: unknown, evaluate: Evaluate, displayPath = path): OptOut | null {
  if (value === false) return { detail: `${displayPath.join(".")} = false`, path };
  if (!isRecord(value) || !Array.isArray(value.conditions)) return null;
  if (evaluate(value.conditions as Condition[])) return null;
  return { detail: `${displayPath.join(".")} conditions not met`, path: [...path, "conditions"] };
}

/** A set of nothing but nulls, as the API shows one that was never written, is none. */
function hasPreferences(set: PreferenceSet | null | undefined): set is PreferenceSet {
  return set !== null && set !== undefined && Object.values(set).some((value) => value !== null && value !== undefined);
}

function findEntry<T>(entries: Record<string, T> | null | undefined, key: string): NonNullable<T> | undefined {
  return entries && Object.hasOwn(entries, key) ? (entries[key] ?? undefined) : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
