import { isJsonObject, type JsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import type { Complain } from "../shape/complain.js";
import {
  anything,
  either,
  flag,
  integer,
  list,
  number,
  object,
  oneOf,
  optional,
  record,
  type Shape,
  text,
} from "../shape/shape.js";

export const BLOCK_TYPES = ["markdown", "html", "image", "divider", "button_set", "partial", "row"] as const;
export type BlockType = (typeof BLOCK_TYPES)[number];

/** Each type's own fields (T-150 to T-157); made when the first block is checked. */
const shapes = once((): Record<BlockType, Shape<unknown>> => {
  const padding = optional(integer(0, 1_000));
  const align = optional(oneOf(["left", "center", "right"]));
  const layoutAttrs = optional(
    object({
      padding_top: padding,
      padding_right: padding,
      padding_bottom: padding,
      padding_left: padding,
      column_gap: padding,
      horizontal_align: align,
    }),
  );

  /** Text that may be Liquid, or a number written as such. */
  const lengthText = optional(either("a length such as 50%", text, number));

  const button = object({
    label: text,
    action: text,
    variant: oneOf(["solid", "outline"]),
    size_attrs: optional(object({ size: optional(oneOf(["sm", "md", "lg"])), is_fullwidth: optional(flag) })),
    style_attrs: optional(
      object({
        background_color: optional(text),
        text_color: optional(text),
        border_color: optional(text),
        border_width: padding,
        border_radius: padding,
      }),
    ),
  });

  return {
    markdown: object({ content: text, variant: optional(oneOf(["default"])), layout_attrs: layoutAttrs }),
    html: object({ content: text, layout_attrs: layoutAttrs }),
    image: object({
      url: text,
      alt: optional(text),
      action: optional(text),
      style_attrs: optional(object({ width: lengthText })),
      layout_attrs: layoutAttrs,
    }),
    divider: object({ layout_attrs: layoutAttrs }),
    button_set: object({ buttons: list(button), layout_attrs: layoutAttrs }),
    partial: object({ key: text, name: optional(text), attrs: optional(record(anything)), layout_attrs: layoutAttrs }),
    row: object({ columns: list(object({ blocks: anything })), layout_attrs: layoutAttrs }),
  };
});

function checkBlock(block: unknown, path: PropertyKey[], complain: Complain, inRow: boolean): void {
  if (!isJsonObject(block)) return complain(path, "must be an object");
  const type = block.type;
  if (!oneOf(BLOCK_TYPES)(type, [...path, "type"], complain)) return;
  const ok = shapes()[type](block, path, complain);
  if (type !== "row" || !ok) return;
  if (inRow) return complain(path, "must not stand in another row (TQ-7)");
  for (const [index, column] of (block.columns as JsonObject[]).entries())
    checkBlocks(column.blocks, [...path, "columns", index, "blocks"], complain, true);
}

function checkBlocks(blocks: unknown, path: PropertyKey[], complain: Complain, inRow: boolean): void {
  if (!Array.isArray(blocks)) return complain(path, "must be a list of blocks");
  for (const [index, block] of blocks.entries()) checkBlock(block, [...path, index], complain, inRow);
}

/** A template's visual blocks (section 8 of the format, F-043): each fault is a complaint with its path. */
export function checkVisualBlocks(blocks: unknown, path: PropertyKey[], complain: Complain): void {
  checkBlocks(blocks, path, complain, false);
}

/** Every block of checked ones with its path below theirs, those in rows after their row. */
export function* walkBlocks(
  blocks: readonly JsonObject[],
  path: PropertyKey[] = [],
): Generator<{ block: JsonObject; path: PropertyKey[] }> {
  for (const [index, block] of blocks.entries()) {
    yield { block, path: [...path, index] };
    const columns = block.type === "row" && Array.isArray(block.columns) ? (block.columns as JsonObject[]) : [];
    for (const [c, column] of columns.entries())
      yield* walkBlocks(column.blocks as JsonObject[], [...path, index, "columns", c, "blocks"]);
  }
}
