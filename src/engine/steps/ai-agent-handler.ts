import { matchesSchema } from "../../domain/data-schema/check-trigger-data.js";
import { describeInvalidJsonShape } from "../../domain/findings/check-json-shape.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import type { AiAgentStep } from "../../domain/step-types/ai-agent-step.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { Json } from "../../util/json.js";
import { PendingQueryError } from "../context/pending-query.js";
import type { AgentResponse } from "../context/resolve-outbound-queries.js";
import { buildResponseLog, getRequestOrigin } from "../execution/request-origin.js";
import type { RunExecution } from "../execution/run-execution.js";
import type { StepEffect } from "../execution/step-effect.js";
import { RenderError, renderText } from "../liquid/liquid.js";
import type { StepHandler } from "./step-handler.js";
import { testStep } from "./test-step.js";

/** Returns the value of a response for `data.<ref>` (E-349), or what is wrong with the response. */
function parseAgentValue(response: AgentResponse, { settings }: AiAgentStep): { value: Json } | { problem: string } {
  if ("error" in response) return { problem: response.error };
  if (settings.response_type === "text")
    return "text" in response
      ? { value: { text: response.text } }
      : { problem: "the model returned JSON, but the step expects text" };
  let value: Json;
  try {
    value = "json" in response ? response.json : JSON.parse(response.text);
  } catch {
    return { problem: "the model's response is not JSON" };
  }
  const problem = describeInvalidJsonShape(value, "the model's response");
  if (problem !== null) return { problem };
  const schema = settings.response_schema;
  const fits = schema === null || matchesSchema(schema, value);
  return fits ? { value } : { problem: "the model's response does not match response_schema" };
}

/**
 * Executes an agent step (section 23) with the project's model or a declared response. On failure the run is halted or
 * continues without a value.
 */
function executeAiAgent(step: AiAgentStep, resumed: boolean, execution: RunExecution): StepEffect {
  const base: StepOutcome = { ref: step.ref, type: "ai_agent", outcome: "passed", reason: null };
  const { input, run, scope } = execution;
  if (!resumed) {
    const unmet = execution.skipByConditions(step, base);
    if (unmet) return unmet;
    return {
      outcome: { ...base, outcome: "waiting", until: toIsoTime(input.now) },
      wait: { until: input.now },
    };
  }
  const fail = (detail: string): StepEffect => {
    const reason = { code: "agent_error", detail } as const;
    if (step.settings.halt_on_error)
      return { haltsRun: true, isError: true, outcome: { ...base, outcome: "failed", reason }, log: { error: detail } };
    return { outcome: { ...base, outcome: "skipped", reason }, isError: true };
  };
  let prompt: string;
  try {
    prompt = renderText(step.settings.request_prompt, scope);
  } catch (error) {
    if (error instanceof RenderError) return fail(error.message); // E-351
    throw error;
  }
  const reply = input.queryResults.get(step.ref) as AgentResponse | undefined;
  if (reply === undefined) {
    const { model, response_type, response_schema, web_search_enabled } = step.settings;
    throw new PendingQueryError({
      kind: "agent",
      ref: step.ref,
      origin: getRequestOrigin(step, execution),
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
  const result = parseAgentValue(reply, step);
  if ("problem" in result) return fail(result.problem);
  return {
    outcome: base,
    data: { ...(run.data ?? input.run.data), [step.ref]: result.value },
    log: buildResponseLog(result.value),
  };
}

export const aiAgentHandler: StepHandler<AiAgentStep> = {
  execute: executeAiAgent,
  // The step sends a request and can be tested alone (E-302, E-410).
  getPreviewMode: () => "named",
  preview: (step, execution) => [testStep(step, execution, { execute: executeAiAgent })],
};
