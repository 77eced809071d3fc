import * as z from "zod/mini";
import { described } from "../../domain/schema/fields.js";
import { flagField, textField, textOrNull } from "../../domain/schema/output-fields.js";

export const settingSchema = z.object({
  name: textField("The name of the setting."),
  value: textOrNull("The effective value, or null. An API key is shortened."),
  source: described(z.enum(["flag", "environment", "project", "profile", "default"]), "Where the value comes from."),
});

/** A setting's value and its source. */
export type Setting = z.infer<typeof settingSchema>;

export const changedSettingSchema = z.object({
  name: textField("The name of the setting."),
  value: textOrNull("The new value; null if the setting was removed."),
});

export const profileSchema = z.object({
  name: textField("The name of the profile."),
  is_default: flagField("Whether the profile is used if none is named."),
  api_key: textOrNull("The shortened API key, or null."),
  base_url: textOrNull("The base URL of the API, or null."),
  service_token: textOrNull("The shortened service token, or null."),
  management_url: textOrNull("The base URL of the management API, or null."),
  branch: textOrNull("The branch, or null."),
  target: textOrNull("The target, or null."),
});

/** A stored profile for display. */
export type Profile = z.infer<typeof profileSchema>;

const effectiveKeySchema = z.object({
  api_key: textField("The shortened API key."),
  mode: described(z.enum(["test", "live"]), "Whether the key is a test key. A live key can notify real users."),
  source: described(z.enum(["flag", "environment", "project", "profile", "default"]), "Where the key comes from."),
  profile: textOrNull("The profile that contains the key, or null."),
  base_url: textField("The base URL of the API."),
});

/** The API key that commands use. */
export type EffectiveKey = z.infer<typeof effectiveKeySchema>;

const effectiveTokenSchema = z.object({
  service_token: textField("The shortened service token."),
  source: described(z.enum(["flag", "environment", "project", "profile", "default"]), "Where the token comes from."),
  profile: textOrNull("The profile that contains the token, or null."),
  management_url: textField("The base URL of the management API."),
});

/** The service token of commands that compare, pull and push files. */
export type EffectiveToken = z.infer<typeof effectiveTokenSchema>;

export const authStatusSchema = z.object({
  key: described(z.nullable(effectiveKeySchema), "The API key that commands use, or null without one."),
  service_token: described(
    z.nullable(effectiveTokenSchema),
    "The service token of `plan`, `pull`, `push`, `promote` and `branches`, or null without one.",
  ),
  accepted: described(z.nullable(z.boolean()), "Whether the API accepts the key (--check); null if it was not asked."),
  items: described(z.array(profileSchema), "The stored profiles."),
});

export const loginSchema = z.object({
  profile: textField("The name of the profile."),
  path: textField("The path of the profiles file."),
  checked: flagField("Whether the API accepted the key (--check)."),
});

export const logoutSchema = z.object({
  profile: textField("The name of the profile."),
  deleted: flagField("Whether the profile existed and was deleted."),
});
