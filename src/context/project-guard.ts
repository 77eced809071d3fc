import type { RecipientGuard } from "../domain/trigger/recipient-guard.js";

/** Returns the guard of a project. `projectFile` is the path of its `knock.json` in errors. */
export const createProjectGuard = (allow: readonly string[], projectFile: string): RecipientGuard => ({
  allow,
  source: `settings.recipients.allow in ${projectFile}`,
  origin: "project",
});
