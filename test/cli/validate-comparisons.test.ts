import { describe, expect } from "vitest";
import { ENVIRONMENT, FEED, initHello, WORKFLOW } from "../helpers/hello-project.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const SCHEMA = {
  type: "object",
  properties: {
    from: { type: "string" },
    n: { type: "integer" },
    isOpen: { type: "boolean" },
    any: { type: ["string", "number"] },
    order: { type: "object", properties: { total: { type: "number" } } },
    items: { type: "array", items: { type: "object", properties: { price: { type: "number" } } } },
  },
};

describe.concurrent("knock validate", () => {
  it("compares types of variables in templates and conditions with those of literals", async ({ empty }) => {
    const hello = await initHello(empty);
    hello.editWorkflow((workflow) => {
      const all = [
        ["data.n", "greater_than", '"3"'],
        ["data.order.total", "equal_to", "free"],
        ["data.from", "not_equal_to", "3"],
        ["data.isOpen", "equal_to", '"true"'],
        // These are valid.
        ["data.n", "greater_than", "3"],
        ["data.n", "less_than", 3.5],
        ["data.from", "equal_to", '"3"'],
        ["data.from", "equal_to", "data.n"],
        ["data.from", "equal_to", "{% if data.n %}x{% endif %}"],
        ["data.from", "contains", "3"],
        ["data.n", "equal_to", null],
        ["data.any", "equal_to", "3"],
        ["recipient.age", "equal_to", "3"],
      ].map(([variable, operator, argument]) => ({ variable, operator, argument }));
      Object.assign(workflow, { trigger_data_json_schema: SCHEMA });
      Object.assign(workflow.steps[1] ?? {}, { conditions: { all } });
    });
    hello.edit(ENVIRONMENT, ({ variables }) => void Object.assign(variables ?? {}, { limit: "5", name: "x" }));
    hello.write(
      FEED,
      [
        '{% if total_activities > "3" %}{% endif %}',
        "{% if from and '3' == data.n %}{% endif %}",
        '{% for item in items %}{% if item.price >= "1" or data.from == 1 %}{% endif %}{% endfor %}',
        "{% case total_activities %}{% when from, '3' %}{% endcase %}",
        // These are valid.
        "{% case total_activities %}{% when 3, '4' %}{% endcase %}{% case from %}{% when n %}{% endcase %}",
        "{% if total_activities > 3 and from == '3' and isOpen == true and n == nil %}{% endif %}",
        "{% if data.any == 3 or data.n == data.from or recipient.age == '3' or data.from contains 3 %}{% endif %}",
        "{% if vars.name == 'x' or vars.limit == '5' %}{% endif %}",
        "{% assign n = '3' %}{% if n == '3' %}{% endif %}",
      ].join("\n"),
    );
    const argument = (index: number): string => `steps[1].conditions.all[${index}].argument does not fit`;
    expect((await hello.validate()).map(({ file, line, column, message }) => [file, line, column, message])).toEqual([
      [FEED, 1, 7, 'total_activities is a number, but is compared with a text: "3"'],
      [FEED, 2, 23, 'data.n is a number, but is compared with a text: "3"'],
      [FEED, 3, 30, 'item.price is a number, but is compared with a text: "1"'],
      [FEED, 3, 51, "data.from is a text, but is compared with a number: 1"],
      [FEED, 4, 9, 'total_activities is a number, but is compared with a text: "3"'],
      [FEED, 8, 27, 'vars.limit is a number, but is compared with a text: "5"'],
      [WORKFLOW, expect.anything(), 25, `${argument(0)}: data.n is a number, but is compared with a text: "3"`],
      [
        WORKFLOW,
        expect.anything(),
        25,
        `${argument(1)}: data.order.total is a number, but is compared with a text: "free"`,
      ],
      [WORKFLOW, expect.anything(), 25, `${argument(2)}: data.from is a text, but is compared with a number: 3`],
      [
        WORKFLOW,
        expect.anything(),
        25,
        `${argument(3)}: data.isOpen is a boolean, but is compared with a text: "true"`,
      ],
    ]);
  });

  it("but not after steps that can change the data", async ({ empty }) => {
    const hello = await initHello(empty);
    hello.editWorkflow(({ steps, ...workflow }) => {
      Object.assign(workflow.trigger_data_json_schema ?? {}, SCHEMA);
      const names = ["data.n", "run.total_activities"];
      const conditions = { all: names.map((variable) => ({ variable, operator: "equal_to", argument: '"3"' })) };
      Object.assign(steps[0] ?? {}, { conditions });
    });
    hello.addStep("update_data", { data: '{ "n": "3" }' });
    hello.write(FEED, '{% if data.n == "3" %}{% endif %}{% if activities.size == "3" %}{% endif %}');
    expect(await hello.report()).toEqual([
      `${FEED}:1:40: activities.size is a number, but is compared with a text: "3" [type_mismatch]`,
      expect.stringContaining('all[1].variable: run.total_activities is a number, but is compared with a text: "3"'),
    ]);
  });
});
