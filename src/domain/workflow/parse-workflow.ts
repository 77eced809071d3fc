import type * as z from "zod/mini";
import { createContentUuid } from "../../util/ids.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { normalizeConditionGroup, parseConditionGroup } from "../condition/parse-conditions.js";
import { checkJsonShape } from "../findings/check-json-shape.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { checkDocument } from "../schema/check-document.js";
import { DocumentFindings } from "../schema/document-findings.js";
import type { UnknownKey } from "../schema/misspelled-keys.js";
import { checkSteps, normalizeSteps } from "../step-types/parse-steps.js";
import type { Workflow, WorkflowTrigger } from "./workflow.js";
import { workflowSchema } from "./workflow-schema.js";

type RawWorkflow = z.output<ReturnType<typeof workflowSchema>>;

function isActive(raw: JsonObject): boolean {
  const readonly = raw.__readonly;
  if (isJsonObject(readonly) && typeof readonly.active === "boolean") return readonly.active;
  return raw.active !== false;
}

function toTrigger(trigger: RawWorkflow["trigger"]): WorkflowTrigger | null {
  if (trigger === null || trigger === undefined) return null;
  if (trigger.type === "audience") return { type: trigger.type, audience_key: trigger.audience_key };
  const { type, source_key, event_key, mapping } = trigger;
  return { type, source_key, event_key, mapping: mapping ?? {} };
}

/** Returns the audience that starts runs, or null. The file may have findings. */
function findTriggerAudience({ trigger }: JsonObject): string | null {
  if (!isJsonObject(trigger) || trigger.type !== "audience") return null;
  return typeof trigger.audience_key === "string" ? trigger.audience_key : null;
}

function checkWorkflow(key: string, raw: unknown, reportUnknownKey: ReportFinding): RawWorkflow {
  const findings = new DocumentFindings();
  const createError = () => findings.toError(`workflow "${key}"`, "workflow_invalid");
  if (!isJsonObject(raw)) {
    findings.add([], "must be an object");
    throw createError();
  }
  checkJsonShape(raw, `workflow "${key}"`, "workflow_invalid");
  const unknownKeys: UnknownKey[] = [];
  const value = checkDocument(workflowSchema(), raw, findings.add, (unknown) => unknownKeys.push(unknown));
  parseConditionGroup(raw.conditions, ["conditions"], { refs: null }, findings.add);
  checkSteps(raw.steps, { triggerAudience: findTriggerAudience(raw) }, findings.add);
  const otherUnknownKeys = findings.mergeMisspelledKeys(unknownKeys);
  for (const { path, message, suggestedKey } of otherUnknownKeys) reportUnknownKey(path, message, suggestedKey);
  if (value === null || !findings.isEmpty) throw createError();
  return value;
}

/**
 * Parses a `workflow.json` whose template files have been inserted (section 4 of the format). Throws `workflow_invalid`
 * with all findings and their pointers (F-040 to F-053). `reportUnknownKey` receives each key that the format does not have.
 */
export function parseWorkflow(key: string, raw: unknown, reportUnknownKey: ReportFinding = () => {}): Workflow {
  const value = checkWorkflow(key, raw, reportUnknownKey);
  // The order of these keys is part of the version.
  const definition = {
    name: value.name ?? key,
    categories: value.categories ?? [],
    conditions: normalizeConditionGroup(value.conditions as Workflow["conditions"]),
    trigger_frequency: value.trigger_frequency ?? ("every_trigger" as const),
    trigger_data_json_schema: value.trigger_data_json_schema ?? null,
    settings: {
      is_commercial: value.settings?.is_commercial ?? false,
      override_preferences: value.settings?.override_preferences ?? false,
    },
    trigger: toTrigger(value.trigger),
    steps: normalizeSteps(value.steps),
  };
  return {
    key,
    version_id: createContentUuid(`${key}\n${JSON.stringify(definition)}`),
    active: isActive(value as JsonObject),
    ...definition,
  };
}
