import type { StepPreview } from "../../domain/run/step-preview.js";
import type { Step } from "../../domain/step/step.js";
import { type PendingQuery, PendingQueryError } from "../context/pending-query.js";
import type { PreviewExecution } from "../execution/preview-execution.js";
import type { RunExecution } from "../execution/run-execution.js";
import type { StepEffect } from "../execution/step-effect.js";
import { renderWithinLimit } from "../liquid/limit-rendering.js";
import { RenderError } from "../liquid/liquid.js";

function toTestedRequest(query: PendingQuery): NonNullable<StepPreview["tested"]>["request"] {
  if (query.kind === "fetch") {
    const { method, url, body } = query.request;
    return { method, url, body };
  }
  return query.kind === "agent" ? { model: query.request.model, prompt: query.request.prompt } : null;
}

interface StepTest<S extends Step> {
  execute(step: S, resumed: boolean, execution: RunExecution): StepEffect;
  /** Returns the detail of a reason without the parts that apply only to runs. */
  formatDetail?(detail: string): string;
}

/**
 * Tests a step (E-302, E-410): sends its request once, and returns the request and the data after the step. The step is
 * executed again with the response, so the preview's tools keep the request in between.
 */
export function testStep<S extends Step>(
  step: S,
  execution: PreviewExecution,
  { execute, formatDetail = (detail) => detail }: StepTest<S>,
): StepPreview {
  const { requests } = execution.tools;
  const base = { ref: step.ref, channel_type: "", channel: null, contents: [], warnings: [] };
  const buildTested = (data: StepEffect["data"]) => ({
    type: step.type,
    request: requests.get(step.ref) ?? null,
    data: data ?? null,
  });
  try {
    const { outcome, data } = renderWithinLimit(() => execute(step, true, execution));
    const { reason } = outcome;
    if (reason === null) {
      const after = data ?? execution.run.data ?? execution.input.run.data;
      return { ...base, reason, tested: buildTested(after) };
    }
    const detail = reason.detail === null ? null : formatDetail(reason.detail);
    return { ...base, reason: { ...reason, detail }, tested: buildTested(undefined) };
  } catch (error) {
    if (error instanceof PendingQueryError && error.query.ref === step.ref) {
      requests.set(step.ref, toTestedRequest(error.query));
      if (error.query.kind === "agent") error.query.singleAttempt = true;
    }
    if (!(error instanceof RenderError)) throw error;
    return { ...base, reason: { code: "render_error", detail: error.message }, tested: buildTested(undefined) };
  }
}
