import {
  type RecipientKey,
  type RecipientUpsert,
  splitRecipientKey,
  TENANTS,
  toRecipientKey,
  USERS,
} from "../../domain/recipient/recipient.js";
import { parseRecipient } from "../../domain/request/parse-recipient.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import type { UpdateRecipientStep } from "../../domain/step-types/update-recipient-steps.js";
import { type JsonObject, toPointer } from "../../util/json.js";
import type { RunExecution } from "../execution/run-execution.js";
import type { StepEffect } from "../execution/step-effect.js";
import { RenderError, renderText } from "../liquid/liquid.js";
import { renderObject } from "../liquid/render-object.js";
import type { StepHandler } from "./step-handler.js";

/** Properties that the caller sets or that an update step cannot change (E-328). */
const IGNORED_PROPERTIES = new Set(["id", "collection", "channel_data", "$trigger_data"]);

/** Renders and parses `gid://Object/<collection>/<id>` (E-324, E-330). */
function renderRecipientKey(gid: string, execution: RunExecution): RecipientKey {
  const rendered = renderText(gid, execution.scope).trim();
  const [, collection, id] = /^gid:\/\/(?:Object|User)\/(?:([^/]+)\/)?([^/#]+)$/.exec(rendered) ?? [];
  if (id === undefined) throw new RenderError(`recipient_gid is not gid://Object/<collection>/<id>: ${rendered}`);
  return toRecipientKey({ collection: collection ?? USERS, id });
}

/** Returns the recipient that the step changes, or null if the run has no current one (E-331). */
function resolveTargetKey(step: UpdateRecipientStep, execution: RunExecution): RecipientKey | null {
  if (step.type === "update_object") return renderRecipientKey(step.settings.recipient_gid, execution);
  const { recipient_mode, recipient_gid } = step.settings;
  if (recipient_mode === "reference") return renderRecipientKey(recipient_gid ?? "", execution);
  if (step.type === "update_user") {
    const { recipient } = execution.run;
    return splitRecipientKey(recipient).collection === USERS ? recipient : null;
  }
  const { tenant } = execution.input.run;
  return tenant === null ? null : toRecipientKey({ id: tenant, collection: TENANTS });
}

/**
 * Parses the rendered changes as an inline identification. Throws RenderError for a value that an identification does
 * not accept.
 */
function buildUpsert(key: RecipientKey, changes: JsonObject): RecipientUpsert {
  const own = Object.entries(changes).filter(([name]) => !IGNORED_PROPERTIES.has(name));
  const problems: string[] = [];
  const parsed = parseRecipient({ ...Object.fromEntries(own), ...splitRecipientKey(key) }, (path, message) =>
    problems.push(`update_properties: ${toPointer(path)} ${message}`),
  );
  if (problems[0] !== undefined) throw new RenderError(problems[0]);
  return parsed?.upsert ?? { key, properties: {} };
}

/** Merges properties, preferences and a tenant's defaults deeply. An unknown recipient is created (E-325 to E-327). */
function executeUpdateRecipient(step: UpdateRecipientStep, execution: RunExecution): StepEffect {
  const base: StepOutcome = { ref: step.ref, type: step.type, outcome: "passed", reason: null };
  const unmet = execution.skipByConditions(step, base);
  if (unmet) return unmet;
  const key = resolveTargetKey(step, execution);
  if (key === null) {
    const detail = step.type === "update_user" ? "the recipient is not a user" : "the run has no tenant";
    return { outcome: { ...base, outcome: "skipped", reason: { code: "not_applicable", detail } }, isError: true };
  }
  const changes = renderObject(step.settings.update_properties, execution.scope, "update_properties");
  const upsert = buildUpsert(key, changes);
  const { depth } = execution.input.run.trigger_source;
  if (depth) upsert.depth = depth;
  return { outcome: base, upserts: [upsert] };
}

export const updateRecipientHandler: StepHandler<UpdateRecipientStep> = {
  execute: (step, _resumed, execution) => executeUpdateRecipient(step, execution),
};
