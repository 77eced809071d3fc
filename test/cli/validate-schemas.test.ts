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

  it("samples of a schema with references", async ({ empty }) => {
    const hello = await initHello(empty);
    hello.editWorkflow((workflow) => {
      const from = { $ref: "#/$defs/name" };
      const $defs = { name: { type: "string", maxLength: 3 } };
      workflow.trigger_data_json_schema = {
        properties: { from },
        $defs,
        examples: [{ from: "Ada" }, { from: "Alan" }],
      };
    });
    expect(await hello.report()).toEqual([
      expect.stringContaining('examples[1].from violates maxLength 3, found "Alan" [sample_data_invalid]'),
    ]);
  });

  it("misspelled keywords, which --fix corrects, but not other keywords", async ({ empty }) => {
    const hello = await initHello(empty);
    const schema = {
      type: "object",
      requird: ["from"],
      properties: {
        from: {
          type: "string",
          minLenght: 1,
          nullable: true,
          note: "x",
          when: 1,
          "x-type": "y",
          id: "z",
          maxlength: "a",
        },
        requird: { anyOf: [{ tpye: "string" }, { enum: ["tpye"] }] },
      },
    };
    hello.editWorkflow((workflow) => void Object.assign(workflow, { trigger_data_json_schema: schema }));
    hello.write(
      "knock/requests/ping/request.json",
      JSON.stringify({ name: "Ping", url: "https://example.com", method: "get", input_schema: { propertes: {} } }),
    );
    const findings = await hello.validate();
    expect(findings.map(({ code, message, suggested_key }) => [code, message, suggested_key])).toEqual([
      ["unknown_key", 'input_schema: unknown key "propertes"; did you mean "properties"?', "properties"],
      ["unknown_key", 'trigger_data_json_schema: unknown key "requird"; did you mean "required"?', "required"],
      [
        "unknown_key",
        'trigger_data_json_schema.properties.from: unknown key "minLenght"; did you mean "minLength"?',
        "minLength",
      ],
      [
        "unknown_key",
        'trigger_data_json_schema.properties.from: unknown key "maxlength"; did you mean "maxLength"?',
        undefined,
      ],
      [
        "unknown_key",
        'trigger_data_json_schema.properties.requird.anyOf[0]: unknown key "tpye"; did you mean "type"?',
        "type",
      ],
    ]);
    await hello.knock(["validate", "--fix"]);
    expect(await hello.report()).toEqual([expect.stringContaining("maxlength")]);
  });
});
