import type { StepPreview } from "../../domain/run/step-preview.js";
import type { Step } from "../../domain/step/step.js";
import type { Advancing, StepEffect } from "../advancing/advancing.js";
import type { Previewing } from "../advancing/previewing.js";
import { type Need, NeedsAnswer } from "../context/need.js";
import { RenderError } from "../liquid/liquid.js";

function asked(need: Need): NonNullable<StepPreview["tested"]>["request"] {
  if (need.kind === "fetch") {
    const { method, url, body } = need.request;
    return { method, url, body };
  }
  return need.kind === "agent" ? { model: need.request.model, prompt: need.request.prompt } : null;
}

interface Trial<S extends Step> {
  execute(step: S, resumed: boolean, advancing: Advancing): StepEffect;
  /** Returns the detail of a reason without what only a run would tell. */
  detailOf?(detail: string): string;
}

/**
 * Tries a step (E-302, E-410): what it asks, once, and what the data is after it. The tools of the preview keep what was asked
 * between the two walks that an answer takes.
 */
export function testStep<S extends Step>(
  step: S,
  previewing: Previewing,
  { execute, detailOf = (detail) => detail }: Trial<S>,
): StepPreview {
  const { requests } = previewing.tools;
  const base = { ref: step.ref, channel_type: "", channel: null, contents: [], warnings: [] };
  const tested = (data: StepEffect["data"]) => ({
    type: step.type,
    request: requests.get(step.ref) ?? null,
    data: data ?? null,
  });
  try {
    const { outcome, data } = execute(step, true, previewing);
    const { reason } = outcome;
    if (reason === null) {
      const after = data ?? previewing.run.data ?? previewing.input.run.data;
      return { ...base, reason, tested: tested(after) };
    }
    const detail = reason.detail === null ? null : detailOf(reason.detail);
    return { ...base, reason: { ...reason, detail }, tested: tested(undefined) };
  } catch (error) {
    if (error instanceof NeedsAnswer && error.need.ref === step.ref) {
      requests.set(step.ref, asked(error.need));
      if (error.need.kind === "agent") error.need.once = true;
    }
    if (!(error instanceof RenderError)) throw error;
    return { ...base, reason: { code: "render_error", detail: error.message }, tested: tested(undefined) };
  }
}
