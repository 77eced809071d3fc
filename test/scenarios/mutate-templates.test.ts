import { expect, it } from "vitest";
import { parseWorkflow } from "../../src/domain/workflow/parse-workflow.js";
import { parseText } from "../../src/engine/liquid/liquid.js";
import { listTemplateConditions } from "../../src/engine/liquid/template-conditions.js";
import { mutateTemplates } from "../../src/scenarios/mutate-templates.js";

const POSITION = { step: "feed_1", index: 0, location: null };

/** Returns the changes of the condition in a template of one message, each with its advice. */
function listAdvice(text: string): string[] {
  const step = { ref: "feed_1", type: "channel", channel_key: "in-app-feed", template: { markdown_body: text } };
  const path = ["steps", "0", "template", "markdown_body"];
  const conditions = listTemplateConditions(parseText(text) ?? []).map((condition) => ({
    ...condition,
    ...POSITION,
    path,
    fieldPath: path.join("."),
  }));
  const changes = mutateTemplates(parseWorkflow("digest", { name: "Digest", steps: [step] }), conditions);
  return changes.map((change) => `${change.text}: ${change.advice}`);
}

it.each([
  ["5 <= total", 4, "4 <= total", "excludes", "6 <= total"],
  ["total >= 5", 4, "total >= 4", "excludes", "total >= 6"],
  ["total > 4", 4, "total > 3", "excludes", "total > 5"],
  ["total < 5", 4, "total < 4", "contains", "total < 6"],
  ["5 > total", 4, "4 > total", "contains", "6 > total"],
  ["total <= 4", 4, "total <= 3", "contains", "total <= 5"],
])("names the numbers that decide %s", (condition, value, lower, expectation, higher) => {
  const opposite = expectation === "contains" ? "excludes" : "contains";
  const moves = (text: string) => listAdvice(text).filter((line) => line.includes("becomes"));
  expect(moves(`{% if ${condition} %}x{% endif %}`)).toEqual([
    `${condition} becomes ${lower}: expect \`${expectation}: …\` when total is ${value}`,
    `${condition} becomes ${higher}: expect \`${opposite}: …\` when total is ${value + 1}`,
  ]);
  expect(moves(`{% unless ${condition} %}x{% endunless %}`)[0]).toBe(
    `${condition} becomes ${lower}: expect \`${opposite}: …\` when total is ${value}`,
  );
});

it("names the case that notices other changes of a condition", () => {
  expect(listAdvice("{% if a > b or c %}x{% endif %}{% case plan %}{% when 'pro' %}y{% endcase %}")).toEqual([
    "a > b or c is always true: expect `excludes: …` when a > b or c is false",
    "a > b or c is always false: expect `contains: …` when a > b or c is true",
    "a > b or c becomes a >= b or c: expect `excludes: …` when a equals b",
    "a > b or c becomes a > b and c: expect `contains: …` when one side of `or` is true and the other is false",
    "plan when 'pro' never matches: expect `contains: …` when plan is 'pro'",
  ]);
});
