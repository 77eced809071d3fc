import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { itemsSchema } from "../../output/documents/lists.js";
import { profilesPathSchema } from "../../output/documents/project.js";
import {
  authStatusSchema,
  changedSettingSchema,
  loginSchema,
  logoutSchema,
  settingSchema,
} from "./settings-schemas.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument("auth login", "Stored key", "The profile that was written.", loginSchema),
  describeDocument("auth logout", "Deleted profile", "The profile that was deleted.", logoutSchema),
  describeDocument("auth status", "Keys", "The API key in use, and the stored profiles.", authStatusSchema),
  describeDocument("config list", "Effective settings", "All settings.", itemsSchema(settingSchema)),
  describeDocument("config get", "Effective setting", "The setting.", settingSchema),
  describeDocument("config set", "Changed setting", "The setting after the change.", changedSettingSchema),
  describeDocument("config path", "Profiles file", "The path of the file.", profilesPathSchema),
];
