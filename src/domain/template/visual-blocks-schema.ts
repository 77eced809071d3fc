import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { discriminatedUnion } from "../schema/discriminated-union.js";
import { anyObject, choice, described, flag, named, optional, text, typeUnion, wholeNumber } from "../schema/fields.js";

const BLOCK_TYPES = ["markdown", "html", "image", "divider", "button_set", "partial", "row"] as const;
export type BlockType = (typeof BLOCK_TYPES)[number];

/**
 * The schema of an email's visual blocks (section 8 of the format, T-150 to T-157, F-043). It is built when the first
 * blocks are checked.
 */
export const visualBlocksSchema = once(() => {
  const required = (description: string, example?: unknown) => described(z.string(), description, example);
  const pixels = (description: string, example?: unknown) =>
    described(optional(wholeNumber(0, 1_000)), description, example);
  const layout = described(
    optional(
      named(
        z.strictObject({
          padding_top: pixels("Space above, in pixels (default: 8).", 16),
          padding_right: pixels("Space to the right, in pixels (default: 4).", 12),
          padding_bottom: pixels("Space below, in pixels (default: 8).", 16),
          padding_left: pixels("Space to the left, in pixels (default: 4).", 12),
          column_gap: pixels("Space between columns or buttons, in pixels (default: 8).", 16),
          horizontal_align: choice(["left", "center", "right"], "The alignment (default: left)."),
        }),
        "layout_attrs",
      ),
    ),
    "Spacing and alignment.",
  );
  const button = z.strictObject({
    label: required("The text of the button (Liquid).", "Open"),
    action: required("The URL that the button opens (Liquid).", "{{ vars.app_url }}"),
    variant: described(z.enum(["solid", "outline"]), "The style of the button."),
    size_attrs: described(
      optional(
        z.strictObject({
          size: choice(["sm", "md", "lg"], "The size (default: md)."),
          is_fullwidth: flag("Whether the button is as wide as the email (default: false)."),
        }),
      ),
      "The size of the button.",
    ),
    style_attrs: described(
      optional(
        z.strictObject({
          background_color: text("A color, or a branding color such as primary_color."),
          text_color: text("A color, or a branding color such as primary_color_contrast."),
          border_color: text("A color, or a branding color such as primary_color."),
          border_width: pixels("The width of the border, in pixels.", 1),
          border_radius: pixels("The radius of the corners, in pixels.", 4),
        }),
      ),
      "The colors and the border of the button.",
    ),
  });
  const image = z.strictObject({
    width: described(
      optional(typeUnion("a length such as 50%", [z.string(), z.number()])),
      "The width of the image.",
      "50%",
    ),
  });
  const common = {
    id: described(optional(z.unknown()), "The ID of the block.", "intro"),
    version: described(optional(z.unknown()), "The version of the block's format: 1.", 1),
  };
  const unknownBlock = once(() => z.looseObject({ ...common, layout_attrs: layout }));
  const buildBlockSchema = <T extends BlockType, F extends Record<string, z.ZodMiniType>>(type: T, fields: F) =>
    once(() =>
      named(
        z.strictObject({
          type: described(z.literal(type), "The type of the block."),
          ...common,
          ...fields,
          layout_attrs: layout,
        }),
        `${type}_block`,
      ),
    );
  const members = {
    markdown: buildBlockSchema("markdown", {
      content: required("Markdown with Liquid.", "Hello, **{{ recipient.name }}**"),
      variant: choice(["default"], "The style of the text."),
    }),
    html: buildBlockSchema("html", { content: required("HTML with Liquid.", "<p>Hello, {{ recipient.name }}</p>") }),
    image: buildBlockSchema("image", {
      url: required("The URL of the image (Liquid).", "https://app.example.com/banner.png"),
      alt: text("The alternative text (Liquid).", "A new feature"),
      action: text("The URL that the image opens (Liquid).", "{{ vars.app_url }}"),
      style_attrs: described(optional(image), "The size of the image."),
    }),
    divider: buildBlockSchema("divider", {}),
    button_set: buildBlockSchema("button_set", { buttons: described(z.array(button), "The buttons.") }),
    partial: buildBlockSchema("partial", {
      key: required("The key of the partial.", "sign-off"),
      name: text("The display name."),
      attrs: described(optional(anyObject()), "The values of the partial's inputs (Liquid).", {
        name: "{{ recipient.name }}",
      }),
    }),
  };
  const list = (block: z.ZodMiniType) => z.array(block, { error: "must be a list of blocks" });
  const blocksInRow = { ...members, row: once(() => z.never({ error: "cannot be inside another row" })) };
  const column = z.strictObject({
    blocks: described(
      list(discriminatedUnion("type", blocksInRow, { common: unknownBlock })),
      "The blocks of the column, from top to bottom.",
    ),
  });
  return described(
    list(
      discriminatedUnion(
        "type",
        {
          ...members,
          row: buildBlockSchema("row", { columns: described(z.array(column), "The columns, from left to right.") }),
        } satisfies Record<BlockType, () => z.ZodMiniType>,
        { common: unknownBlock },
      ),
    ),
    "The body as blocks, from top to bottom.",
  );
});
