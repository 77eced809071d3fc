import { useState } from "preact/hooks";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { formatError, sendRequest } from "../lib/api.js";
import { replaceAtPath } from "../lib/json.js";
import { getChannelLabel } from "../lib/labels.js";
import type { Project } from "../lib/project.js";
import { useResource } from "../lib/use-resource.js";
import { Fault } from "../parts/basics.js";

const isConditional = (value: Json | undefined): boolean => isJsonObject(value) && "conditions" in value;

const CHANNEL_TYPES = ["email", "sms", "push", "chat", "in_app_feed", "http"];

interface ToggleProps {
  label: string;
  value: Json | undefined;
  onSet(value: boolean): void;
}

/**
 * Displays a switch. A preference with conditions is also displayed as a switch, but its conditions can only be edited
 * as JSON.
 */
function Toggle({ label, value, onSet }: ToggleProps) {
  const isOn = value !== false;
  return (
    <label class="toggle">
      <input type="checkbox" role="switch" aria-checked={isOn} checked={isOn} onChange={() => onSet(!isOn)} />
      <span class="toggle-track" aria-hidden="true" />
      <span>{label}</span>
      {isConditional(value) ? <span class="muted">by conditions</span> : null}
      {value === undefined || value === null ? <span class="muted">not set</span> : null}
    </label>
  );
}

interface LevelProps {
  name: string;
  value: Json | undefined;
  onSet(path: string[], value: boolean): void;
}

/** Summarizes the preferences of a level: `on`, `off`, `not by SMS, on conditions`. */
function formatLevel(value: Json | undefined): string {
  if (value === false) return "off";
  if (!isJsonObject(value)) return "on";
  const named = [
    ...Object.entries(isJsonObject(value.channel_types) ? value.channel_types : {}).map(
      ([type, setting]) => [getChannelLabel(type), setting] as const,
    ),
    ...Object.entries(isJsonObject(value.channels) ? value.channels : {}),
  ];
  const formatNames = (test: (setting: Json) => boolean): string =>
    named.flatMap(([name, setting]) => (test(setting) ? [name] : [])).join(", ");
  const disabled = formatNames((setting) => setting === false);
  const conditional = formatNames(isConditional);
  const parts = [
    disabled && `not by ${disabled}`,
    conditional && `by ${conditional} on conditions`,
    isConditional(value) && "on conditions",
  ];
  return parts.filter(Boolean).join(", ") || "on";
}

/**
 * Displays the preferences of a category or workflow: for all of it, per channel type, and per channel that it lists.
 */
function Level({ name, value, onSet }: LevelProps) {
  const types = isJsonObject(value) && isJsonObject(value.channel_types) ? value.channel_types : {};
  const channels = isJsonObject(value) && isJsonObject(value.channels) ? value.channels : {};
  return (
    <details class="level">
      <summary>
        <span>{name}</span>
        <span class="muted">{formatLevel(value)}</span>
      </summary>
      <div class="toggles">
        <Toggle
          label="All of it"
          value={typeof value === "boolean" || isConditional(value) ? value : undefined}
          onSet={(on) => onSet([], on)}
        />
        {value === false
          ? null
          : CHANNEL_TYPES.map((type) => (
              <Toggle
                key={type}
                label={getChannelLabel(type)}
                value={types[type]}
                onSet={(on) => onSet(["channel_types", type], on)}
              />
            ))}
        {Object.entries(channels).map(([key, setting]) => (
          <Toggle key={key} label={key} value={setting} onSet={(on) => onSet(["channels", key], on)} />
        ))}
      </div>
    </details>
  );
}

const formatSet = ({ id: _id, ...set }: JsonObject): string =>
  JSON.stringify(Object.fromEntries(Object.entries(set).filter(([, value]) => value !== null)), null, 2);

interface SetProps {
  user: string;
  set: JsonObject;
  project: Project | null;
  onChange(): void;
}

function PreferenceSet({ user, set, project, onChange }: SetProps) {
  const id = String(set.id);
  const path = `page/users/${encodeURIComponent(user)}/preferences/${encodeURIComponent(id)}`;
  const [fault, setFault] = useState<string | null>(null);
  const [text, setText] = useState<string | null>(null);
  const { value: listed } = useResource<{ items: JsonObject[] }>("page/workflows", "on return");
  const save = (on: string, body?: JsonObject): void => {
    sendRequest(on, body).then(
      () => {
        setFault(null);
        setText(null);
        onChange();
      },
      (error: unknown) => setFault(formatError(error)),
    );
  };
  const merge = (at: string[], value: boolean): void =>
    save(`PUT ${path}`, { __persistence_strategy__: "merge", ...(replaceAtPath({}, at, value) as JsonObject) });
  const replace = (): void => {
    try {
      save(`PUT ${path}`, JSON.parse(text ?? ""));
    } catch (error) {
      setFault(`This is not JSON: ${error instanceof Error ? error.message : ""}`);
    }
  };
  const section = (name: string): JsonObject => (isJsonObject(set[name]) ? (set[name] as JsonObject) : {});
  const workflows = listed?.items ?? [];
  const categories = workflows.flatMap((workflow) =>
    Array.isArray(workflow.categories) ? workflow.categories.map(String) : [],
  );
  const levels: [section: string, title: string, keys: string[]][] = [
    ["categories", "Categories", [...new Set([...Object.keys(section("categories")), ...categories])].sort()],
    [
      "workflows",
      "Workflows",
      [...new Set([...Object.keys(section("workflows")), ...(project?.workflows ?? [])])].sort(),
    ],
  ];
  return (
    <section class="preference-set" aria-label={`Preference set ${id}`}>
      <h2>{id === "default" ? "Everywhere" : `For tenant ${id}`}</h2>
      <Fault text={fault} />
      <h3>Channels</h3>
      <div class="toggles">
        {CHANNEL_TYPES.map((type) => (
          <Toggle
            key={type}
            label={getChannelLabel(type)}
            value={section("channel_types")[type]}
            onSet={(on) => merge(["channel_types", type], on)}
          />
        ))}
        {Object.entries(section("channels")).map(([key, setting]) => (
          <Toggle key={key} label={key} value={setting} onSet={(on) => merge(["channels", key], on)} />
        ))}
        <Toggle
          label="Commercial messages"
          value={set.commercial_subscribed}
          onSet={(on) => merge(["commercial_subscribed"], on)}
        />
      </div>
      {levels.map(([name, title, keys]) =>
        keys.length === 0 ? null : (
          <div key={name}>
            <h3>{title}</h3>
            {keys.map((key) => (
              <Level
                key={key}
                name={key}
                value={section(name)[key]}
                onSet={(at, value) => merge([name, key, ...at], value)}
              />
            ))}
          </div>
        ),
      )}
      <details class="level">
        <summary>As JSON</summary>
        <textarea
          class="json"
          rows={12}
          spellcheck={false}
          aria-label={`Preference set ${id} as JSON`}
          value={text ?? formatSet(set)}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <p class="hint">
          Includes the defaults of the environment and the tenant. Changes are saved for the user only.
        </p>
        <p class="actions">
          <button type="button" class="primary" disabled={text === null} onClick={replace}>
            Save
          </button>
          <button type="button" onClick={() => save(`DELETE ${path}`)}>
            Back to the defaults
          </button>
        </p>
      </details>
    </section>
  );
}

interface PreferencesProps {
  user: string;
  sets: JsonObject[];
  project: Project | null;
  onChange(): void;
}

export function Preferences({ sets, ...rest }: PreferencesProps) {
  const { user, project, onChange } = rest;
  const [fault, setFault] = useState<string | null>(null);
  const others = (project?.tenants ?? []).filter((tenant) => !sets.some(({ id }) => id === tenant));
  const addTenantSet = (tenant: string): void => {
    const on = `PUT page/users/${encodeURIComponent(user)}/preferences/${encodeURIComponent(tenant)}`;
    sendRequest(on, { __persistence_strategy__: "merge" }).then(
      () => {
        setFault(null);
        onChange();
      },
      (error: unknown) => setFault(formatError(error)),
    );
  };
  return (
    <div class="preferences">
      {sets.map((set) => (
        <PreferenceSet key={String(set.id)} set={set} {...rest} />
      ))}
      <Fault text={fault} />
      {others.length === 0 ? null : (
        <select
          class="begin"
          aria-label="Preferences for a tenant"
          value=""
          onChange={({ currentTarget }) => addTenantSet(currentTarget.value)}
        >
          <option value="">Add preferences for a tenant…</option>
          {others.map((tenant) => (
            <option key={tenant} value={tenant}>
              {tenant}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}
