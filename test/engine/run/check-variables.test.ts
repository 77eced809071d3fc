import { describe, expect, it } from "vitest";
import { createDefaultEnvironment } from "../../../src/domain/environment/environment.js";
import { buildUnidentifiedRecipient, toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import { parseTrigger } from "../../../src/domain/trigger/parse-trigger.js";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";
import { compileWorkflow } from "../../../src/engine/compile/compile-workflow.js";
import type { EngineContext } from "../../../src/engine/context/engine-context.js";
import { checkVariables } from "../../../src/engine/run/check-variables.js";
import { systemIds } from "../../../src/util/ids.js";
import type { JsonObject } from "../../../src/util/json.js";

const NO_SHARED_TEMPLATES = {
  emailLayout: async () => null,
  partial: async () => null,
  request: async () => null,
};

/** Returns what a trigger for ada is warned about. */
async function warned(text: string, data: JsonObject, triggerData?: JsonObject): Promise<string[]> {
  const step = { ref: "sms", type: "channel", channel_type: "sms", channel_key: "sms", template: { text_body: text } };
  const compiled = await compileWorkflow(parseWorkflow("w", { name: "W", steps: [step] }), NO_SHARED_TEMPLATES);
  const ada = triggerData === undefined ? "ada" : { id: "ada", $trigger_data: triggerData };
  const { trigger } = parseTrigger({ recipients: [ada], data }, "w");
  const key = toRecipientKey("ada");
  const known = new Map([[key, { ...buildUnidentifiedRecipient(key, 0), properties: { name: "Ada" } }]]);
  const context = { ids: systemIds } as EngineContext<unknown>;
  const environment = createDefaultEnvironment();
  const warnings = checkVariables(context, { trigger, compiled, environment, now: 0 }, known);
  return warnings.map((warning) => warning.replace(/^.*: /, ""));
}

describe("checkVariables", () => {
  it("accepts variables of the trigger data, with and without `data`", async () => {
    expect(await warned("{{ page }} {{ data.page }} {{ order.total }}", { page: "Home", order: { total: 3 } })).toEqual(
      [],
    );
  });

  it("reports a misspelled variable beside defined ones", async () => {
    expect(await warned("{{ page }} {{ order.totl }}", { page: "Home", order: { total: 3 } })).toEqual([
      'order.totl is undefined; did you mean "order.total"?',
    ]);
  });

  it("E-074 reports a variable of the recipient that only the trigger data has", async () => {
    expect(await warned("{{ recipient.naem }}", { recipient: { naem: "Ada" } })).toEqual([
      'recipient.naem is undefined; did you mean "recipient.name"?',
    ]);
  });

  it("EQ-08 reports a variable that the recipient's own trigger data replaces", async () => {
    expect(await warned("{{ order.totl }}", { order: { totl: 3 } }, { order: { total: 3 } })).toEqual([
      'order.totl is undefined; did you mean "order.total"?',
    ]);
  });
});
