import * as z from "zod/mini";
import { isJsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { discriminatedUnion } from "../schema/discriminated-union.js";
import {
  described,
  distinct,
  flag,
  listRule,
  optional,
  requiredText,
  schemaReference,
  serviceField,
  stringUpTo,
  text,
  wholeNumber,
} from "../schema/fields.js";
import { jsonSchema } from "../schema/json-schema.js";
import type { FieldType } from "../template/template-partial.js";

type Shape = Record<string, z.ZodMiniType>;

/**
 * The schema of a `message_type.json` whose preview has been inserted (section 12 of the format). It is built when the
 * first one is read.
 */
export const messageTypeSchema = once(() => {
  /**
   * Returns a setting under its name in files and its name in the service's documentation (section 11 of the format).
   */
  const setting = <S extends string, C extends string, T extends z.ZodMiniType>(snake: S, camel: C, schema: T) => ({
    [snake]: schema,
    [camel]: described(schema, `Alias of ${snake}.`),
  });
  const limit = (description: string, example?: unknown) => described(optional(wholeNumber(0)), description, example);
  const bound = (description: string, example?: unknown) => described(optional(z.number()), description, example);
  const valueSchema = jsonSchema("The JSON Schema of the value.", { type: "object" });
  const itemSchema = jsonSchema("The JSON Schema of each item.", { type: "string" });
  const lengths = {
    ...setting("min_length", "minLength", limit("The minimum length, in characters.", 2)),
    ...setting("max_length", "maxLength", limit("The maximum length, in characters.")),
  };
  const common = {
    required: flag("Whether guides must set a value (default: false)."),
    default: described(optional(z.unknown()), "The value for guides that do not set one."),
    description: text('The help text, such as "Shown above the title".'),
    placeholder: described(optional(z.unknown()), "The placeholder of an empty input.", "Your title"),
  };

  const named = {
    key: requiredText("The name by which guides set the value."),
    label: text("The display label."),
  };
  const base = <T extends FieldType>(type: T) => ({
    type: described(z.literal(type), "The type of the field."),
    ...named,
  });
  /** Returns the schema of a field type, with the settings and fields that only this type has. */
  const field = <T extends FieldType, S extends Shape = Record<never, never>, F extends Shape = Record<never, never>>(
    type: T,
    settings?: S,
    fields?: F,
  ) => {
    const all = z.strictObject({ ...common, ...settings });
    const own = { settings: described(optional(all), "Limits, default and help text."), ...fields };
    return z.strictObject({ ...base(type), ...own });
  };
  const option = z.strictObject({
    value: described(z.string(), "The value.", "large"),
    label: text("The display label."),
  });
  const choice = <T extends FieldType>(type: T) => {
    const options = described(z.array(option), "The values to choose from.");
    const settings = z.strictObject(
      { ...common, options },
      { error: ({ input }) => (input == null ? "is required: it contains the options" : undefined) },
    );
    return z.strictObject({ ...base(type), settings: described(settings, "Options, default and help text.") });
  };
  const part = described(
    optional(
      z.strictObject({
        type: text("The type of the part."),
        key: text("The key of the part."),
        label: text("The label of the part."),
        settings: described(optional(z.looseObject(common)), "Default and help text of the part."),
      }),
    ),
    "A part of the value.",
  );
  const numbers = () => ({
    min: bound("The minimum value.", 1),
    max: bound("The maximum value.", 10),
    ...setting("unit_label", "unitLabel", text("The display unit.", "days")),
  });
  const fieldTypes = {
    text: () => field("text", lengths),
    markdown: () => field("markdown"),
    textarea: () => field("textarea", lengths),
    boolean: () => field("boolean"),
    number: () => field("number", numbers()),
    color: () => field("color"),
    select: () => choice("select"),
    multi_select: () => choice("multi_select"),
    button: () => field("button", {}, { text: part, action: part }),
    url: () => field("url"),
    image: () => field("image", {}, { url: part, alt: part, action: part }),
    json: () => field("json", { schema: valueSchema }, { schema: valueSchema }),
    list: () => field("list", setting("item_schema", "itemSchema", itemSchema), { item_schema: itemSchema }),
  } satisfies Record<FieldType, () => z.ZodMiniType>;
  const variantField = discriminatedUnion("type", fieldTypes, { common: () => z.looseObject(named) });

  const variant = z.strictObject({
    key: requiredText('The key of the variant. One variant is called "default".'),
    name: text("The display name."),
    fields: described(z.array(variantField).check(distinct("key", "field")), "The fields for which guides set values."),
  });
  return described(
    z.strictObject({
      $schema: schemaReference(),
      name: described(stringUpTo(255), "The display name."),
      description: described(optional(stringUpTo(280)), "The purpose of the message type."),
      icon_name: text("The icon that the editor shows."),
      preview: described(z.string(), "The HTML and Liquid template of the preview.", "<b>{{ title }}</b>"),
      variants: described(
        z.array(variant).check(
          distinct("key", "variant"),
          listRule((variants, report) => {
            if (!variants.some((candidate) => isJsonObject(candidate) && candidate.key === "default"))
              report([], 'must have one with the key "default"');
          }),
        ),
        "Sets of fields. A guide's step chooses one of them.",
      ),
      key: text("The key of the message type: the name of its folder.", "banner"),
      owner: serviceField(),
      semver: serviceField(),
      valid: serviceField(),
      environment: serviceField(),
      created_at: serviceField(),
      updated_at: serviceField(),
      archived_at: serviceField(),
      deleted_at: serviceField(),
      sha: serviceField(),
    }),
    "A message type: the fields that steps of in-app guides have.",
  );
});

/** A checked `message_type.json`. */
export type MessageTypeFile = z.output<ReturnType<typeof messageTypeSchema>>;
