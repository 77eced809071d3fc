import type { ErrorDetail } from "../../errors/knock-error.js";
import { suggestNearest } from "../../util/find-nearest.js";
import { filterObjects, isJsonObject, type JsonObject, toPointer } from "../../util/json.js";
import { hasTrait } from "../message/channel-types.js";
import type { ChannelStep } from "../step-types/channel-step.js";
import { parsePathSegments, walkChannelSteps } from "../step-types/walk-steps.js";
import type { EmailLayout } from "../template/email-layout.js";
import { collectPartialKeys } from "../template/template-partial.js";
import { walkBlocks } from "../template/walk-blocks.js";
import { createWorkflowError } from "./create-workflow-error.js";
import type { Workflow } from "./workflow.js";

/** The key of the built-in layout, which a project's own layout with this key replaces (EQ-68). */
export const DEFAULT_LAYOUT = "default";

/** Returns the key of the layout that an email step names, or null (T-124). */
export function findLayoutKey({ template }: Pick<ChannelStep, "template">): string | null {
  const settings = template?.settings;
  const key = isJsonObject(settings) ? settings.layout_key : null;
  return typeof key === "string" && key !== "" ? key : null;
}

/** Returns the visual blocks of a step's template, or an empty list if the body is HTML. */
const getVisualBlocks = ({ template }: Pick<ChannelStep, "template">): JsonObject[] =>
  filterObjects(template?.visual_blocks);

/** Returns the keys of the layouts and partials that a workflow's steps name. */
export function collectTemplateReferences(workflow: Workflow): { layouts: string[]; partials: string[] } {
  const layouts = new Set<string>();
  const partials = new Set<string>();
  for (const { step } of walkChannelSteps(workflow.steps)) {
    if (step.template === null) continue;
    for (const key of collectPartialKeys(JSON.stringify([step.template, step.channel_overrides]))) partials.add(key);
    if (!hasTrait(step.channel_type, "hasLayout")) continue;
    const layout = findLayoutKey(step);
    if (layout !== null) layouts.add(layout);
    for (const { block } of walkBlocks(getVisualBlocks(step)))
      if (block.type === "partial") partials.add(String(block.key));
  }
  return { layouts: [...layouts], partials: [...partials] };
}

/** The layouts and partials of a project. */
interface ProjectTemplates {
  layouts: ReadonlyMap<string, EmailLayout>;
  layoutKeys: readonly string[];
  partialKeys: readonly string[];
}

const describeMissing = (label: string, key: string, known: readonly string[]): string =>
  `is not a ${label} of this project: "${key}"${suggestNearest(key, known)}`;

/**
 * Checks that layouts and the partials of blocks exist, and that MJML has an MJML layout or none (EQ-68, T-129). Throws
 * `workflow_invalid` with one pointer per finding. Partials in `render` tags are looked up at render time (TQ-11).
 */
export function checkTemplateReferences(
  workflow: Workflow,
  { layouts, layoutKeys, partialKeys }: ProjectTemplates,
): void {
  const details: ErrorDetail[] = [];
  const commands: string[] = [];
  for (const { step, path } of walkChannelSteps(workflow.steps)) {
    if (!hasTrait(step.channel_type, "hasLayout")) continue;
    const templatePath = [...parsePathSegments(path), "template"];
    const report = (below: PropertyKey[], message: string): void => {
      details.push({ pointer: toPointer([...templatePath, ...below]), message });
    };
    const key = findLayoutKey(step);
    const layout = key === null ? undefined : layouts.get(key);
    if (key !== null && layout === undefined && ![DEFAULT_LAYOUT, ...layoutKeys].includes(key)) {
      report(["settings", "layout_key"], describeMissing("layout", key, [...layoutKeys, DEFAULT_LAYOUT]));
      commands.push(`\`knock new layout ${key}\``);
    }
    if (layout !== undefined && !layout.is_mjml && step.template?.is_mjml === true)
      report(["is_mjml"], `needs an MJML layout, but "${key}" is not`);
    for (const { block, path: at } of walkBlocks(getVisualBlocks(step), ["visual_blocks"])) {
      if (block.type === "partial" && !partialKeys.includes(String(block.key))) {
        report([...at, "key"], describeMissing("partial", String(block.key), partialKeys));
        commands.push(`\`knock new partial ${block.key}\``);
      }
    }
  }
  const [first, ...others] = details;
  if (first === undefined) return;
  const missing = commands.length === 0 ? "" : `, or run ${[...new Set(commands)].join(" and ")}`;
  throw createWorkflowError(workflow, [first, ...others], `Fix the workflow "${workflow.key}"${missing}.`);
}
