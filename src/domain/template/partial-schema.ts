import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { anyObject, described, optional, schemaReference } from "../schema/fields.js";
import { FIELD_TYPES, PARTIAL_TYPES } from "./template-partial.js";

/**
 * The schema of a `partial.json` whose content file has been inserted (section 11 of the format, T-100, T-105). It is
 * built when the first partial is read.
 */
export const partialSchema = once(() => {
  const text = (description: string, example?: string) => described(optional(z.string()), description, example);
  const settings = described(optional(anyObject()), 'Settings of the field, such as "required" and "default".');
  const part = optional(
    z.strictObject({
      type: text("The type of the sub-field.", "text"),
      key: text("The key of the sub-field.", "label"),
      label: text("The label of the sub-field.", "Button text"),
      settings,
    }),
  );
  const field = z.strictObject({
    type: described(z.enum(FIELD_TYPES), "The type of the field."),
    key: described(z.string(), "The name of the value in the content."),
    label: text("The display label."),
    settings,
    text: described(part, "The text of a button."),
    action: described(part, "The URL that a button or an image opens."),
    url: described(part, "The URL of an image."),
    alt: described(part, "The alternative text of an image."),
    schema: described(optional(z.unknown()), "The JSON Schema of a json field.", { type: "object" }),
    item_schema: described(optional(z.unknown()), "The JSON Schema of a list field's items."),
    itemSchema: described(optional(z.unknown()), "Alias of item_schema."),
  });
  return described(
    z.strictObject({
      $schema: schemaReference(),
      key: text("The key of the partial: the name of its folder.", "order-line"),
      name: text("The display name."),
      type: described(z.enum(PARTIAL_TYPES), "The format of the content."),
      content: described(z.string(), "The template. It can only read its inputs."),
      description: text("The purpose of the partial.", "One line of an order"),
      icon_name: text("The icon that the editor shows."),
      visual_block_enabled: described(
        optional(z.boolean()),
        "Whether the visual editor offers the partial (default: false). HTML only.",
      ),
      input_schema: described(optional(z.array(field)), "The inputs of the partial. If absent, every input is text."),
      created_at: text("Written by the hosted service."),
      updated_at: text("Written by the hosted service."),
      environment: text("Written by the hosted service."),
      valid: described(optional(z.boolean()), "Written by the hosted service."),
      sha: text("Written by the hosted service."),
    }),
    "A partial: a template that other templates render by its key.",
  );
});
