import { checkParameters } from "../../domain/trigger/parse-source.js";
import type { Source, SourceMapping } from "../../domain/trigger/source.js";
import type { SourceView } from "../../domain/trigger/source-receipt.js";
import { type ErrorDetail, KnockError, messageOf } from "../../errors/knock-error.js";
import type { Definitions } from "../../ports/definitions.js";
import type { SourceOperations } from "../../ports/sources.js";
import { type JsonObject, pointerOf } from "../../util/json.js";
import { didYouMean } from "../../util/nearest.js";
import { type Receiving, receiveEvent } from "./receive-event.js";
import { verifyRequest } from "./verify-request.js";

/** A project's sources as their files say. */
export interface SourceFiles {
  keys(): string[];
  read(key: string): Promise<Source | null>;
}

export interface SourceParts extends Receiving {
  files: SourceFiles;
  definitions: Pick<Definitions, "workflow" | "workflowKeys">;
  /** Told of a workflow whose file is broken, and that may be one that the event starts. */
  warn(text: string): void;
  /** An environment variable: a source's secret. */
  readVariable(name: string): string | undefined;
}

/** A workflow's own trigger as a mapping (F-025); what is wrong with it is told by its pointer. */
function triggerMapping(workflow: string, event_key: string, mapping: JsonObject): SourceMapping {
  const details: ErrorDetail[] = [];
  const path = ["trigger", "mapping"];
  checkParameters(
    "workflows_trigger",
    mapping,
    path,
    (at, message) => details.push({ pointer: pointerOf(at), message }),
    ["workflow_key"],
  );
  const [first] = details;
  if (first !== undefined)
    throw new KnockError(
      "workflow_invalid",
      `workflow "${workflow}": ${first.pointer.slice(1).replaceAll("/", ".")} ${first.message}`,
      { details, hint: `Mend workflows/${workflow}/workflow.json.` },
    );
  return {
    event_type: event_key,
    action_type: "workflows_trigger",
    action_parameters: { workflow_key: workflow, ...mapping },
    active: true,
  };
}

export function sourceOperations(parts: SourceParts): SourceOperations {
  const { files, definitions, log, warn } = parts;

  /** The workflows that an event of a source starts by their own files (F-025). */
  async function ownTriggers(key: string): Promise<SourceMapping[]> {
    const found: SourceMapping[] = [];
    for (const workflow of await definitions.workflowKeys()) {
      try {
        const trigger = (await definitions.workflow(workflow))?.trigger;
        if (trigger?.type !== "event" || trigger.source_key !== key) continue;
        found.push(triggerMapping(workflow, trigger.event_key, trigger.mapping));
      } catch (error) {
        if (!(error instanceof KnockError)) throw error;
        warn(`${error.message}; if an event of "${key}" starts this workflow, it does not`);
      }
    }
    return found;
  }

  function unknownSource(key: string): KnockError {
    return new KnockError("resource_missing", `there is no source "${key}"`, {
      details: [{ pointer: "", message: "is no source's key", value: key }],
      hint: didYouMean(key, files.keys(), "Sources") ?? "A source is a file, sources/<key>/source.json.",
    });
  }

  async function sourceOf(key: string): Promise<Source> {
    const source = await files.read(key);
    if (source === null) throw unknownSource(key);
    return { ...source, mappings: [...source.mappings, ...(await ownTriggers(key))] };
  }

  return {
    async list() {
      const views: SourceView[] = [];
      for (const key of files.keys()) {
        try {
          const { name, mappings } = await sourceOf(key);
          const shown = mappings.map(({ event_type, action_type, active, action_parameters }) => {
            const { workflow_key, audience_key, collection } = action_parameters;
            const about = workflow_key ?? audience_key ?? collection;
            return { event_type, action_type, active, about: typeof about === "string" ? about : null };
          });
          views.push({ key, name, mappings: shown, error: null });
        } catch (error) {
          if (!(error instanceof KnockError)) throw error;
          views.push({ key, name: key, mappings: [], error: messageOf(error) });
        }
      }
      return views;
    },
    async receive(key, request) {
      const source = await sourceOf(key);
      const { verification } = source.settings;
      if (verification !== null) await verifyRequest(key, verification, request, parts.readVariable);
      return receiveEvent(parts, source, request);
    },
    async events(key, page) {
      const listed = await log.list(key, page);
      // The events of a source whose file is gone can still be listed.
      if (key !== null && listed.items.length === 0 && !files.keys().includes(key)) throw unknownSource(key);
      return listed;
    },
  };
}
