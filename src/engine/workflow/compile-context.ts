import type { Workflow } from "../../domain/workflow/workflow.js";
import type { CompileText } from "../liquid/liquid.js";
import type { ParsedSharedTemplates } from "./parse-partials.js";

/** What the compilation of a step needs of the workflow around it. */
export interface CompileContext {
  workflow: Workflow;
  compile: CompileText;
  shared: ParsedSharedTemplates;
}
