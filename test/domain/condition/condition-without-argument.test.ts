import { expect, it } from "vitest";
import { parseConditionList } from "../../../src/domain/condition/parse-conditions.js";

function complaints(condition: object): string[] {
  const found: string[] = [];
  parseConditionList([condition], [], { refs: null }, (path, message) => found.push(`${path.join(".")} ${message}`));
  return found;
}

it.each(["greater_than", "less_than_or_equal_to", "is_audience_member"])(
  "E-099 parseConditions rejects %s without an argument, which is never met",
  (operator) => {
    for (const argument of [undefined, null])
      expect(complaints({ variable: "data.total", operator, argument })).toEqual([
        "0.argument is required by this operator",
      ]);
  },
);

it.each([
  ["equal_to", null],
  ["empty", undefined],
  ["greater_than", 0],
  ["greater_than", "{{ data.least }}"],
])("parseConditions accepts %s with %j", (operator, argument) => {
  expect(complaints({ variable: "data.total", operator, argument })).toEqual([]);
});
