import { parseTimestamp } from "../../domain/condition/parse-timestamp.js";
import { checkClosedDocument } from "../../domain/schema/check-document.js";
import { DocumentFindings } from "../../domain/schema/document-findings.js";
import {
  ACTION_TYPES,
  findValueAtPath,
  type Source,
  type SourceMapping,
  type SourceRequest,
  type SourceVerification,
} from "../../domain/trigger/source.js";
import type { ActionOutcome, NewSourceEvent, SourceReceipt, SourceView } from "../../domain/trigger/source-receipt.js";
import { triggerMappingSchema } from "../../domain/trigger/source-schema.js";
import { getErrorMessage, KnockError } from "../../errors/knock-error.js";
import type { Definitions } from "../../ports/definitions.js";
import type { LocalOperations } from "../../ports/operations.js";
import type { SourceLog, SourceOperations } from "../../ports/source-service.js";
import { didYouMean } from "../../util/find-nearest.js";
import { createKsuid, type IdSource } from "../../util/ids.js";
import { toIsoTime } from "../../util/iso-time.js";
import { type Json, type JsonObject, toStorable } from "../../util/json.js";
import { runAction } from "./run-action.js";

interface ReceiveContext {
  operations: LocalOperations;
  log: SourceLog;
  ids: IdSource;
}

/** The type of an event that identifies a user, as the service names it. */
const IDENTIFY_EVENT_TYPE = "identify";
const MAX_KEY_CHARACTERS = 255;

function toText(value: Json | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : null;
}

/**
 * Parses ISO 8601 text, or a number of seconds or milliseconds since 1970, which are distinguished by their size.
 * Returns null for other values.
 */
function parseEventTime(value: Json): number | null {
  if (typeof value !== "number") return parseTimestamp(value) ?? null;
  const milliseconds = Math.abs(value) < 1e11 ? value * 1_000 : value;
  return Number.isNaN(new Date(milliseconds).getTime()) ? null : Math.round(milliseconds);
}

/** Returns the mappings of an event type, in the fixed order of actions (E-402). */
function collectMappings({ settings, mappings }: Source, eventType: string): SourceMapping[] {
  const matchingMappings = mappings.filter(({ event_type }) => event_type === eventType);
  if (settings.handle_identifies && eventType === IDENTIFY_EVENT_TYPE)
    matchingMappings.push({
      event_type: IDENTIFY_EVENT_TYPE,
      action_type: "users_identify",
      action_parameters: { user_id: settings.user_id_path, properties: "traits" },
      active: true,
    });
  const rank = ({ action_type }: SourceMapping): number => ACTION_TYPES.indexOf(action_type);
  return matchingMappings.sort((a, b) => rank(a) - rank(b));
}

/**
 * Processes an event of a source (sections 26 and 29 of the catalog): delivers it to runs that wait for it, then runs
 * its mappings. A repeat within 24 h is only logged.
 */
async function receiveEvent(
  { operations, log, ids }: ReceiveContext,
  source: Source,
  request: SourceRequest,
  onContinued?: (recipientRunIds: readonly string[]) => void,
): Promise<SourceReceipt> {
  const { settings } = source;
  const now = Date.parse((await operations.readClock()).now);
  const eventType = toText(findValueAtPath(request, settings.event_type_path));
  const timestamp = settings.timestamp_path === null ? undefined : findValueAtPath(request, settings.timestamp_path);
  const at = timestamp === undefined || timestamp === null ? now : parseEventTime(timestamp);
  const keyText =
    settings.idempotency_key_path === null ? null : toText(findValueAtPath(request, settings.idempotency_key_path));
  const key = keyText !== null && keyText.length <= MAX_KEY_CHARACTERS ? keyText : null; // an invalid key is ignored (E-386)
  const problems = [
    eventType === null ? `the event has no type: no text at "${settings.event_type_path}"` : null,
    at === null ? `"${settings.timestamp_path}" is not a time: ${JSON.stringify(timestamp)}` : null,
    settings.enforce_idempotency && key === null
      ? `the event has no valid idempotency key at "${settings.idempotency_key_path}"`
      : null,
  ].filter((problem) => problem !== null);
  const loggedEvent: NewSourceEvent = {
    id: createKsuid(now, ids.ksuidPayload()),
    source: source.key,
    event_type: eventType,
    timestamp: toIsoTime(at ?? now),
    received_at: toIsoTime(now),
    user_id: toText(findValueAtPath(request, settings.user_id_path)),
    idempotency_key: key,
    error: problems[0] ?? null,
  };
  const isNew = await log.begin(loggedEvent, now);
  if (!isNew) return { ...loggedEvent, replayed: true, actions: [] };
  if (eventType === null || at === null || loggedEvent.error !== null) {
    await log.finish(loggedEvent.id, [], false);
    return { ...loggedEvent, replayed: false, actions: [] };
  }

  const continuedRunIds = await operations.deliverSourceEvent({
    source_key: source.key,
    event_key: eventType,
    user_id: loggedEvent.user_id,
    at,
    data: request.body,
    event_gid: loggedEvent.id,
  });
  onContinued?.(continuedRunIds);
  const actions: ActionOutcome[] = [];
  for (const mapping of collectMappings(source, eventType)) actions.push(await runAction(operations, mapping, request));
  const isSuccess = actions.every(({ outcome }) => outcome === "done" || outcome === "inactive");
  await log.finish(loggedEvent.id, actions, isSuccess);
  return { ...loggedEvent, replayed: false, actions };
}

function createVerificationError(source: string, why: string): KnockError {
  return new KnockError("authentication", `source "${source}": ${why}`, {
    hint: "Check the secret and the header in the source's settings.verification.",
  });
}

/**
 * Checks the signature of an HTTP request, in constant time. Throws `authentication` (401) if the signature is missing
 * or does not match, or if the secret is not set, because then no request can be verified.
 */
async function verifyRequest(
  source: string,
  { scheme, header, algorithm, encoding, prefix, variable }: SourceVerification,
  { headers, raw_body }: SourceRequest,
  readVariable: (name: string) => string | undefined,
): Promise<void> {
  if (raw_body === undefined) return;
  const secret = readVariable(variable);
  if (!secret) throw createVerificationError(source, `the environment variable ${variable} is not set`);
  const headerValue = headers[header];
  if (headerValue === undefined) throw createVerificationError(source, `the request has no header ${header}`);
  if (!headerValue.startsWith(prefix))
    throw createVerificationError(source, `the header ${header} does not start with ${prefix}`);
  const { createHmac, timingSafeEqual } = await import("node:crypto");
  const value = headerValue.slice(prefix.length);
  const expected = scheme === "secret" ? secret : createHmac(algorithm, secret).update(raw_body).digest(encoding);
  // Compares digests, which have the same length whatever was sent.
  const digest = (text: string) => createHmac("sha256", secret).update(text).digest();
  const isHex = scheme === "hmac" && encoding === "hex";
  if (!timingSafeEqual(digest(isHex ? value.toLowerCase() : value), digest(expected)))
    throw createVerificationError(
      source,
      `the ${scheme === "secret" ? "secret" : "signature"} in the header ${header} does not match`,
    );
}

/** The source files of a project. */
interface SourceFiles {
  keys(): string[];
  read(key: string): Promise<Source | null>;
}

interface SourceContext extends ReceiveContext {
  files: SourceFiles;
  definitions: Pick<Definitions, "workflow" | "workflowKeys">;
  /** Receives a warning about a workflow whose file is invalid and that the event might start. */
  warn(text: string): void;
  /** Returns an environment variable, which holds a source's secret. */
  readVariable(name: string): string | undefined;
}

/** Returns a workflow's own trigger as a mapping (F-025). Throws `workflow_invalid` with a pointer for each error. */
function parseTriggerMapping(workflow: string, event_key: string, mapping: JsonObject): SourceMapping {
  const findings = new DocumentFindings();
  checkClosedDocument(triggerMappingSchema(), mapping, (path, message) =>
    findings.add(["trigger", "mapping", ...path], message),
  );
  if (!findings.isEmpty)
    throw findings.toError(
      `workflow "${workflow}"`,
      "workflow_invalid",
      () => `Fix workflows/${workflow}/workflow.json.`,
    );
  return {
    event_type: event_key,
    action_type: "workflows_trigger",
    action_parameters: { workflow_key: workflow, ...mapping },
    active: true,
  };
}

export function createSourceOperations(parts: SourceContext): SourceOperations {
  const { files, definitions, log, warn } = parts;

  /** Returns the triggers of workflows whose own files name the source (F-025). */
  async function readWorkflowTriggers(key: string): Promise<SourceMapping[]> {
    const mappings: SourceMapping[] = [];
    for (const workflow of await definitions.workflowKeys()) {
      try {
        const trigger = (await definitions.workflow(workflow))?.trigger;
        if (trigger?.type !== "event" || trigger.source_key !== key) continue;
        mappings.push(parseTriggerMapping(workflow, trigger.event_key, trigger.mapping));
      } catch (error) {
        if (!(error instanceof KnockError)) throw error;
        warn(`${error.message}; if an event of "${key}" starts this workflow, it does not`);
      }
    }
    return mappings;
  }

  function createUnknownSourceError(key: string): KnockError {
    return new KnockError("resource_missing", `there is no source "${key}"`, {
      details: [{ pointer: "", message: "is not the key of a source", value: key }],
      hint: didYouMean(key, files.keys(), "Sources") ?? `Create sources/${key}/source.json.`,
    });
  }

  async function readSource(key: string): Promise<Source> {
    const source = await files.read(key);
    if (source === null) throw createUnknownSourceError(key);
    return { ...source, mappings: [...source.mappings, ...(await readWorkflowTriggers(key))] };
  }

  return {
    async list() {
      const views: SourceView[] = [];
      for (const key of files.keys()) {
        try {
          const { name, mappings } = await readSource(key);
          const shown = mappings.map(({ event_type, action_type, active, action_parameters }) => {
            const { workflow_key, audience_key, collection } = action_parameters;
            const about = workflow_key ?? audience_key ?? collection;
            return { event_type, action_type, active, about: typeof about === "string" ? about : null };
          });
          views.push({ key, name, mappings: shown, error: null });
        } catch (error) {
          if (!(error instanceof KnockError)) throw error;
          views.push({ key, name: key, mappings: [], error: getErrorMessage(error) });
        }
      }
      return views;
    },
    async isVerified(key) {
      const source = await files.read(key);
      return source !== null && source.settings.verification !== null;
    },
    async receive(key, request, onContinued) {
      const source = await readSource(key);
      const { verification } = source.settings;
      if (verification !== null) await verifyRequest(key, verification, request, parts.readVariable);
      return receiveEvent(parts, source, { ...request, body: toStorable(request.body) }, onContinued);
    },
    async listEvents(key, page) {
      const events = await log.list(key, page);
      // The events of a source whose file was deleted can still be listed.
      if (key !== null && events.items.length === 0 && !files.keys().includes(key)) throw createUnknownSourceError(key);
      return events;
    },
  };
}
