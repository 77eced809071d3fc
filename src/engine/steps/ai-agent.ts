import type { StepOutcome } from "../../domain/run/outcome.js";
import { jsonShapeFault } from "../../domain/shape/json-limits.js";
import { fitsSchema } from "../../domain/shape/trigger-data-schema.js";
import type { AiAgentStep } from "../../domain/steps/ai-agent.js";
import { isoTime } from "../../util/iso-time.js";
import type { Json } from "../../util/json.js";
import type { Advancing, StepEffect } from "../advancing/advancing.js";
import { unmetConditions } from "../advancing/step-conditions.js";
import type { AgentReply } from "../context/answer-outside.js";
import { NeedsAnswer } from "../context/need.js";
import { RenderError, renderText } from "../liquid/liquid.js";
import type { EngineStep } from "./engine-step.js";
import { testStep } from "./test-step.js";

/** What the reply leaves under `data.<ref>` (E-349), or what is wrong with it. */
function valueOfReply(reply: AgentReply, { settings }: AiAgentStep): { value: Json } | { fault: string } {
  if ("error" in reply) return { fault: reply.error };
  if (settings.response_type === "text")
    return "text" in reply
      ? { value: { text: reply.text } }
      : { fault: "the model answered JSON, the step wants text" };
  let value: Json;
  try {
    value = "json" in reply ? reply.json : (JSON.parse(reply.text) as Json);
  } catch {
    return { fault: "the model's answer is no JSON" };
  }
  const fault = jsonShapeFault(value, "the model's answer");
  if (fault !== null) return { fault };
  const schema = settings.response_schema;
  const fits = schema === null || fitsSchema(schema, value);
  return fits ? { value } : { fault: "the model's answer does not fit response_schema" };
}

/** An agent step (section 23): a model of the project's, or a declared answer; on failure it halts or goes on without. */
function executeAiAgent(step: AiAgentStep, resumed: boolean, advancing: Advancing): StepEffect {
  const base: StepOutcome = { ref: step.ref, type: "ai_agent", outcome: "passed", reason: null };
  const { input, run, scope } = advancing;
  if (!resumed) {
    const unmet = unmetConditions(step, base, advancing);
    if (unmet) return unmet;
    return {
      outcome: { ...base, outcome: "waiting", until: isoTime(input.now) },
      wait: { until: input.now },
    };
  }
  const fail = (detail: string): StepEffect => {
    const reason = { code: "agent_error", detail } as const;
    if (step.settings.halt_on_error)
      return { halt: true, error: true, outcome: { ...base, outcome: "failed", reason }, log: { error: detail } };
    return { outcome: { ...base, outcome: "skipped", reason }, error: true };
  };
  let prompt: string;
  try {
    prompt = renderText(step.settings.request_prompt, scope);
  } catch (error) {
    if (error instanceof RenderError) return fail(error.message); // E-351
    throw error;
  }
  const reply = input.answers.get(step.ref) as AgentReply | undefined;
  if (reply === undefined) {
    const { model, response_type, response_schema, web_search_enabled } = step.settings;
    throw new NeedsAnswer({
      kind: "agent",
      ref: step.ref,
      request: {
        workflow: input.run.workflow,
        step: step.ref,
        model,
        prompt,
        response_type,
        response_schema,
        web_search_enabled,
      },
    });
  }
  const result = valueOfReply(reply, step);
  if ("fault" in result) return fail(result.fault);
  return { outcome: base, data: { ...(run.data ?? input.run.data), [step.ref]: result.value } };
}

export const aiAgent: EngineStep<AiAgentStep> = {
  execute: executeAiAgent,
  // It asks outside, and can be tried alone (E-302, E-410).
  previews: () => "named",
  preview: (step, previewing) => [testStep(step, previewing, { execute: executeAiAgent })],
};
