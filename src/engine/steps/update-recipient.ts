import {
  keyOf,
  type RecipientKey,
  type RecipientUpsert,
  splitKey,
  TENANTS,
  USERS,
} from "../../domain/recipient/recipient.js";
import { parseRecipient } from "../../domain/request/parse-recipient.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import type { UpdateObjectStep } from "../../domain/steps/update-object.js";
import type { UpdateTenantStep } from "../../domain/steps/update-tenant.js";
import type { UpdateUserStep } from "../../domain/steps/update-user.js";
import { type JsonObject, pointerOf } from "../../util/json.js";
import type { Advancing, StepEffect } from "../advancing/advancing.js";
import { unmetConditions } from "../advancing/step-conditions.js";
import { RenderError, renderText } from "../liquid/liquid.js";
import { renderObject } from "../liquid/render-object.js";
import type { EngineStep } from "./engine-step.js";

type UpdateStep = UpdateUserStep | UpdateTenantStep | UpdateObjectStep;

/** Set by the caller, or not an update step's to change (E-328). */
const IGNORED = new Set(["id", "collection", "channel_data", "$trigger_data"]);

/** `gid://Object/<collection>/<id>` once rendered (E-324, E-330). */
function referencedKey(gid: string, advancing: Advancing): RecipientKey {
  const rendered = renderText(gid, advancing.scope).trim();
  const [, collection, id] = /^gid:\/\/(?:Object|User)\/(?:([^/]+)\/)?([^/#]+)$/.exec(rendered) ?? [];
  if (id === undefined) throw new RenderError(`recipient_gid is not gid://Object/<collection>/<id>: ${rendered}`);
  return keyOf({ collection: collection ?? USERS, id });
}

/** Whom the step changes; null where the run has no such current one (E-331). */
function target(step: UpdateStep, advancing: Advancing): RecipientKey | null {
  if (step.type === "update_object") return referencedKey(step.settings.recipient_gid, advancing);
  const { recipient_mode, recipient_gid } = step.settings;
  if (recipient_mode === "reference") return referencedKey(recipient_gid ?? "", advancing);
  if (step.type === "update_user") {
    const { recipient } = advancing.run;
    return splitKey(recipient).collection === USERS ? recipient : null;
  }
  const { tenant } = advancing.input.run;
  return tenant === null ? null : keyOf({ id: tenant, collection: TENANTS });
}

/** Reads the rendered changes as an inline identification; a value that no identification accepts fails the step. */
function upsertOf(key: RecipientKey, changes: JsonObject): RecipientUpsert {
  const own = Object.entries(changes).filter(([name]) => !IGNORED.has(name));
  const faults: string[] = [];
  const parsed = parseRecipient({ ...Object.fromEntries(own), ...splitKey(key) }, (path, message) =>
    faults.push(`update_properties: ${pointerOf(path)} ${message}`),
  );
  if (faults[0] !== undefined) throw new RenderError(faults[0]);
  return parsed?.upsert ?? { key, properties: {} };
}

/** Properties merge deeply, preferences and a tenant's defaults too; an unknown one is created (E-325 to E-327). */
function executeUpdateRecipient(step: UpdateStep, advancing: Advancing): StepEffect {
  const base: StepOutcome = { ref: step.ref, type: step.type, outcome: "passed", reason: null };
  const unmet = unmetConditions(step, base, advancing);
  if (unmet) return unmet;
  const key = target(step, advancing);
  if (key === null) {
    const detail = step.type === "update_user" ? "the recipient is no user" : "the run has no tenant";
    return { outcome: { ...base, outcome: "skipped", reason: { code: "not_applicable", detail } }, error: true };
  }
  const changes = renderObject(step.settings.update_properties, advancing.scope, "update_properties");
  const upsert = upsertOf(key, changes);
  const { depth } = advancing.input.run.trigger_source;
  if (depth) upsert.depth = depth;
  return { outcome: base, upserts: [upsert] };
}

export const updateRecipient: EngineStep<UpdateStep> = {
  execute: (step, _resumed, advancing) => executeUpdateRecipient(step, advancing),
};
