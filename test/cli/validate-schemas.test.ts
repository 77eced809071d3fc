import { describe, expect } from "vitest";
import { initHello, WORKFLOW } from "../helpers/hello-project.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const place = (line: number, column: number): string => `${WORKFLOW}:${line}:${column}: trigger_data_json_schema`;

describe.concurrent("knock validate checks the data schema of a workflow:", () => {
  it("samples that do not match, with their property and value", async ({ empty }) => {
    const hello = await initHello(empty);
    hello.editWorkflow((workflow) => {
      workflow.trigger_data_json_schema = {
        type: "object",
        required: ["from"],
        properties: { from: { type: "string", default: 7 }, total: { type: "integer", examples: [1, "two"] } },
        examples: [{ from: "Ada", total: 1.5 }, { form: "Ada" }],
      };
    });
    expect(await hello.report()).toEqual([
      `${place(15, 20)}.properties.from.default must be string, found 7 [sample_data_invalid]`,
      `${place(21, 11)}.properties.total.examples[1] must be integer, found "two" [sample_data_invalid]`,
      `${place(28, 18)}.examples[0].total must be integer, found 1.5 [sample_data_invalid]`,
      `${place(30, 7)}.examples[1].from is required, but the data has "form"; did you mean "from"? [sample_data_invalid]`,
    ]);
  });
});
