import { isTestKey } from "../../context/confirm-live-key.js";
import type { Credentials } from "../../context/credentials.js";
import type { Settings } from "../../context/resolve-settings.js";
import { formatStoreLocation } from "../../context/store-location.js";
import { redactApiKey } from "../../domain/trigger/api-request.js";
import type { EffectiveKey, EffectiveToken, Profile, Setting } from "./settings-schemas.js";

const redactToken = (token: string | null): string | null => (token === null ? null : redactApiKey(token));

/** Returns the effective settings for display. The API key is shortened. */
export function listSettings(settings: Settings): Setting[] {
  const { target, base_url, api_key, branch, profile, store, environment, redirect, recipientGuards } = settings;
  const { management_url, service_token } = settings;
  const allowed = recipientGuards.map(({ allow }) => (allow.length === 0 ? "nobody" : allow.join(", ")));
  return [
    { name: "target", ...target },
    { name: "base_url", ...base_url },
    { name: "api_key", value: api_key.value === null ? null : redactApiKey(api_key.value), source: api_key.source },
    { name: "management_url", ...management_url },
    { name: "service_token", ...service_token, value: redactToken(service_token.value) },
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

/** Returns the service token that `plan`, `pull` and `push` use, shortened, or null without one. */
export function describeServiceToken({ service_token, management_url, profile }: Settings): EffectiveToken | null {
  if (service_token.value === null) return null;
  return {
    service_token: redactApiKey(service_token.value),
    source: service_token.source,
    profile: service_token.source === "profile" ? profile.value : null,
    management_url: management_url.value,
  };
}

/** Returns the stored profiles for display. Their keys are shortened. */
export function listProfiles(credentials: Credentials): Profile[] {
  return credentials.listProfiles().map((name) => {
    const { api_key, service_token = null, ...profile } = credentials.readProfile(name).profile ?? {};
    const { base_url = null, management_url = null, branch = null, target = null } = profile;
    return {
      name,
      is_default: credentials.readDefaultProfileName() === name,
      api_key: api_key === undefined ? null : redactApiKey(api_key),
      base_url,
      service_token: redactToken(service_token),
      management_url,
      branch,
      target,
    };
  });
}
