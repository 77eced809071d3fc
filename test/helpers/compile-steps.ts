import { parseWorkflow } from "../../src/domain/workflow/parse-workflow.js";
import { compileWorkflow } from "../../src/engine/compile/compile-workflow.js";
import type { CompiledWorkflow } from "../../src/engine/workflow/compiled-workflow.js";
import type { JsonObject } from "../../src/util/json.js";

const NO_SHARED_TEMPLATES = {
  emailLayout: async () => null,
  partial: async () => null,
  request: async () => null,
};

/** Compiles a workflow of a project without layouts, partials and shared requests. */
export function compileSteps(steps: JsonObject[], more: JsonObject = {}): Promise<CompiledWorkflow> {
  return compileWorkflow(parseWorkflow("w", { name: "W", steps, ...more }), NO_SHARED_TEMPLATES);
}

export const smsStep = (text: string, ref = "sms"): JsonObject => ({
  ref,
  type: "channel",
  channel_type: "sms",
  channel_key: "sms",
  template: { text_body: text },
});

export const emailStep = (template: JsonObject, ref = "email"): JsonObject => ({
  ref,
  type: "channel",
  channel_type: "email",
  channel_key: "email",
  template: { subject: "Hi", html_body: "<p>Hi</p>", ...template },
});
