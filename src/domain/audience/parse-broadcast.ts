import { KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { parseTimestamp } from "../condition/parse-timestamp.js";
import { checkDocument } from "../schema/check-document.js";
import { DocumentFindings } from "../schema/document-findings.js";
import { getStepDefinition, STEP_DEFINITIONS } from "../step-types/step-definitions.js";
import { walkSteps } from "../step-types/walk-steps.js";
import { parseWorkflow } from "../workflow/parse-workflow.js";
import type { Workflow } from "../workflow/workflow.js";
import type { Broadcast } from "./broadcast.js";
import { broadcastSchema } from "./broadcast-schema.js";

/** Keys that broadcasts share with workflows, in the order that their version depends on. */
const SHARED_KEYS = ["name", "description", "categories", "tags", "settings", "steps", "goal_attachment"];
const WORKFLOW_ONLY_KEYS = ["conditions", "trigger", "trigger_frequency", "trigger_data_json_schema", "active"];

/** Returns an error of the workflow parser as an error about a broadcast. */
export function toBroadcastError(key: string, file: string, error: KnockError): KnockError {
  const message = error.message.replaceAll(`workflow "${key}"`, `broadcast "${key}"`);
  const hint = error.hint?.includes("workflows/") ? `Fix ${file}.` : error.hint;
  return error.copyWith({ message, hint });
}

/** Parses the part that a broadcast shares with workflows, and reports steps that broadcasts cannot contain (E-396). */
function parseDefinition(key: string, raw: JsonObject, findings: DocumentFindings): Workflow {
  const { settings } = raw;
  const definition = parseWorkflow(key, {
    ...Object.fromEntries(SHARED_KEYS.flatMap((name) => (raw[name] === undefined ? [] : [[name, raw[name]]]))),
    settings: isJsonObject(settings) || settings == null ? { is_commercial: true, ...settings } : settings,
  });
  for (const { step, path } of walkSteps(definition.steps)) {
    if (getStepDefinition(step).isAllowedInBroadcasts) continue;
    const segments = path.split(/[.[\]]+/).filter(Boolean);
    const types = Object.entries(STEP_DEFINITIONS).flatMap(([type, { isAllowedInBroadcasts: inBroadcasts }]) =>
      inBroadcasts ? [type] : [],
    );
    findings.add(
      [...segments, "type"],
      `is not a step type of broadcasts: ${step.type} (allowed: ${types.join(", ")})`,
    );
  }
  return definition;
}

/**
 * Parses a `broadcast.json` whose template files have been inserted (section 17 of the format, E-396, E-401, decision
 * 18). It contains some of a workflow's step types and is commercial by default. Unknown keys at the top are errors,
 * because this project owns that format; unknown keys of steps are not. Throws `workflow_invalid` with all findings and
 * their pointers.
 */
export function parseBroadcast(key: string, raw: unknown, file: string): Broadcast {
  const findings = new DocumentFindings();
  const createError = () => findings.toError(`broadcast "${key}"`, "workflow_invalid", () => `Fix ${file}.`);
  const value = checkDocument(broadcastSchema(), raw, findings.add, ({ path, message }) => {
    if (path.length > 1) return;
    const isWorkflowOnly = WORKFLOW_ONLY_KEYS.includes(String(path[0]));
    findings.add(path, isWorkflowOnly ? "is only supported in workflows" : message);
  });
  if (!isJsonObject(raw)) throw createError();
  let definition: Workflow | null = null;
  try {
    definition = parseDefinition(key, raw, findings);
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    if (findings.isEmpty) throw toBroadcastError(key, file, error);
    for (const detail of error.details) findings.addDetail(detail);
  }
  if (value === null || definition === null || !findings.isEmpty) throw createError();
  return {
    key,
    definition,
    target_audience_key: value.target_audience_key ?? null,
    scheduled_at: parseTimestamp(value.scheduled_at) ?? null,
  };
}
