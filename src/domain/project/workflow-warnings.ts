import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import type { Finding } from "../schema/check-document.js";
import type { Complain } from "../shape/complain.js";
import { describeUnknownKey } from "../shape/place.js";
import type { ProjectSurroundings } from "../step/step-definition.js";
import { walkRawSteps } from "../steps/parse-steps.js";

const BLOCK = "type id version layout_attrs";
const PADDING = "padding_top padding_right padding_bottom padding_left column_gap horizontal_align";
/** A visual block's own fields, beside those that all have. */
const BLOCKS: Readonly<Record<string, string>> = {
  markdown: "content variant",
  html: "content",
  divider: "",
  image: "url alt action style_attrs",
  button_set: "buttons",
  partial: "key name attrs",
  row: "columns",
};

/** Reports keys of an object that the format does not have there (F-026). */
function checkKeys(value: Json | undefined, path: PropertyKey[], warn: Complain, fields: string): void {
  if (!isJsonObject(value)) return;
  const known = fields.split(/\s+/);
  for (const [key, child] of Object.entries(value)) {
    if (child === null || known.includes(key) || key.startsWith("__") || key.endsWith("@")) continue;
    warn([...path, key], describeUnknownKey(key, nearest(key, known)));
  }
}

const itemsOf = (list: Json | undefined): [number, Json][] => (Array.isArray(list) ? [...list.entries()] : []);

/** Reports unknown keys of visual blocks (section 8 of the format). */
function checkBlocks(list: Json | undefined, path: PropertyKey[], warn: Complain): void {
  for (const [index, block] of itemsOf(list)) {
    if (!isJsonObject(block)) continue;
    const here = [...path, index];
    checkKeys(block, here, warn, `${BLOCK} ${BLOCKS[String(block.type)] ?? ""}`);
    checkKeys(block.layout_attrs, [...here, "layout_attrs"], warn, PADDING);
    checkKeys(block.style_attrs, [...here, "style_attrs"], warn, "width");
    for (const [b, button] of itemsOf(block.buttons)) {
      const at = [...here, "buttons", b];
      checkKeys(button, at, warn, "label action variant size_attrs style_attrs");
      if (!isJsonObject(button)) continue;
      checkKeys(button.size_attrs, [...at, "size_attrs"], warn, "size is_fullwidth");
      const style = "background_color text_color border_color border_radius border_width";
      checkKeys(button.style_attrs, [...at, "style_attrs"], warn, style);
    }
    for (const [c, column] of itemsOf(block.columns)) {
      checkKeys(column, [...here, "columns", c], warn, "blocks");
      if (isJsonObject(column)) checkBlocks(column.blocks, [...here, "columns", c, "blocks"], warn);
    }
  }
}

/**
 * Returns what a workflow file that parses contains without effect: nothing in it is ignored silently (F-026). Its unknown keys
 * are reported by its parser, except those of visual blocks.
 */
export function workflowWarnings(raw: JsonObject, project: ProjectSurroundings): Finding[] {
  const found: Finding[] = [];
  const warn: Complain = (path, message) => void found.push({ path, message });
  const { trigger } = raw;
  if (isJsonObject(trigger) && trigger.type === "event" && !project.hasSource(String(trigger.source_key)))
    warn(["trigger", "source_key"], `has no effect: there is no source "${trigger.source_key}"`);
  for (const { raw: step, definition, path } of walkRawSteps(raw.steps, ["steps"])) {
    definition?.warn?.(step, (below, message) => warn([...path, ...below], message), project);
    if (isJsonObject(step.template))
      checkBlocks(step.template.visual_blocks, [...path, "template", "visual_blocks"], warn);
  }
  return found;
}
