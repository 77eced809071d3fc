import type { Environment } from "../../../../domain/environment/environment.js";
import { findChannelType, listChannelTypesWithout } from "../../../../domain/message/channel-types.js";
import type { PreferenceCenter, PreferenceCenterRow } from "../../../../domain/preferences/preference-center.js";
import { isJsonObject, type Json, type JsonObject } from "../../../../util/json.js";

/** The channel types that a recipient can have preferences for (E-135). */
const PREFERENCE_CHANNEL_TYPES = listChannelTypesWithout("isGuide");

/** A checkbox of the form, and the path of its value in a preference set. */
export interface Switch {
  /** The name of the form field. */
  name: string;
  label: string;
  path: string[];
  isOn: boolean;
  /** Whether the value has conditions. Such a switch is displayed but cannot be changed. */
  isConditional: boolean;
}

export interface SwitchRow {
  row: PreferenceCenterRow;
  switches: Switch[];
}

/** The row that is always displayed, whatever the configuration. */
const COMMERCIAL_ROW: PreferenceCenterRow = {
  type: "commercial_subscribed",
  name: "Commercial messages",
  description: "Promotions and other optional messages",
};

/** Returns the visible rows. The commercial row is always visible, and it is the only row of a disabled center. */
export function getVisibleRows({ enabled, rows }: PreferenceCenter): PreferenceCenterRow[] {
  const commercial = rows.find(({ type }) => type === COMMERCIAL_ROW.type);
  if (!enabled) return [commercial ?? COMMERCIAL_ROW];
  return commercial ? rows : [...rows, COMMERCIAL_ROW];
}

function getChannelTypes({ channel_types: listed }: PreferenceCenterRow, { channels }: Environment): readonly string[] {
  const declared = new Set(Object.values(channels).flatMap((channel) => (channel ? [channel.type] : [])));
  const inProject = PREFERENCE_CHANNEL_TYPES.filter((type) => declared.has(type));
  const all = inProject.length > 0 ? inProject : PREFERENCE_CHANNEL_TYPES;
  return listed && listed.length > 0 ? listed.filter((type) => findChannelType(type)) : all;
}

/**
 * Returns the name under which a preference set contains a channel: its ID or its key. Returns `name` if the set
 * contains neither.
 */
function getChannelName(name: string, set: JsonObject, { channels }: Environment): string {
  const channel = Object.values(channels).find((candidate) => candidate?.id === name || candidate?.key === name);
  const known = isJsonObject(set.channels) ? set.channels : {};
  return (channel ? [channel.id, channel.key] : []).find((candidate) => Object.hasOwn(known, candidate)) ?? name;
}

/** Returns the label and path of each switch of a row: one switch, or one per channel type. */
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

/**
 * Returns the state of a switch. An unset value is on (E-136). A value is off if a value above it in the path is off,
 * and conditional if a value above it has conditions.
 */
function getSwitchState(set: JsonObject, path: readonly string[]): { isOn: boolean; isConditional: boolean } {
  let value: Json | undefined = set;
  let isConditional = false;
  for (const name of path) {
    if (value === false) break;
    value = isJsonObject(value) ? value[name] : undefined;
    isConditional ||= hasConditions(value);
  }
  return { isOn: value !== false, isConditional };
}

/** Builds the switches of a user from the user's effective preference set, which includes the defaults. */
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

function setValue(set: JsonObject, path: readonly string[], value: boolean): void {
  let target = set;
  for (const name of path.slice(0, -1)) {
    const next = target[name];
    const inner: JsonObject = isJsonObject(next) ? next : {};
    target[name] = inner;
    target = inner;
  }
  target[path.at(-1) as string] = value;
}

/**
 * Returns the changes of a submitted form, to be merged into the set; null if nothing changed. If one channel type of a
 * row changes, all of its channel types are written, because the value above them may have been off. Switches with
 * conditions never change.
 */
export function collectChanges(rows: readonly SwitchRow[], isChecked: (name: string) => boolean): JsonObject | null {
  const changes: JsonObject = {};
  for (const { switches } of rows) {
    const changeable = switches.filter(({ isConditional }) => !isConditional);
    if (!changeable.some(({ name, isOn }) => isChecked(name) !== isOn)) continue;
    for (const { name, path } of changeable) setValue(changes, path, isChecked(name));
  }
  return Object.keys(changes).length === 0 ? null : changes;
}
