import { checkPreferenceKeys } from "../../domain/validation/check-preference-keys.js";
import type { JsonObject } from "../../util/json.js";
import type { CommandContext } from "../context.js";
import type { TargetFlags } from "../services.js";

/**
 * Returns a warning for each workflow of a preference set that the project does not have. The workflows of the remote
 * target are not known.
 */
export async function collectUnknownWorkflowWarnings(
  { workflows }: JsonObject,
  flags: TargetFlags,
  { project, settings }: CommandContext,
): Promise<string[]> {
  if (workflows === undefined || (await settings.getTarget(flags)) === "remote") return [];
  const names = await project.readNames(flags);
  if (names === null) return [];
  const known = { workflows: [...names.workflows, ...names.otherSenders], categories: [] };
  return checkPreferenceKeys({ workflows }, known, []).map(({ path, message }) => `${path.join(".")} ${message}`);
}
