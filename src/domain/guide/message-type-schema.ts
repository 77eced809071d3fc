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
  const setting = <S extends string, C extends string, T extends z.ZodMiniType>(snake: S, camel: C, schema: T) =>
    ({ [snake]: schema, [camel]: described(schema, `The same as ${snake}.`) }) as Record<S | C, T>;
  const limit = (description: string) => described(optional(wholeNumber(0)), description);
  const bound = (description: string) => described(optional(z.number()), description);
  const valueSchema = jsonSchema("The JSON Schema of the value.");
  const itemSchema = jsonSchema("The JSON Schema of each item.");
  const lengths = {
    ...setting("min_length", "minLength", limit("The shortest text, in characters.")),
    ...setting("max_length", "maxLength", limit("The longest text, in characters.")),
  };
  const common = {
    required: flag("Whether guides must give a value (default: false)."),
    default: described(optional(z.unknown()), "The value of guides that give none."),
    description: text("The help that people read."),
    placeholder: described(optional(z.unknown()), "What an empty input shows."),
  };

  const named = {
    key: requiredText("The name under which guides give the value."),
    label: text("The label that people read."),
  };
  const base = <T extends FieldType>(type: T) => ({
    type: described(z.literal(type), "What the field takes."),
    ...named,
  });
  /** Returns the schema of a field type, with the settings and fields that only this type has. */
  const field = <T extends FieldType, S extends Shape = Record<never, never>, F extends Shape = Record<never, never>>(
    type: T,
    settings?: S,
    fields?: F,
  ) => {
    const all = z.strictObject({ ...common, ...(settings as S) });
    const own = { settings: described(optional(all), "Limits, the default and help."), ...(fields as F) };
    return z.strictObject({ ...base(type), ...own });
  };
  const option = z.strictObject({
    value: described(z.string(), "The value."),
    label: text("The label that people read."),
  });
  const choice = <T extends FieldType>(type: T) => {
    const options = described(z.array(option), "The values to choose from.");
    const settings = z.strictObject(
      { ...common, options },
      { error: ({ input }) => (input == null ? "is required: it has the options" : undefined) },
    );
    return z.strictObject({ ...base(type), settings: described(settings, "The options, the default and help.") });
  };
  const part = described(
    optional(
      z.strictObject({
        type: text("The type of the part."),
        key: text("The key of the part."),
        label: text("The label of the part."),
        settings: described(optional(z.looseObject(common)), "The default of the part, and help."),
      }),
    ),
    "A part of the value.",
  );
  const numbers = () => ({
    min: bound("The smallest number."),
    max: bound("The largest number."),
    ...setting("unit_label", "unitLabel", text("The unit that people read.")),
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
    name: text("The name that people read."),
    fields: described(z.array(variantField).check(distinct("key", "field")), "What guides give values for."),
  });
  return described(
    z.strictObject({
      $schema: schemaReference(),
      name: described(stringUpTo(255), "The name that people read."),
      description: described(optional(stringUpTo(280)), "What the message type is for."),
      icon_name: text("The icon that the editor shows."),
      preview: described(z.string(), "The HTML and Liquid template of the preview."),
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
      key: text("The key of the message type: the name of its folder."),
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
