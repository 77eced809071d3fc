import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type JsonObject, pointerOf } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import { hasTrait } from "../message/channel-types.js";
import { placeOf } from "../shape/place.js";
import type { ChannelStep } from "../steps/channel.js";
import { segmentsOf, walkChannelSteps } from "../steps/walk-steps.js";
import type { EmailLayout } from "../template/email-layout.js";
import { partialKeysIn } from "../template/template-partial.js";
import { walkBlocks } from "../template/walk-blocks.js";
import type { Workflow } from "./workflow.js";

/** The layout that every project has: a plain built-in one, where no file says otherwise (EQ-68). */
export const DEFAULT_LAYOUT = "default";

/** The key of the layout an e-mail step names; null for none (T-124). */
export function layoutKeyOf({ template }: Pick<ChannelStep, "template">): string | null {
  const settings = template?.settings;
  const key = isJsonObject(settings) ? settings.layout_key : null;
  return typeof key === "string" && key !== "" ? key : null;
}

/** The blocks of a step's template; none where its body is HTML. */
function blocksOf({ template }: Pick<ChannelStep, "template">): JsonObject[] {
  const blocks = template?.visual_blocks;
  return Array.isArray(blocks) ? (blocks as JsonObject[]) : [];
}

/** The keys of layouts and partials that a workflow's steps name. */
export function sharedKeysOf(workflow: Workflow): { layouts: string[]; partials: string[] } {
  const layouts = new Set<string>();
  const partials = new Set<string>();
  for (const { step } of walkChannelSteps(workflow.steps)) {
    if (step.template === null) continue;
    for (const key of partialKeysIn(JSON.stringify([step.template, step.channel_overrides]))) partials.add(key);
    if (!hasTrait(step.channel_type, "hasLayout")) continue;
    const layout = layoutKeyOf(step);
    if (layout !== null) layouts.add(layout);
    for (const { block } of walkBlocks(blocksOf(step))) if (block.type === "partial") partials.add(String(block.key));
  }
  return { layouts: [...layouts], partials: [...partials] };
}

/** What a project has of the things that e-mails name. */
interface SharedKeys {
  layouts: ReadonlyMap<string, EmailLayout>;
  layoutKeys: readonly string[];
  partialKeys: readonly string[];
}

function missing(what: string, key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return `names no ${what} of this project: "${key}"${near === undefined ? "" : `; did you mean "${near}"?`}`;
}

/**
 * Layouts and blocks' partials must exist, and MJML wants a layout of MJML or none (EQ-68, T-129). Throws
 * `workflow_invalid`. A partial that a `render` tag names is looked for when it is rendered (TQ-11).
 */
export function checkSharedKeys(workflow: Workflow, { layouts, layoutKeys, partialKeys }: SharedKeys): void {
  const details: ErrorDetail[] = [];
  const files: string[] = [];
  for (const { step, path } of walkChannelSteps(workflow.steps)) {
    if (!hasTrait(step.channel_type, "hasLayout")) continue;
    const here = [...segmentsOf(path), "template"];
    const complain = (below: PropertyKey[], message: string): void => {
      details.push({ pointer: pointerOf([...here, ...below]), message });
    };
    const key = layoutKeyOf(step);
    const layout = key === null ? undefined : layouts.get(key);
    if (key !== null && layout === undefined && key !== DEFAULT_LAYOUT) {
      complain(["settings", "layout_key"], missing("layout", key, [...layoutKeys, DEFAULT_LAYOUT]));
      files.push(`layouts/${key}/layout.json`);
    }
    if (layout !== undefined && !layout.is_mjml && step.template?.is_mjml === true)
      complain(["is_mjml"], `needs a layout of MJML, which "${key}" is not`);
    for (const { block, path: at } of walkBlocks(blocksOf(step), ["visual_blocks"])) {
      if (block.type === "partial" && !partialKeys.includes(String(block.key))) {
        complain([...at, "key"], missing("partial", String(block.key), partialKeys));
        files.push(`partials/${block.key}/partial.json`);
      }
    }
  }
  const [first] = details;
  if (first === undefined) return;
  throw new KnockError("workflow_invalid", `workflow "${workflow.key}": ${placeOf(first.pointer)} ${first.message}`, {
    details,
    hint: `Fix workflows/${workflow.key}/${files.length === 0 ? "" : `, or add ${[...new Set(files)].join(", ")}`}.`,
  });
}
