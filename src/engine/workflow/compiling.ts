import type { Workflow } from "../../domain/workflow/workflow.js";
import type { CompileText } from "../liquid/liquid.js";
import type { Shared } from "./parse-partials.js";

/** What the compilation of a step needs of the workflow around it. */
export interface Compiling {
  workflow: Workflow;
  compile: CompileText;
  shared: Shared;
}
