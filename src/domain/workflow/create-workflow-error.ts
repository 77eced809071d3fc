import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { formatPointer } from "../findings/describe-finding.js";
import type { Workflow } from "./workflow.js";

/** Returns a `workflow_invalid` error whose message is the first detail. */
export function createWorkflowError(
  { key }: Workflow,
  details: readonly [ErrorDetail, ...ErrorDetail[]],
  hint: string,
): KnockError {
  const [{ pointer, message }] = details;
  return new KnockError("workflow_invalid", `workflow "${key}": ${formatPointer(pointer)} ${message}`, {
    details,
    hint,
  });
}
