import type { Environment } from "../../domain/environment/environment.js";
import { findChannelType, listChannelTypesWithout } from "../../domain/message/channel-types.js";
import type { PreferenceCenter, PreferenceCenterRow } from "../../domain/preferences/preference-center.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";

/** The channel types that people may have preferences for (E-135). */
const PREFERENCE_CHANNEL_TYPES = listChannelTypesWithout("isGuide");

/** One thing to switch, and where its value is in a preference set. */
export interface Switch {
  /** Its name in the form. */
  name: string;
  label: string;
  path: string[];
  isOn: boolean;
  /** On while conditions are met; shown, but not to be changed. */
  isConditional: boolean;
}

export interface SwitchRow {
  row: PreferenceCenterRow;
  switches: Switch[];
}

/** The row that no configuration takes away. */
const COMMERCIAL_ROW: PreferenceCenterRow = {
  type: "commercial_subscribed",
  name: "Commercial messages",
  description: "Promotions and other messages that you can do without",
};

/** Returns the rows to show: a center that is disabled shows only the commercial one, which is always there. */
export function getVisibleRows({ enabled, rows }: PreferenceCenter): PreferenceCenterRow[] {
  const commercial = rows.find(({ type }) => type === COMMERCIAL_ROW.type);
  if (!enabled) return [commercial ?? COMMERCIAL_ROW];
  return commercial ? rows : [...rows, COMMERCIAL_ROW];
}

function getChannelTypes({ channel_types: listed }: PreferenceCenterRow, { channels }: Environment): readonly string[] {
  const declared = new Set(Object.values(channels).flatMap((channel) => (channel ? [channel.type as string] : [])));
  const inProject = PREFERENCE_CHANNEL_TYPES.filter((type) => declared.has(type));
  const all = inProject.length > 0 ? inProject : PREFERENCE_CHANNEL_TYPES;
  return listed && listed.length > 0 ? listed.filter((type) => findChannelType(type)) : all;
}

/** The name under which a set has a channel: its id or its key. */
function getChannelName(name: string, set: JsonObject, { channels }: Environment): string {
  const channel = Object.values(channels).find((candidate) => candidate?.id === name || candidate?.key === name);
  const known = isJsonObject(set.channels) ? set.channels : {};
  return (channel ? [channel.id, channel.key] : []).find((candidate) => Object.hasOwn(known, candidate)) ?? name;
}

/** Paths of what a row switches: one, or one per channel type. */
function getSwitchPaths(
  row: PreferenceCenterRow,
  set: JsonObject,
  environment: Environment,
): [label: string, path: string[]][] {
  const { type, identifier = "", name } = row;
  const perType = (...before: string[]): [string, string[]][] =>
    getChannelTypes(row, environment).map((channelType) => [
      findChannelType(channelType)?.title ?? channelType,
      [...before, "channel_types", channelType],
    ]);
  if (type === "channel_types") return perType();
  if (type === "channel") return [[name, ["channels", getChannelName(identifier, set, environment)]]];
  if (type === "commercial_subscribed") return [[name, [type]]];
  const section = type === "workflow" ? "workflows" : "categories";
  const isPerType = row.channel_types !== undefined && row.channel_types.length > 0;
  return isPerType ? perType(section, identifier) : [[name, [section, identifier]]];
}

const hasConditions = (value: Json | undefined): boolean =>
  isJsonObject(value) && Array.isArray(value.conditions) && value.conditions.length > 0;

/** Unset is on (E-136). Parts of a whole that is off are off, and conditions of the whole apply to its parts. */
function getSwitchState(set: JsonObject, path: readonly string[]): { isOn: boolean; isConditional: boolean } {
  let value: Json | undefined = set;
  let depends = false;
  for (const name of path) {
    if (value === false) break;
    value = isJsonObject(value) ? value[name] : undefined;
    depends ||= hasConditions(value);
  }
  return { isOn: value !== false, isConditional: depends };
}

/** A user's switches, by a preference set as the user has it, defaults included. */
export function buildSwitchRows(
  rows: readonly PreferenceCenterRow[],
  set: JsonObject,
  environment: Environment,
): SwitchRow[] {
  return rows.map((row, index) => ({
    row,
    switches: getSwitchPaths(row, set, environment).map(([label, path], position) => ({
      name: `${index}.${position}`,
      label,
      path,
      ...getSwitchState(set, path),
    })),
  }));
}

function setValue(into: JsonObject, path: readonly string[], value: boolean): void {
  let target = into;
  for (const name of path.slice(0, -1)) {
    const next = target[name];
    const inner: JsonObject = isJsonObject(next) ? next : {};
    target[name] = inner;
    target = inner;
  }
  target[path.at(-1) as string] = value;
}

/**
 * Returns what a form changes, to be merged; null for nothing. If one of a row's channel types changes, all of them are
 * written, because the whole may have been off. A switch with conditions never changes.
 */
export function collectChanges(rows: readonly SwitchRow[], isChecked: (name: string) => boolean): JsonObject | null {
  const changes: JsonObject = {};
  for (const { switches } of rows) {
    const changeable = switches.filter(({ isConditional: depends }) => !depends);
    if (!changeable.some(({ name, isOn: on }) => isChecked(name) !== on)) continue;
    for (const { name, path } of changeable) setValue(changes, path, isChecked(name));
  }
  return Object.keys(changes).length === 0 ? null : changes;
}
