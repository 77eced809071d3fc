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
  branch: textOrNull("The branch, or null."),
  target: textOrNull("The target, or null."),
});

/** A stored profile for display. */
export type Profile = z.infer<typeof profileSchema>;

export const loginSchema = z.object({
  profile: textField("The name of the profile."),
  path: textField("The path of the profiles file."),
  checked: flagField("Whether the API accepted the key (--check)."),
});

export const logoutSchema = z.object({
  profile: textField("The name of the profile."),
  deleted: flagField("Whether the profile existed and was deleted."),
});
