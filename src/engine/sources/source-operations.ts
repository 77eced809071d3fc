import { checkClosedDocument } from "../../domain/schema/check-document.js";
import { DocumentFindings } from "../../domain/schema/document-findings.js";
import type { Source, SourceMapping, SourceRequest, SourceVerification } from "../../domain/trigger/source.js";
import type { SourceView } from "../../domain/trigger/source-receipt.js";
import { triggerMappingSchema } from "../../domain/trigger/source-schema.js";
import { getErrorMessage, KnockError } from "../../errors/knock-error.js";
import type { Definitions } from "../../ports/definitions.js";
import type { SourceOperations } from "../../ports/source-service.js";
import { didYouMean } from "../../util/find-nearest.js";
import type { JsonObject } from "../../util/json.js";
import { type ReceiveContext, receiveEvent } from "./receive-event.js";

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
    async receive(key, request) {
      const source = await readSource(key);
      const { verification } = source.settings;
      if (verification !== null) await verifyRequest(key, verification, request, parts.readVariable);
      return receiveEvent(parts, source, request);
    },
    async listEvents(key, page) {
      const events = await log.list(key, page);
      // The events of a source whose file was deleted can still be listed.
      if (key !== null && events.items.length === 0 && !files.keys().includes(key)) throw createUnknownSourceError(key);
      return events;
    },
  };
}
