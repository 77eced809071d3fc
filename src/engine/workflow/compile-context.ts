import type { Workflow } from "../../domain/workflow/workflow.js";
import type { CompileText } from "../liquid/liquid.js";
import type { ParsedSharedTemplates } from "./parse-partials.js";

/** The parts of a workflow that the compilation of a step uses. */
export interface CompileContext {
  workflow: Workflow;
  compile: CompileText;
  shared: ParsedSharedTemplates;
}
