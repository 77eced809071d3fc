import type { Step } from "../../domain/step/step.js";
import { walkSteps } from "../../domain/steps/walk-steps.js";
import { textFileOf } from "../../domain/template/text-files.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import { isJsonObject } from "../../util/json.js";
import { checkConditionTexts } from "../condition/check-condition-texts.js";
import { type CompileText, compilerFor } from "../liquid/liquid.js";
import type { ParsedPartial } from "../liquid/partials.js";
import type { ChannelRenderer } from "../render/channel-renderer.js";
import { engineStep } from "../steps/registry.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import { parsePartials } from "../workflow/parse-partials.js";
import { readSharedTemplates, type SharedSource, type SharedTemplates } from "../workflow/shared-templates.js";

/** The filter `t`, or the tag. */
const TRANSLATES = /\|\s*t\b|\{%-?\s*t\b/;

/** Templates of steps that make no message are rendered from their text; faults in them are told as early (F-054). */
function checkTexts(value: unknown, place: string, compile: CompileText): void {
  if (typeof value === "string") compile(value, place);
  else if (Array.isArray(value))
    for (const [index, item] of value.entries()) checkTexts(item, `${place}[${index}]`, compile);
  else if (isJsonObject(value))
    for (const [key, item] of Object.entries(value)) if (key !== "schema") checkTexts(item, `${place}.${key}`, compile);
}

/** Whether a layout or a partial that is named looks translations up. */
function sharedTranslate({ layouts, partials }: SharedTemplates): boolean {
  return [...layouts.values(), ...partials.values()].some(
    (one) =>
      !(one instanceof KnockError) &&
      TRANSLATES.test(
        Object.values(one)
          .filter((part) => typeof part === "string")
          .join("\n"),
      ),
  );
}

/** The shared requests with their texts looked at; what is wrong with one refuses a trigger, and fails a step that comes later. */
function checkedRequests(
  { requests }: SharedTemplates,
  partials: ReadonlyMap<string, ParsedPartial | KnockError>,
  faults: KnockError[],
): CompiledWorkflow["requests"] {
  const checked = new Map(requests);
  for (const [key, request] of requests) {
    try {
      if (request instanceof KnockError) throw request;
      const { input_schema: _schema, ...texts } = request;
      checkTexts(texts, "request", compilerFor("", { partials, owner: `requests/${key}` }));
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      faults.push(error);
      checked.set(key, error);
    }
  }
  return checked;
}

async function compile(workflow: Workflow, templates: SharedTemplates): Promise<CompiledWorkflow> {
  const renderers = new Map<string, ChannelRenderer>();
  const shared = parsePartials(templates);
  const fileOf = (pointer: string) => textFileOf(workflow, pointer);
  let current: Step | null = null;
  const owner = (): string => `workflow "${workflow.key}"${current === null ? "" : `, step ${current.ref}`}`;
  const compileLiquid = compilerFor(workflow.key, { partials: shared.partials, owner, fileOf });
  let [needsTime, translates, hasLiquid] = [false, sharedTranslate(templates), false];
  const compileText: CompileText = (source, place) => {
    translates ||= TRANSLATES.test(source);
    hasLiquid ||= source.includes("{{") || source.includes("{%");
    return compileLiquid(source, place);
  };
  checkConditionTexts(workflow.conditions, "conditions", compileText);
  for (const { step, path } of walkSteps(workflow.steps)) {
    current = step;
    const definition = engineStep(step);
    if (definition.compile === undefined) {
      if ("settings" in step) checkTexts(step.settings, `${path}.settings`, compileText);
    } else {
      const renderer = await definition.compile(step, path, { workflow, compile: compileText, shared });
      if (renderer !== null) renderers.set(step.ref, renderer);
    }
    checkConditionTexts(step, path, compileText);
    needsTime ||= definition.needsTime?.(step) ?? false;
  }
  const requests =
    templates.requests.size > 0 ? checkedRequests(templates, shared.partials, shared.faults) : NO_REQUESTS;
  return {
    workflow,
    renderers,
    requests,
    translates,
    hasLiquid,
    timeWindows: needsTime ? await import("../schedule/time-windows.js") : null,
    sharedFault: shared.faults[0] ?? null,
  };
}

const NO_REQUESTS: CompiledWorkflow["requests"] = new Map();
const compiled = new Map<string, Promise<CompiledWorkflow>>();
/** The same where somebody receives clicks. */
const tracked = new WeakMap<CompiledWorkflow, CompiledWorkflow>();

/**
 * Compiles a version with the layouts and partials of now. Throws `template_invalid` for a template of the workflow that
 * does not parse, `workflow_invalid` for a channel of unknown type; what is wrong with a layout or a partial is in
 * `sharedFault`, and fails the steps that use it.
 */
export async function compileWorkflow(workflow: Workflow, source: SharedSource): Promise<CompiledWorkflow> {
  const made = await compileNow(workflow, source);
  if (!(await source.environment?.())?.tracking) return made;
  const known = tracked.get(made);
  if (known) return known;
  const tracks = { ...made, trackContent: (await import("../tracking/track-content.js")).trackContent };
  tracked.set(made, tracks);
  return tracks;
}

async function compileNow(workflow: Workflow, source: SharedSource): Promise<CompiledWorkflow> {
  const templates = await readSharedTemplates(workflow, source);
  const id = `${workflow.version_id} ${templates.id}`;
  const known = compiled.get(id);
  if (known) return known;
  const made = compile(workflow, templates);
  if (compiled.size >= 1_000) compiled.clear();
  compiled.set(id, made);
  // A failure is not remembered: the file may be mended while the process lives.
  made.catch(() => compiled.delete(id));
  return made;
}

/** Compiles each version once, for a chunk of runs: files are read once for all of them. */
export function compileOnce(source: SharedSource): (workflow: Workflow) => Promise<CompiledWorkflow> {
  const made = new Map<string, Promise<CompiledWorkflow>>();
  return (workflow) => {
    const known = made.get(workflow.version_id) ?? compileWorkflow(workflow, source);
    made.set(workflow.version_id, known);
    return known;
  };
}

/** What is wrong with a workflow's templates; null where nothing is. */
export async function faultOf(workflow: Workflow, source: SharedSource): Promise<KnockError | null> {
  try {
    await compileWorkflow(workflow, source);
    return null;
  } catch (error) {
    if (error instanceof KnockError) return error;
    throw error;
  }
}
