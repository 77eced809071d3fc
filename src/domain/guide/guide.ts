import { createUuidV5 } from "../../util/ids.js";
import type { Json } from "../../util/json.js";
import type { ConditionGroup } from "../condition/condition.js";

/** Names guide ids are derived in, so that the same key has the same id in every project. Never change it. */
const GUIDE_NAMESPACE = "b8f7c1de-52a4-4f0e-9a6b-3d0b6f6e9c11";

/** The one group that clients use. */
export const DEFAULT_GUIDE_GROUP = "default";

/** Where a guide may be shown: `pathname` and `search` are URLPattern's (section 13 of the format, R-130). */
export interface UrlPattern {
  directive: "allow" | "block";
  pathname: string | null;
  search: string | null;
}

export interface GuideStep {
  ref: string;
  name: string | null;
  /** The message type, its version and variant. */
  schema_key: string;
  schema_semver: string;
  schema_variant_key: string;
  /** By the variant's fields; texts are Liquid. Defaults of fields are filled in. */
  content: GuideField[];
}

type GuideFieldType = import("../template/template-partial.js").FieldType;

/** A field of a step with its value; texts in it are Liquid. */
export interface GuideField {
  key: string;
  type: GuideFieldType;
  value: Json;
}

/** A `guide.json`, checked (section 13 of the format). */
export interface Guide {
  key: string;
  name: string;
  channel_key: string;
  /** The first step's message type. */
  type: string;
  semver: string;
  /** The switch, where no window decides. */
  active: boolean;
  /** Milliseconds; where one is set, the guide is active between the two. */
  active_from: number | null;
  active_until: number | null;
  /** Null: all users, or those whom workflows add (`managed`). */
  target_audience_key: string | null;
  target_property_conditions: ConditionGroup | null;
  activation_url_patterns: UrlPattern[];
  steps: GuideStep[];
  /** Whether a step of a workflow adds people to it. */
  managed: boolean;
}

/** The order in which guides are shown, and how often. */
export interface GuideGroupSettings {
  /** Those not named come after these, by key. */
  display_sequence: string[];
  /** Guides that are shown whatever the interval says. */
  display_sequence_unthrottled: string[];
  /** Seconds. */
  display_interval: number | null;
}

/** All guides of a project as they now stand, and what is wrong with the others, by key. */
export interface GuideSet {
  guides: Guide[];
  errors: ReadonlyMap<string, import("../../errors/knock-error.js").KnockError>;
}

/** The static audience that in-app guide steps add to (E-196). No audience of a project has a colon in its key (F-008). */
export function getManagedAudienceKey(guideKey: string): string {
  return `guide:${guideKey}`;
}

export function getGuideId(key: string): string {
  return createUuidV5(GUIDE_NAMESPACE, key);
}

/** A guide's version as messages name it: another one with every change of the file. */
export function getGuideVersionId({ managed: _managed, ...guide }: Guide): string {
  return createUuidV5(GUIDE_NAMESPACE, JSON.stringify(guide));
}

/** Whether it may be shown now: its window decides, without one its switch. */
export function isGuideActive({ active, active_from, active_until }: Guide, now: number): boolean {
  if (active_from === null && active_until === null) return active;
  return (active_from === null || now >= active_from) && (active_until === null || now < active_until);
}
