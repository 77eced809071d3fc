import { isTestKey } from "../../context/confirm-live-key.js";
import type { Credentials } from "../../context/credentials.js";
import type { Settings } from "../../context/resolve-settings.js";
import { formatStoreLocation } from "../../context/store-location.js";
import { redactApiKey } from "../../domain/trigger/api-request.js";
import type { EffectiveKey, Profile, Setting } from "./settings-schemas.js";

/** Returns the effective settings for display. The API key is shortened. */
export function listSettings(settings: Settings): Setting[] {
  const { target, base_url, api_key, branch, profile, store, environment, redirect, recipientGuards } = settings;
  const allowed = recipientGuards.map(({ allow }) => (allow.length === 0 ? "nobody" : allow.join(", ")));
  return [
    { name: "target", ...target },
    { name: "base_url", ...base_url },
    { name: "api_key", value: api_key.value === null ? null : redactApiKey(api_key.value), source: api_key.source },
    { name: "branch", ...branch },
    { name: "profile", ...profile },
    { name: "store", value: store.value === null ? null : formatStoreLocation(store.value), source: store.source },
    { name: "environment", ...environment },
    {
      name: "recipients.allow",
      // Both guards must allow a recipient.
      value: allowed.length === 0 ? null : allowed.join(" and "),
      source: recipientGuards[0]?.origin ?? "default",
    },
    { name: "recipients.redirect", ...redirect },
  ];
}

/** Returns the API key that commands use, shortened, or null without one. */
export function describeKey({ api_key, base_url, profile }: Settings): EffectiveKey | null {
  if (api_key.value === null) return null;
  return {
    api_key: redactApiKey(api_key.value),
    mode: isTestKey(api_key.value) ? "test" : "live",
    source: api_key.source,
    profile: api_key.source === "profile" ? profile.value : null,
    base_url: base_url.value,
  };
}

/** Returns the stored profiles for display. Their keys are shortened. */
export function listProfiles(credentials: Credentials): Profile[] {
  return credentials.listProfiles().map((name) => {
    const { api_key, base_url = null, branch = null, target = null } = credentials.readProfile(name).profile ?? {};
    return {
      name,
      is_default: credentials.readDefaultProfileName() === name,
      api_key: api_key === undefined ? null : redactApiKey(api_key),
      base_url,
      branch,
      target,
    };
  });
}
