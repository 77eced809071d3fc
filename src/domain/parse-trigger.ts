import * as z from "zod/mini";
import { KnockError } from "../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject } from "../util/json.js";
import { checkJsonShape, MAX_PAYLOAD_BYTES } from "./json-limits.js";
import { type ParsedRecipient, parseRecipient, parseTenant } from "./parse-recipient.js";
import { placeOf } from "./place.js";
import type { Cancellation, Trigger } from "./trigger.js";
import { detailsOf } from "./zod-issues.js";

export const MAX_RECIPIENTS = 1_000;

interface Context {
  issues: { push(issue: { code: "custom"; message: string; input: unknown; path: PropertyKey[] }): unknown };
}

function complainTo(ctx: Context, input: unknown, base: PropertyKey[] = []) {
  return (path: PropertyKey[], message: string): void => {
    ctx.issues.push({ code: "custom", message, input, path: [...base, ...path] });
  };
}

// Shared: each schema made takes a start its share of a millisecond.
const anything = z.optional(z.unknown());
const flag = z.nullish(z.boolean());

const recipients = z.pipe(
  anything,
  z.transform((value: unknown, ctx: Context): ParsedRecipient[] => {
    const complain = complainTo(ctx, value);
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
  }),
);

const actor = z.pipe(
  anything,
  z.transform((value: unknown, ctx: Context) => {
    if (value === undefined || value === null) return null;
    const parsed = parseRecipient(value, complainTo(ctx, value));
    return parsed === null ? null : { key: parsed.key, upsert: parsed.upsert };
  }),
);

const tenant = z.pipe(
  anything,
  z.transform((value: unknown, ctx: Context) =>
    value === undefined || value === null ? null : parseTenant(value, complainTo(ctx, value)),
  ),
);

const data = z.pipe(
  anything,
  z.transform((value: unknown, ctx: Context): JsonObject => {
    if (value === undefined || value === null) return {};
    if (isJsonObject(value)) return value;
    complainTo(ctx, value)([], `must be an object, found ${Array.isArray(value) ? "a list" : `a ${typeof value}`}`);
    return {};
  }),
);

const key = z.nullish(z.string().check(z.minLength(1), z.maxLength(255)));

const settings = z.nullish(z.strictObject({ sandbox_mode: flag, skip_delay: flag }));

const triggerSchema = z.strictObject({
  key: z.optional(z.string().check(z.minLength(1))),
  recipients,
  actor,
  tenant,
  data,
  cancellation_key: key,
  idempotency_key: key,
  settings,
});

const KNOWN = ["key", "recipients", "actor", "tenant", "data", "cancellation_key", "idempotency_key", "settings"];

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
  if (!parsed.success) {
    throw invalid(
      what,
      detailsOf(parsed.error.issues, payload, (path) => (path.length === 0 ? KNOWN : ["sandbox_mode", "skip_delay"])),
    );
  }
  const value = parsed.data;
  const name = workflow ?? value.key;
  if (name === undefined) {
    throw new KnockError("usage", "no workflow named", {
      hint: 'Give the key as the first argument, or as "key" in the payload.',
    });
  }
  if (value.key !== undefined && value.key !== name) {
    throw new KnockError("usage", `the payload is for workflow "${value.key}", the command for "${name}"`, {
      details: [{ pointer: "/key", message: `must be "${name}"`, value: value.key }],
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
    workflow: name,
    recipients: value.recipients,
    actor: value.actor,
    tenant: value.tenant,
    data: value.data,
    cancellation_key: value.cancellation_key ?? null,
    settings: { sandbox_mode: value.settings?.sandbox_mode ?? false, skip_delay: value.settings?.skip_delay ?? false },
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
      cancellation_key: z.string().check(z.minLength(1), z.maxLength(255)),
      recipients: z.optional(z.unknown()),
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
  const listed = recipients.safeParse(list);
  if (!listed.success) {
    throw invalid(
      "the cancellation",
      detailsOf(
        listed.error.issues.map((issue) => ({ ...issue, path: ["recipients", ...issue.path] })),
        payload,
      ),
    );
  }
  return {
    workflow,
    cancellation_key: parsed.data.cancellation_key,
    recipients: listed.data.map((recipient) => recipient.key),
  };
}
