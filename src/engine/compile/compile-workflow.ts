import type { Condition } from "../../domain/condition/condition.js";
import type { Step } from "../../domain/step/step.js";
import { walkSteps } from "../../domain/step-types/walk-steps.js";
import { hasLiquid } from "../../domain/template/has-liquid.js";
import { findTextFile } from "../../domain/template/text-files.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import type { OnTemplateCondition } from "../../ports/definitions.js";
import { isJsonObject } from "../../util/json.js";
import { SizedCache } from "../../util/sized-cache.js";
import { parseConditionArgument } from "../condition/parse-condition-argument.js";
import { type CompileText, createTextCompiler, type OnConditions } from "../liquid/liquid.js";
import type { Partials } from "../liquid/partials.js";
import type { ChannelRenderer } from "../render/channel-renderer.js";
import { getStepHandler } from "../steps/step-handlers.js";
import { parsePartials } from "../workflow/compile-context.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import { readSharedTemplates, type SharedTemplateSource, type SharedTemplates } from "../workflow/shared-templates.js";
import { compileRequestTexts, compileTexts, continueAfterErrors, type OnError, toKnockError } from "./compile-texts.js";

/** Keys with nested steps, which are checked separately, and with texts that are compiled as templates. */
const SKIPPED_KEYS = new Set(["steps", "template", "channel_overrides"]);

/**
 * Compiles the Liquid in the arguments of all conditions of a step or workflow, so that errors are reported as early as
 * those of templates (F-054).
 */
function checkConditionTexts(value: unknown, fieldPath: string, compile: CompileText): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkConditionTexts(item, `${fieldPath}[${index}]`, compile);
    return;
  }
  if (!isJsonObject(value)) return;
  if (typeof value.operator === "string" && value.argument !== undefined) {
    const argument = parseConditionArgument(value as unknown as Condition);
    const at = `${fieldPath === "" ? "" : `${fieldPath}.`}argument`;
    if (argument.kind !== "liquid") return;
    if (typeof argument.template === "string") compile(argument.template, at);
    else
      for (const [index, bound] of argument.template.entries())
        if (typeof bound === "string") compile(bound, `${at}[${index}]`);
    return;
  }
  for (const [key, item] of Object.entries(value))
    if (!SKIPPED_KEYS.has(key)) checkConditionTexts(item, fieldPath === "" ? key : `${fieldPath}.${key}`, compile);
}

/** Matches the filter `t` and the tag `t`. */
const TRANSLATION_PATTERN = /\|\s*t\b|\{%-?\s*t\b/;

/** Returns whether a used layout or partial looks up translations. */
function usesSharedTranslations({ layouts, partials }: SharedTemplates): boolean {
  return [...layouts.values(), ...partials.values()].some(
    (template) =>
      !(template instanceof KnockError) &&
      TRANSLATION_PATTERN.test(
        Object.values(template)
          .filter((part) => typeof part === "string")
          .join("\n"),
      ),
  );
}

/** Compiles the texts of shared requests. An error in one rejects a trigger, and fails a step that runs later. */
function checkSharedRequests({ requests }: SharedTemplates, errors: KnockError[]): CompiledWorkflow["requests"] {
  const checked = new Map(requests);
  for (const [key, request] of requests) {
    try {
      if (request instanceof KnockError) throw request;
      compileRequestTexts(request);
    } catch (error) {
      const knockError = toKnockError(error);
      errors.push(knockError);
      checked.set(key, knockError);
    }
  }
  return checked;
}

interface CompileListeners {
  /** Receives errors, so that the compilation continues. By default the first one is thrown. */
  onError?: OnError | undefined;
  /** Receives the texts of messages. */
  onMessageText?: (step: string, fieldPath: string) => void;
  onTemplateCondition?: OnTemplateCondition | undefined;
}

async function compileVersion(
  workflow: Workflow,
  templates: SharedTemplates,
  { onError, onMessageText, onTemplateCondition }: CompileListeners = {},
): Promise<CompiledWorkflow> {
  const renderers = new Map<string, ChannelRenderer>();
  const shared = parsePartials(templates);
  const findFile = (pointer: string) => findTextFile(workflow, pointer);
  let current: Step | null = null;
  const owner = (): string => `workflow "${workflow.key}"${current === null ? "" : `, step ${current.ref}`}`;
  let [needsTime, translates, usesLiquid] = [false, usesSharedTranslations(templates), false];
  const createCompiler = (partials?: Partials): CompileText => {
    const onConditions: OnConditions | undefined =
      onTemplateCondition &&
      ((fieldPath, results) => {
        for (const result of results) onTemplateCondition(workflow.key, fieldPath, result);
      });
    const compileOrThrow = createTextCompiler(workflow.key, { partials, owner, findFile, onConditions });
    const compileLiquid = onError === undefined ? compileOrThrow : continueAfterErrors(compileOrThrow, onError);
    return (source, fieldPath) => {
      translates ||= TRANSLATION_PATTERN.test(source);
      usesLiquid ||= hasLiquid(source);
      if (partials !== undefined) onMessageText?.(current?.ref ?? "", fieldPath);
      return compileLiquid(source, fieldPath);
    };
  };
  const compileMessageText = createCompiler(shared.partials);
  const compileText = createCompiler();
  checkConditionTexts(workflow.conditions, "conditions", compileText);
  for (const { step, path } of walkSteps(workflow.steps)) {
    current = step;
    const definition = getStepHandler(step);
    if (definition.compile === undefined) {
      if ("settings" in step) compileTexts(step.settings, `${path}.settings`, compileText);
    } else {
      const compilation = definition.compile(step, path, { workflow, compile: compileMessageText, shared });
      const renderer = await (onError === undefined
        ? compilation
        : compilation.catch((error: unknown) => {
            onError(toKnockError(error));
            return null;
          }));
      if (renderer !== null) renderers.set(step.ref, renderer);
    }
    checkConditionTexts(step, path, compileText);
    needsTime ||= definition.needsTimeWindows?.(step) ?? false;
  }
  const requests = templates.requests.size > 0 ? checkSharedRequests(templates, shared.errors) : NO_REQUESTS;
  if (onError !== undefined) shared.errors.forEach(onError);
  return {
    workflow,
    renderers,
    requests,
    usesTranslations: translates,
    usesLiquid,
    timeWindows: needsTime ? await import("../schedule/time-windows.js") : null,
    sharedError: shared.errors[0] ?? null,
  };
}

/**
 * Compiles the valid templates of a workflow. Returns all errors in the others, and in the layouts, partials and requests that
 * it uses. An invalid template renders nothing.
 */
export async function compileValidTemplates(
  workflow: Workflow,
  source: SharedTemplateSource,
): Promise<{ compiled: CompiledWorkflow; errors: KnockError[] }> {
  const errors: KnockError[] = [];
  const templates = await readSharedTemplates(workflow, source);
  const compiled = await compileVersion(workflow, templates, { onError: (error) => errors.push(error) });
  return { compiled, errors };
}

/** Returns the steps and paths of the texts that a workflow's messages are rendered from. Invalid ones are not reported. */
export async function listMessageTexts(
  workflow: Workflow,
  source: SharedTemplateSource,
): Promise<{ step: string; fieldPath: string }[]> {
  const texts = new Map<string, string>();
  await compileVersion(workflow, await readSharedTemplates(workflow, source), {
    onError: () => {},
    onMessageText: (step, fieldPath) => texts.set(fieldPath, step),
  });
  return [...texts].map(([fieldPath, step]) => ({ step, fieldPath }));
}

const NO_REQUESTS: CompiledWorkflow["requests"] = new Map();
/** The memory of a compiled workflow for each character of its JSON, with its parsed templates. */
const BYTES_PER_CHARACTER = 20;
const compiledWorkflows = new SizedCache<Promise<CompiledWorkflow>>(200_000_000);
/** Compiled workflows whose conditions are observed. */
const observedWorkflows = new WeakMap<OnTemplateCondition, Map<string, Promise<CompiledWorkflow>>>();
/** Compiled workflows with tracking, for environments that have a tracking URL. */
const trackedWorkflows = new WeakMap<CompiledWorkflow, CompiledWorkflow>();

/**
 * Compiles a version with the current layouts and partials. Throws `template_invalid` for an invalid template of the
 * workflow and `workflow_invalid` for a channel of unknown type. An error in a layout or partial is in `sharedError`,
 * and fails the steps that use it.
 */
export async function compileWorkflow(workflow: Workflow, source: SharedTemplateSource): Promise<CompiledWorkflow> {
  const untracked = await compileUntracked(workflow, source);
  if (!(await source.environment?.())?.tracking) return untracked;
  const known = trackedWorkflows.get(untracked);
  if (known) return known;
  const trackedWorkflow = { ...untracked, trackContent: (await import("../tracking/track-content.js")).trackContent };
  trackedWorkflows.set(untracked, trackedWorkflow);
  return trackedWorkflow;
}

async function compileUntracked(workflow: Workflow, source: SharedTemplateSource): Promise<CompiledWorkflow> {
  const templates = await readSharedTemplates(workflow, source);
  const id = `${workflow.version_id} ${templates.id}`;
  const { onTemplateCondition } = source;
  if (onTemplateCondition !== undefined) {
    const observed = observedWorkflows.get(onTemplateCondition) ?? new Map<string, Promise<CompiledWorkflow>>();
    observedWorkflows.set(onTemplateCondition, observed);
    const compilation = observed.get(id) ?? compileVersion(workflow, templates, { onTemplateCondition });
    observed.set(id, compilation);
    return compilation;
  }
  const known = compiledWorkflows.get(id);
  if (known) return known;
  const compilation = compileVersion(workflow, templates);
  const characters = JSON.stringify([workflow, [...templates.layouts], [...templates.partials]]).length;
  compiledWorkflows.set(id, compilation, BYTES_PER_CHARACTER * characters);
  // A failure is not cached, because the file may be fixed while the process runs.
  compilation.catch(() => compiledWorkflows.delete(id));
  return compilation;
}

/**
 * Returns a function that compiles each version once for a chunk of runs, so that files are read once for all of them.
 */
export function createWorkflowCompiler(
  source: SharedTemplateSource,
): (workflow: Workflow) => Promise<CompiledWorkflow> {
  const compiledByVersion = new Map<string, Promise<CompiledWorkflow>>();
  return (workflow) => {
    const known = compiledByVersion.get(workflow.version_id) ?? compileWorkflow(workflow, source);
    compiledByVersion.set(workflow.version_id, known);
    return known;
  };
}

/** Returns the error in a workflow's templates, or null. */
export async function findTemplateError(workflow: Workflow, source: SharedTemplateSource): Promise<KnockError | null> {
  try {
    await compileWorkflow(workflow, source);
    return null;
  } catch (error) {
    if (error instanceof KnockError) return error;
    throw error;
  }
}
