import { checkTriggerData } from "../domain/data-schema/check-trigger-data.js";
import { parseTriggerParts } from "../domain/trigger/split-payload.js";
import type { CheckFinding } from "../domain/validation/check-finding.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { type ErrorDetail, KnockError } from "../errors/knock-error.js";
import { isJsonObject, parsePointer } from "../util/json.js";
import { describeUnknownName } from "./check-names.js";

/** The workflows that payloads are compared with, and the file that contains them. */
export interface PayloadRules {
  /** The valid workflows that are checked. */
  workflows: ReadonlyMap<string, Workflow>;
  /** The keys of all workflows. */
  keys: readonly string[];
  /** Whether payloads without a checked workflow are also checked. */
  isWholeProject: boolean;
  /** The name of the file without its extension. It names the workflow of a payload without `key`. */
  fileName: string;
}

const PAYLOAD_FIELDS = ["key", "workflow", "recipients"];

/** Returns whether a value is a payload or a list of payloads. Other files, such as events of sources, have other fields. */
const isPayload = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.some((item) => isJsonObject(item) && isPayload(item))
    : isJsonObject(value) && PAYLOAD_FIELDS.some((field) => Object.hasOwn(value, field));

/** Returns the workflow that a payload names, or that the name of its file names. */
export function findPayloadWorkflow(
  payload: unknown,
  { keys, fileName }: Pick<PayloadRules, "keys" | "fileName">,
): unknown {
  const named = isJsonObject(payload) ? (payload.workflow ?? payload.key) : undefined;
  return named ?? (keys.includes(fileName) ? fileName : undefined);
}

/** Runs a check and returns the details of its error. */
function findDetails(check: () => unknown): readonly ErrorDetail[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    // The key and the recipients can be arguments of the command.
    if (error.code === "usage") return [];
    return error.details.length > 0 ? error.details : [{ pointer: "", message: error.message }];
  }
}

function toFinding({ pointer, message, suggested_key }: ErrorDetail): CheckFinding {
  return { code: "sample_data_invalid", path: parsePointer(pointer), message, suggestedKey: suggested_key };
}

function checkFields(payload: unknown): CheckFinding[] {
  const isWithoutRecipients = isJsonObject(payload) && payload.recipients === undefined;
  return findDetails(() => parseTriggerParts(payload, null, "the payload"))
    .filter(
      ({ pointer, message }) =>
        !(isWithoutRecipients && pointer === "/recipients" && message.startsWith("is required")),
    )
    .map(toFinding);
}

/**
 * Returns the findings about a payload in a file, such as `payloads/<name>.json`: about its fields, its workflow and its data.
 * Other values, such as an event of a source, have none.
 */
export function checkPayload(payload: unknown, rules: PayloadRules): CheckFinding[] {
  const { workflows, keys, isWholeProject } = rules;
  const key = findPayloadWorkflow(payload, rules);
  const workflow = typeof key === "string" ? workflows.get(key) : undefined;
  if (!isPayload(payload) || (workflow === undefined && !isWholeProject)) return [];
  const findings = checkFields(payload);
  if (typeof key === "string" && !keys.includes(key)) {
    const path = [isJsonObject(payload) && payload.workflow === key ? "workflow" : "key"];
    findings.push(describeUnknownName({ kind: "workflow", name: key, path }, keys));
  }
  const data = isJsonObject(payload) ? (payload.data ?? {}) : null;
  if (workflow === undefined || !isJsonObject(data)) return findings;
  const invalid = findDetails(() => checkTriggerData(workflow, data)).map(toFinding);
  return [...findings, ...invalid.map((found) => ({ ...found, message: `${found.message} (workflow "${key}")` }))];
}
