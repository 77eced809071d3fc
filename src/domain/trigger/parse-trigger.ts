import * as z from "zod/mini";
import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { isUnstorable, UNSTORABLE } from "../recipient/recipient-id.js";
import { type ParsedRecipient, parseRecipient, parseTenant } from "../request/parse-recipient.js";
import { checkJsonShape, MAX_PAYLOAD_BYTES } from "../shape/json-limits.js";
import { describeFault } from "../shape/place.js";
import { detailsOf, INTERPRETED, type Issue } from "../shape/zod-issues.js";
import type { Cancellation, Trigger } from "./trigger.js";

export const MAX_RECIPIENTS = 1_000;

type Complain = (path: PropertyKey[], message: string) => void;

function readRecipients(value: unknown, complain: Complain): ParsedRecipient[] {
  if (value === undefined || value === null) {
    complain([], "is required (a user id, an object reference, an inline recipient, or a list of them)");
    return [];
  }
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0) complain([], "must have at least one recipient");
  if (list.length > MAX_RECIPIENTS) {
    complain([], `must have at most ${MAX_RECIPIENTS} recipients, found ${list.length}`);
    return [];
  }
  return list.flatMap((item, index) => {
    const base = Array.isArray(value) ? [index] : [];
    const parsed = parseRecipient(item, (path, message) => complain([...base, ...path], message));
    return parsed === null ? [] : [parsed];
  });
}

function readActor(value: unknown, complain: Complain): Trigger["actor"] {
  const parsed = value === undefined || value === null ? null : parseRecipient(value, complain);
  return parsed === null ? null : { key: parsed.key, upsert: parsed.upsert };
}

function readTenant(value: unknown, complain: Complain): Trigger["tenant"] {
  return value === undefined || value === null ? null : parseTenant(value, complain);
}

function readData(value: unknown, complain: Complain): JsonObject {
  if (value === undefined || value === null) return {};
  if (isJsonObject(value)) return value;
  complain([], `must be an object, found ${Array.isArray(value) ? "a list" : `a ${typeof value}`}`);
  return {};
}

const KNOWN = ["key", "recipients", "actor", "tenant", "data", "cancellation_key", "idempotency_key", "settings"];

const anything = once(() => z.optional(z.unknown()));

const triggerSchema = once(() => z.strictObject(Object.fromEntries(KNOWN.map((key) => [key, anything()]))));

/** Zod and its schemas take a start 4 ms: a payload without slips, settings apart, needs neither. */
function keyIssues(payload: JsonObject): Issue[] {
  if (Object.keys(payload).every((key) => KNOWN.includes(key))) return [];
  return triggerSchema().safeParse(payload, INTERPRETED).error?.issues ?? [];
}

const MAX_NAME = 255;

const isName = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.length <= MAX_NAME && !isUnstorable(value);

/** What {@link isName} takes, with words for what it does not. */
const nameSchema = once(() =>
  z.string().check(
    z.minLength(1),
    z.maxLength(MAX_NAME),
    // Not z.refine: it would come into the bundle for this alone.
    ({ value, issues }) => {
      if (isUnstorable(value)) issues.push({ code: "custom", message: UNSTORABLE, input: value });
    },
  ),
);

const settingsSchema = once(() => {
  const flag = z.nullish(z.boolean());
  return z.strictObject({ sandbox_mode: flag, skip_delay: flag });
});

/** One property by its schema; null where there is none, or it is not valid. */
function readProperty<T>(payload: JsonObject, key: string, schema: () => z.ZodMiniType<T>, issues: Issue[]): T | null {
  const value = payload[key];
  if (value === undefined || value === null) return null;
  const parsed = schema().safeParse(value, INTERPRETED);
  if (parsed.success) return parsed.data;
  issues.push(...parsed.error.issues.map((issue) => ({ ...issue, path: [key, ...issue.path] })));
  return null;
}

const readName = (payload: JsonObject, key: string, issues: Issue[]): string | null =>
  isName(payload[key]) ? payload[key] : readProperty(payload, key, nameSchema, issues);

/** As the keys stand in the documentation, unknown ones last: the first is the one that is told in full. */
function inOrder(issues: readonly Issue[]): Issue[] {
  const rank = ({ path }: Issue): number => (path.length === 0 ? KNOWN.length : KNOWN.indexOf(String(path[0])));
  return [...issues].sort((a, b) => rank(a) - rank(b));
}

export interface ParsedPayload {
  trigger: Trigger;
  idempotency_key: string | null;
}

/** Outcomes call `workflow` what a payload calls `key`. */
function asKey(detail: ErrorDetail): ErrorDetail {
  if (detail.pointer !== "/workflow") return detail;
  return { ...detail, message: `${detail.message}; did you mean "key"?` };
}

/** `projects/p1` as a user's id: how an object is written. */
function objectHint({ pointer = "", value }: Partial<ErrorDetail> = {}): string | undefined {
  const [collection, id, ...rest] = typeof value === "string" ? value.split("/") : [];
  if (!pointer.startsWith("/recipients") || !collection || !id || rest.length > 0) return undefined;
  return `An object is {"collection":"${collection}","id":"${id}"}, on the command line --object ${collection}/${id}.`;
}

/** "x is not valid: first fault", with every fault in the details. */
function invalid(what: string, details: ReturnType<typeof detailsOf>, hint?: string): KnockError {
  const [first, ...rest] = details;
  const summary = first ? describeFault(first) : "not valid";
  return new KnockError("invalid_params", `${what}: ${summary}${rest.length > 0 ? ` (and ${rest.length} more)` : ""}`, {
    details,
    hint,
  });
}

/**
 * A trigger payload (API field names, plus `key` and `idempotency_key`) → Trigger (E-025 to E-039).
 * `workflow` is the command's argument or the path's key; the payload's own `key` must agree with it.
 * Throws `invalid_params` with a JSON pointer per fault, `payload_too_large` above 10 MB (E-028).
 */
export function parseTrigger(payload: unknown, workflow: string | null, what = "the trigger"): ParsedPayload {
  checkJsonShape(payload, what);
  if (!isJsonObject(payload)) {
    const found = Array.isArray(payload) ? "a list" : payload === null ? "null" : `a ${typeof payload}`;
    throw new KnockError("invalid_params", `${what} must be a JSON object, found ${found}`, {
      details: [{ pointer: "", message: `must be an object, found ${found}` }],
      hint: Array.isArray(payload)
        ? "To send several triggers, put one payload per line and use --format jsonl."
        : 'For example: {"recipients":["ada"],"data":{}}',
    });
  }
  const issues = [...keyIssues(payload)];
  const complain =
    (key: string): Complain =>
    (path, message) => {
      issues.push({ code: "custom", path: [key, ...path], message });
    };
  const recipients = readRecipients(payload.recipients, complain("recipients"));
  const actor = readActor(payload.actor, complain("actor"));
  const tenant = readTenant(payload.tenant, complain("tenant"));
  const data = readData(payload.data, complain("data"));
  const key = readName(payload, "key", issues);
  const cancellation_key = readName(payload, "cancellation_key", issues);
  const idempotency_key = readName(payload, "idempotency_key", issues);
  const settings = readProperty(payload, "settings", settingsSchema, issues);
  if (issues.length > 0) {
    const details = detailsOf(inOrder(issues), payload, (path) =>
      path.length === 0 ? KNOWN : ["sandbox_mode", "skip_delay"],
    );
    throw invalid(
      what,
      workflow === null && key === null ? details.map(asKey) : details,
      payload.recipients === undefined
        ? 'On the command line --recipients ada,grace; in a payload "recipients": ["ada"].'
        : objectHint(details[0]),
    );
  }
  const workflowKey = workflow ?? key;
  if (workflowKey === null) {
    throw new KnockError("usage", "no workflow named", {
      hint: 'Give the key as the first argument, or as "key" in the payload.',
    });
  }
  if (key !== null && key !== workflowKey) {
    throw new KnockError("usage", `the payload is for workflow "${key}", the command for "${workflowKey}"`, {
      details: [{ pointer: "/key", message: `must be "${workflowKey}"`, value: key }],
      hint: "Leave one of the two out.",
    });
  }
  const { key: _key, idempotency_key: _idempotency, ...request } = payload;
  if (Buffer.byteLength(JSON.stringify(request)) > MAX_PAYLOAD_BYTES) {
    throw new KnockError("payload_too_large", `${what} is larger than 10 MB`, {
      hint: "The limit counts data, recipients and attachments together.",
    });
  }
  if (!Array.isArray(request.recipients)) request.recipients = [request.recipients as Json]; // EQ-54
  const trigger: Trigger = {
    workflow: workflowKey,
    recipients,
    actor,
    tenant,
    data,
    cancellation_key,
    settings: { sandbox_mode: settings?.sandbox_mode ?? false, skip_delay: settings?.skip_delay ?? false },
    payload: request,
  };
  return { trigger, idempotency_key };
}

/**
 * A cancel payload (A-403) → Cancellation. Inline recipients count as references. An unknown key is an error: a mistyped
 * `recipients` would cancel for everybody.
 */
export function parseCancellation(payload: unknown, workflow: string): Cancellation {
  checkJsonShape(payload, "the cancellation");
  const parsed = z
    .strictObject({
      cancellation_key: nameSchema(),
      recipients: anything(),
    })
    .safeParse(payload, INTERPRETED);
  if (!parsed.success)
    throw invalid(
      "the cancellation",
      detailsOf(parsed.error.issues, payload, () => ["cancellation_key", "recipients"]),
    );
  const list = parsed.data.recipients;
  if (list === undefined || list === null)
    return { workflow, cancellation_key: parsed.data.cancellation_key, recipients: null };
  const issues: Issue[] = [];
  const listed = readRecipients(list, (path, message) => {
    issues.push({ code: "custom", path: ["recipients", ...path], message });
  });
  if (issues.length > 0) throw invalid("the cancellation", detailsOf(issues, payload));
  return {
    workflow,
    cancellation_key: parsed.data.cancellation_key,
    recipients: listed.map((recipient) => recipient.key),
  };
}
