import * as z from "zod/mini";
import { isJsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { named } from "../schema/fields.js";
import { variant } from "../schema/variant.js";
import { OPERATORS } from "./condition.js";

/**
 * Returns a field of a condition. It accepts any value and passes its type and values only to editors, because
 * `parse-conditions.ts` checks the values: the rules depend on where the conditions are used.
 */
const conditionField = (type: string | undefined, description: string, values?: readonly string[]) =>
  z.optional(z.unknown()).check(
    z.meta({
      description,
      ...(type === undefined ? {} : { type }),
      ...(values === undefined ? {} : { enum: values }),
    }),
  );

const anyValue = once(() => z.unknown());

/** The schema of a single condition (section 6.1 of the format). */
const conditionSchema = once(() =>
  z.strictObject({
    variable: conditionField("string", 'The value to check, such as "data.plan" or "recipient.locale".'),
    operator: conditionField(undefined, "The comparison operator.", OPERATORS),
    argument: conditionField(undefined, "The value to compare with: JSON, a path, or Liquid."),
  }),
);

const conditionListSchema = once(() =>
  z.array(variant({ choose: (item) => selectNodeSchema(item), members: listNodeSchemas })),
);

const allGroupSchema = once(() => z.strictObject({ all: lenientConditionList("Conditions that must all be true.") }));
const anyGroupSchema = once(() =>
  z.strictObject({ any: lenientConditionList("Conditions of which at least one must be true.") }),
);
const emptyGroupSchema = once(() => z.strictObject({}));

/** Returns a schema for a list of conditions and groups. The parser reports values that are not lists. */
function lenientConditionList(description: string) {
  return variant({
    choose: (list) => (Array.isArray(list) ? conditionListSchema() : anyValue()),
    members: () => [conditionListSchema()],
  }).check(z.meta({ description }));
}

const listNodeSchemas = (): z.ZodMiniType[] => [conditionSchema(), allGroupSchema(), anyGroupSchema()];

function selectNodeSchema(node: unknown): z.ZodMiniType {
  if (!isJsonObject(node)) return anyValue();
  return "all" in node ? allGroupSchema() : "any" in node ? anyGroupSchema() : conditionSchema();
}

/** The schema of a group of conditions (F-028 to F-031). */
export const conditionGroupSchema = once(() =>
  named(
    variant<unknown>({
      choose: (group) =>
        isJsonObject(group) && !("all" in group || "any" in group) ? anyValue() : selectNodeSchema(group),
      members: () => [allGroupSchema(), anyGroupSchema(), emptyGroupSchema()],
    }),
    "condition_group",
  ),
);

/** The schema of the groups of a wait step's match conditions (F-033). */
export const matchGroupsSchema = once(() => {
  const group = once(() =>
    z.strictObject({
      operator: conditionField("string", 'Always "and": all conditions of the group must be true.'),
      conditions: z.optional(lenientConditionList("The conditions of the group.")),
    }),
  );
  const groups = once(() =>
    z.array(variant({ choose: (item) => (isJsonObject(item) ? group() : anyValue()), members: () => [group()] })),
  );
  return variant<unknown>({
    choose: (list) => (Array.isArray(list) ? groups() : anyValue()),
    members: () => [groups()],
  });
});
