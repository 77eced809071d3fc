import * as z from "zod/mini";
import { isJsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { named } from "../schema/fields.js";
import { variant } from "../schema/variant.js";

/**
 * These schemas declare the keys of conditions. What the keys hold is judged by `parse-conditions.ts`, which knows where the
 * conditions stand; editors get its types from here.
 */
const value = (type: string | undefined, description: string) =>
  z.optional(z.unknown()).check(z.meta({ description, ...(type === undefined ? {} : { type }) }));

const anything = once(() => z.unknown());

/** A single condition (section 6.1 of the format). */
const condition = once(() =>
  z.strictObject({
    variable: value("string", 'The value to look at, such as "data.plan" or "recipient.locale".'),
    operator: value("string", 'How the variable is compared with the argument, such as "equal_to".'),
    argument: value(undefined, "The value to compare with: JSON, a path, or Liquid."),
  }),
);

const conditionList = once(() => z.array(variant({ choose: (item) => chooseNode(item), members: nodeMembers })));

const all = once(() => z.strictObject({ all: listOr("Every one of these conditions must be true.") }));
const any = once(() => z.strictObject({ any: listOr("At least one of these conditions must be true.") }));
const none = once(() => z.strictObject({}));

/** A list of conditions and groups; what is not a list is reported by the parser. */
function listOr(description: string) {
  return variant({
    choose: (list) => (Array.isArray(list) ? conditionList() : anything()),
    members: () => [conditionList()],
  }).check(z.meta({ description }));
}

const nodeMembers = (): z.ZodMiniType[] => [condition(), all(), any()];

function chooseNode(node: unknown): z.ZodMiniType {
  if (!isJsonObject(node)) return anything();
  return "all" in node ? all() : "any" in node ? any() : condition();
}

/** A group of conditions (F-028 to F-031). */
export const conditionGroupSchema = once(() =>
  named(
    variant<unknown>({
      choose: (group) => (isJsonObject(group) && !("all" in group || "any" in group) ? anything() : chooseNode(group)),
      members: () => [all(), any(), none()],
    }),
    "condition_group",
  ),
);

/** The groups of a wait step's match conditions (F-033). */
export const matchGroupsSchema = once(() => {
  const group = once(() =>
    z.strictObject({
      operator: value("string", 'Always "and": all conditions of the group must be true.'),
      conditions: z.optional(listOr("The conditions of the group.")),
    }),
  );
  const groups = once(() =>
    z.array(variant({ choose: (one) => (isJsonObject(one) ? group() : anything()), members: () => [group()] })),
  );
  return variant<unknown>({
    choose: (list) => (Array.isArray(list) ? groups() : anything()),
    members: () => [groups()],
  });
});
