import * as z from "zod/mini";
import { KnockError } from "../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";
import { once } from "../util/once.js";
import { checkJsonShape, MAX_PAYLOAD_BYTES } from "./json-limits.js";
import { type ParsedRecipient, parseRecipient, parseTenant } from "./parse-recipient.js";
import { placeOf } from "./place.js";
import type { Cancellation, Trigger } from "./trigger.js";
import { detailsOf, type Issue } from "./zod-issues.js";

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

// Each schema made takes a start its share of a millisecond: few of them, and some only where a payload has the key.
const anything = z.optional(z.unknown());
const name = z.string().check(z.minLength(1), z.maxLength(255));
const optionalName = z.nullish(name);

const triggerSchema = z.strictObject({
  key: z.optional(name),
  recipients: anything,
  actor: anything,
  tenant: anything,
  data: anything,
  cancellation_key: optionalName,
  idempotency_key: optionalName,
  settings: anything,
});

const settingsSchema = once(() => {
  const flag = z.nullish(z.boolean());
  return z.strictObject({ sandbox_mode: flag, skip_delay: flag });
});

const KNOWN = ["key", "recipients", "actor", "tenant", "data", "cancellation_key", "idempotency_key", "settings"];

function readSettings(value: unknown, issues: Issue[]): Trigger["settings"] {
  const parsed = value === undefined || value === null ? null : settingsSchema().safeParse(value);
  if (parsed?.error)
    issues.push(...parsed.error.issues.map((issue) => ({ ...issue, path: ["settings", ...issue.path] })));
  const { sandbox_mode, skip_delay } = parsed?.data ?? {};
  return { sandbox_mode: sandbox_mode ?? false, skip_delay: skip_delay ?? false };
}

/** As the keys stand in the documentation, unknown ones last: the first is the one that is told in full. */
function inOrder(issues: readonly Issue[]): Issue[] {
  const rank = ({ path }: Issue): number => (path.length === 0 ? KNOWN.length : KNOWN.indexOf(String(path[0])));
  return [...issues].sort((a, b) => rank(a) - rank(b));
}

export interface ParsedPayload {
  trigger: Trigger;
  idempotency_key: string | null;
}

/** "x is not valid: first fault", with every fault in the details. */
function invalid(what: string, details: ReturnType<typeof detailsOf>, hint?: string): KnockError {
  const [first, ...rest] = details;
  const summary = first ? `${placeOf(first.pointer)} ${first.message}` : "not valid";
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
  const parsed = triggerSchema.safeParse(payload);
  const issues: Issue[] = parsed.success ? [] : [...parsed.error.issues];
  const complain =
    (key: string): Complain =>
    (path, message) => {
      issues.push({ code: "custom", path: [key, ...path], message });
    };
  const recipients = readRecipients(payload.recipients, complain("recipients"));
  const actor = readActor(payload.actor, complain("actor"));
  const tenant = readTenant(payload.tenant, complain("tenant"));
  const data = readData(payload.data, complain("data"));
  const settings = readSettings(payload.settings, issues);
  if (!parsed.success || issues.length > 0) {
    throw invalid(
      what,
      detailsOf(inOrder(issues), payload, (path) => (path.length === 0 ? KNOWN : ["sandbox_mode", "skip_delay"])),
    );
  }
  const value = parsed.data;
  const workflowKey = workflow ?? value.key;
  if (workflowKey === undefined) {
    throw new KnockError("usage", "no workflow named", {
      hint: 'Give the key as the first argument, or as "key" in the payload.',
    });
  }
  if (value.key !== undefined && value.key !== workflowKey) {
    throw new KnockError("usage", `the payload is for workflow "${value.key}", the command for "${workflowKey}"`, {
      details: [{ pointer: "/key", message: `must be "${workflowKey}"`, value: value.key }],
      hint: "Leave one of the two out.",
    });
  }
  const { key: _key, idempotency_key: _idempotency, ...request } = payload;
  if (Buffer.byteLength(JSON.stringify(request)) > MAX_PAYLOAD_BYTES) {
    throw new KnockError("payload_too_large", `${what} is larger than 10 MB`, {
      hint: "The limit counts data, recipients and attachments together.",
    });
  }
  const trigger: Trigger = {
    workflow: workflowKey,
    recipients,
    actor,
    tenant,
    data,
    cancellation_key: value.cancellation_key ?? null,
    settings,
    payload: {
      ...request,
      recipients: Array.isArray(request.recipients) ? request.recipients : [request.recipients as Json],
    }, // EQ-54
  };
  return { trigger, idempotency_key: value.idempotency_key ?? null };
}

/**
 * A cancel payload (A-403) → Cancellation. Inline recipients count as references. An unknown key is an error: a mistyped
 * `recipients` would cancel for everybody.
 */
export function parseCancellation(payload: unknown, workflow: string): Cancellation {
  checkJsonShape(payload, "the cancellation");
  const parsed = z
    .strictObject({
      cancellation_key: name,
      recipients: anything,
    })
    .safeParse(payload);
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
