import { createUuidV5 } from "../../util/ids.js";
import type { Json } from "../../util/json.js";
import type { ConditionGroup } from "../condition/condition.js";

/** The namespace of guide IDs. It gives a key the same ID in every project, so it must never change. */
const GUIDE_NAMESPACE = "b8f7c1de-52a4-4f0e-9a6b-3d0b6f6e9c11";

/** The only guide group that clients use. */
export const DEFAULT_GUIDE_GROUP = "default";

/**
 * A rule for the pages on which a guide is shown. `pathname` and `search` have the syntax of URLPattern (section 13 of
 * the format, R-130).
 */
export interface UrlPattern {
  directive: "allow" | "block";
  pathname: string | null;
  search: string | null;
}

export interface GuideStep {
  ref: string;
  name: string | null;
  /** The message type, its version and its variant. */
  schema_key: string;
  schema_semver: string;
  schema_variant_key: string;
  /** The values of the variant's fields, including default values. Strings are Liquid. */
  content: GuideField[];
}

type GuideFieldType = import("../template/template-partial.js").FieldType;

/** A field of a step with its value. Strings in the value are Liquid. */
export interface GuideField {
  key: string;
  type: GuideFieldType;
  value: Json;
}

/** The scopes of a guide: shown once per user, or once per user and tenant. */
export const GUIDE_SCOPES = ["global", "per_tenant"] as const;
export type GuideScope = (typeof GUIDE_SCOPES)[number];

/** A checked `guide.json` (section 13 of the format). */
export interface Guide {
  key: string;
  name: string;
  channel_key: string;
  /** The message type of the first step. */
  type: string;
  semver: string;
  /** Whether the guide is active if neither time is set. */
  active: boolean;
  /**
   * The time from which the guide is active, in milliseconds since 1970. If one of the two is set, the guide is active
   * between them.
   */
  active_from: number | null;
  active_until: number | null;
  /** The audience that can see the guide. Null means all users, or those that workflows add if `managed` is true. */
  target_audience_key: string | null;
  /** Whether a membership of an audience counts only in its own tenant (E-415). */
  tenancy_strict_mode: boolean;
  /** Whether the engagement of a user counts in all tenants, or in each tenant separately (E-416). */
  scope: GuideScope;
  target_property_conditions: ConditionGroup | null;
  activation_url_patterns: UrlPattern[];
  steps: GuideStep[];
  /** Whether a workflow has a step that adds users to the guide. */
  managed: boolean;
}

/** The order and frequency in which guides are shown. */
export interface GuideGroupSettings {
  /** Keys of guides. Guides that are not listed come last, ordered by key. */
  display_sequence: string[];
  /** Keys of guides that ignore the interval. */
  display_sequence_unthrottled: string[];
  /** The interval in seconds. */
  display_interval: number | null;
}

/** The valid guides of a project, and the errors of the others by key. */
export interface GuideSet {
  guides: Guide[];
  errors: ReadonlyMap<string, import("../../errors/knock-error.js").KnockError>;
}

/**
 * Returns the key of the static audience that in-app guide steps add users to (E-196). The colon cannot be in the key
 * of a project's audience (F-008).
 */
export function getManagedAudienceKey(guideKey: string): string {
  return `guide:${guideKey}`;
}

export function getGuideId(key: string): string {
  return createUuidV5(GUIDE_NAMESPACE, key);
}

/** Returns the version ID of a guide for its messages. It changes with every change of the file. */
export function getGuideVersionId({ managed: _managed, ...guide }: Guide): string {
  return createUuidV5(GUIDE_NAMESPACE, JSON.stringify(guide));
}

/** Returns whether a guide can be shown now. If a time is set, the times decide, otherwise `active`. */
export function isGuideActive(
  { active, active_from, active_until }: Pick<Guide, "active" | "active_from" | "active_until">,
  now: number,
): boolean {
  if (active_from === null && active_until === null) return active;
  return (active_from === null || now >= active_from) && (active_until === null || now < active_until);
}
