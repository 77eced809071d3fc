import type { StepPreview } from "../../domain/run/step-preview.js";
import type { Step } from "../../domain/step/step.js";
import type { AiAgentStep } from "../../domain/steps/ai-agent.js";
import type { HttpFetchStep } from "../../domain/steps/http-fetch.js";
import type { Advancing, StepEffect } from "../advancing/advancing.js";
import { type Need, NeedsAnswer } from "../context/need.js";
import { RenderError } from "../liquid/liquid.js";
import { executeAiAgent } from "../steps/ai-agent.js";
import { executeHttpFetch } from "../steps/http-fetch.js";

/** Steps that ask something outside, and can be tried alone. */
export type TestedStep = HttpFetchStep | AiAgentStep;

export function isTested(step: Step): step is TestedStep {
  return step.type === "http_fetch" || step.type === "ai_agent";
}

function asked(need: Need): NonNullable<StepPreview["tested"]>["request"] {
  if (need.kind === "fetch") {
    const { method, url, body } = need.request;
    return { method, url, body };
  }
  return need.kind === "agent" ? { model: need.request.model, prompt: need.request.prompt } : null;
}

function resultOf(step: TestedStep, effect: StepEffect): Pick<StepPreview, "reason"> & { data: StepEffect["data"] } {
  const { reason } = effect.outcome;
  if (reason === null) return { reason, data: effect.data };
  // A run would ask again later; a test asks once (E-302).
  const detail = step.type === "http_fetch" ? (reason.detail?.replace(/, try \d of \d$/, "") ?? null) : reason.detail;
  return { reason: { ...reason, detail }, data: undefined };
}

/**
 * A step's test run (E-302, E-410): what it asks, once, and what the data is after it. `requests` keeps what was asked between
 * the two walks that an answer takes.
 */
export function testStep(
  step: TestedStep,
  advancing: Advancing,
  requests: Map<string, ReturnType<typeof asked>>,
): StepPreview {
  const base = { ref: step.ref, channel_type: "", channel: null, contents: [], warnings: [] };
  const tested = (data: StepEffect["data"]) => ({
    type: step.type,
    request: requests.get(step.ref) ?? null,
    data: data ?? null,
  });
  try {
    const effect =
      step.type === "http_fetch" ? executeHttpFetch(step, true, advancing) : executeAiAgent(step, true, advancing);
    const { reason, data } = resultOf(step, effect);
    const after = reason === null ? (data ?? advancing.run.data ?? advancing.input.run.data) : undefined;
    return { ...base, reason, tested: tested(after) };
  } catch (error) {
    if (error instanceof NeedsAnswer && error.need.ref === step.ref) {
      requests.set(step.ref, asked(error.need));
      if (error.need.kind === "agent") error.need.once = true;
    }
    if (!(error instanceof RenderError)) throw error;
    return { ...base, reason: { code: "render_error", detail: error.message }, tested: tested(undefined) };
  }
}
