import type * as z from "zod/mini";
import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { checkJsonShape, MAX_PAYLOAD_BYTES } from "../findings/check-json-shape.js";
import { describeUnknownKey } from "../findings/describe-finding.js";
import { createInvalidParamsError } from "../findings/invalid-params-error.js";
import { type ParsedRecipient, toRecipient, toTenant } from "../request/parse-recipient.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { describeJsonType } from "../schema/describe-issue.js";
import { DocumentFindings } from "../schema/document-findings.js";
import type { Cancellation, Trigger } from "./trigger.js";
import { cancellationSchema, triggerSchema } from "./trigger-schema.js";

function toRecipients(value: unknown): ParsedRecipient[] {
  return (Array.isArray(value) ? value : [value]).map(toRecipient);
}

function toActor(value: unknown): Trigger["actor"] {
  if (value === undefined || value === null) return null;
  const { key, upsert } = toRecipient(value);
  return { key, upsert };
}

type TriggerPayload = z.infer<ReturnType<typeof triggerSchema>>;
type CancellationPayload = z.infer<ReturnType<typeof cancellationSchema>>;

export interface ParsedPayload {
  trigger: Trigger;
  idempotency_key: string | null;
}

/** Suggests `key` for an unknown `workflow`, because outcomes use that name for the same value. */
function suggestKey(detail: ErrorDetail): ErrorDetail {
  if (detail.pointer !== "/workflow") return detail;
  return { ...detail, message: describeUnknownKey("workflow", "key") };
}

/** Returns a hint for `projects/p1`, which is not a valid user ID, about the format of objects. */
function buildObjectHint({ pointer = "", value }: Partial<ErrorDetail> = {}): string | undefined {
  const [collection, id, ...rest] = typeof value === "string" ? value.split("/") : [];
  if (!pointer.startsWith("/recipients") || !collection || !id || rest.length > 0) return undefined;
  return `Give the object as {"collection":"${collection}","id":"${id}"}, or with --object ${collection}/${id} of \`knock notify\`, \`cancel\` and \`diff\`.`;
}

/** Throws the findings of a payload as `invalid_params`. */
function throwPayloadError(
  payload: JsonObject,
  findings: DocumentFindings,
  workflow: string | null,
  documentName: string,
): never {
  const details = workflow === null && !payload.key ? findings.details.map(suggestKey) : findings.details;
  const hint =
    payload.recipients === undefined && !details.some(({ suggested_key }) => suggested_key === "recipients")
      ? 'Add --recipients ada,grace, or "recipients": ["ada"] to the payload.'
      : buildObjectHint(details[0]);
  throw createInvalidParamsError(documentName, details, hint);
}

/**
 * Parses a trigger payload: the fields of the API, `key` and `idempotency_key` (E-025 to E-039). `workflow` is the
 * argument of the command or the key in the path, and must equal the payload's `key` if both are given. Throws
 * `invalid_params` with one pointer per finding, `payload_too_large` above 10 MB (E-028), and `usage` for a missing or
 * different workflow.
 */
export function parseTrigger(payload: unknown, workflow: string | null, documentName = "the trigger"): ParsedPayload {
  checkJsonShape(payload, documentName);
  if (!isJsonObject(payload)) {
    const actualType = describeJsonType(payload);
    throw new KnockError("invalid_params", `${documentName} must be a JSON object, found ${actualType}`, {
      details: [{ pointer: "", message: `must be an object, found ${actualType}` }],
      hint: Array.isArray(payload)
        ? "To send several triggers, put one payload per line and use --format jsonl."
        : 'For example: {"recipients":["ada"],"data":{}}',
    });
  }
  const findings = new DocumentFindings(payload);
  const checked = checkClosedDocument(triggerSchema(), payload, findings.add);
  if (checked === null) throwPayloadError(payload, findings, workflow, documentName);
  return buildTrigger(checked, workflow, documentName);
}

/**
 * Builds the trigger of a payload that its schema has accepted, such as the payload of a scenario. Throws
 * `payload_too_large` above 10 MB (E-028), and `usage` for a missing or different workflow.
 */
export function buildTrigger(
  payload: TriggerPayload,
  workflow: string | null,
  documentName = "the trigger",
): ParsedPayload {
  const key = payload.key ?? null;
  const workflowKey = workflow ?? key;
  if (workflowKey === null) {
    throw new KnockError("usage", "no workflow key given", {
      details: [{ pointer: "/key", message: "is required" }],
      hint: 'Give the key as the first argument, or as "key" in the payload.',
    });
  }
  if (key !== null && key !== workflowKey) {
    throw new KnockError("usage", `the payload is for workflow "${key}", the command for "${workflowKey}"`, {
      details: [{ pointer: "/key", message: `must be "${workflowKey}"`, value: key }],
      hint: "Remove one of the two.",
    });
  }
  const { key: _, idempotency_key, ...rest } = payload;
  const request = rest as JsonObject;
  if (Buffer.byteLength(JSON.stringify(request)) > MAX_PAYLOAD_BYTES) {
    throw new KnockError("payload_too_large", `${documentName} is larger than 10 MB`, {
      hint: "The limit counts data, recipients and attachments together.",
    });
  }
  if (!Array.isArray(request.recipients)) request.recipients = [request.recipients ?? null]; // EQ-54
  const trigger: Trigger = {
    workflow: workflowKey,
    recipients: toRecipients(payload.recipients),
    actor: toActor(payload.actor),
    tenant: payload.tenant === undefined || payload.tenant === null ? null : toTenant(payload.tenant),
    data: payload.data ?? {},
    cancellation_key: payload.cancellation_key ?? null,
    settings: {
      sandbox_mode: payload.settings?.sandbox_mode ?? false,
      skip_delay: payload.settings?.skip_delay ?? false,
    },
    payload: request,
  };
  return { trigger, idempotency_key: idempotency_key ?? null };
}

/**
 * Parses a cancel payload. Inline recipients are only used as references. Throws `invalid_params` with one
 * pointer per finding.
 */
export function parseCancellation(payload: unknown, workflow: string): Cancellation {
  checkJsonShape(payload, "the cancellation");
  const findings = new DocumentFindings(payload);
  const checked = checkClosedDocument(cancellationSchema(), payload, findings.add);
  if (checked === null) throw createInvalidParamsError("the cancellation", findings.details);
  return buildCancellation(checked, workflow);
}

/** Builds the cancellation of a payload that its schema has accepted. */
export function buildCancellation(payload: CancellationPayload, workflow: string): Cancellation {
  const { cancellation_key, recipients } = payload;
  return {
    workflow,
    cancellation_key,
    recipients: recipients === undefined || recipients === null ? null : toRecipients(recipients).map(({ key }) => key),
  };
}
