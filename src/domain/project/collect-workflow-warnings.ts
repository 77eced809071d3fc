import { isJsonObject, type JsonObject } from "../../util/json.js";
import type { ReportFinding } from "../findings/report-finding.js";
import type { Finding } from "../schema/finding.js";
import type { ProjectReferences } from "../step/step-definition.js";
import { walkRawSteps } from "../step-types/parse-steps.js";

/**
 * Returns warnings about settings in a valid workflow file that have no effect, so that no setting is ignored silently.
 * The parser reports unknown keys (F-026).
 */
export function collectWorkflowWarnings(raw: JsonObject, project: ProjectReferences): Finding[] {
  const warnings: Finding[] = [];
  const warn: ReportFinding = (path, message) => void warnings.push({ path, message });
  const { trigger } = raw;
  if (isJsonObject(trigger) && trigger.type === "event" && !project.hasSource(String(trigger.source_key)))
    warn(["trigger", "source_key"], `has no effect: there is no source "${trigger.source_key}"`);
  for (const { raw: step, definition, path } of walkRawSteps(raw.steps, ["steps"])) {
    definition?.warn?.(step, (below, message) => warn([...path, ...below], message), project);
  }
  return warnings;
}
