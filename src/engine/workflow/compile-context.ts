import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import { type CompileText, compilePartial } from "../liquid/liquid.js";
import type { ParsedPartial } from "../liquid/partials.js";
import type { SharedTemplates } from "./shared-templates.js";

/** Shared templates with parsed partials, and the errors of those that are invalid. */
interface ParsedSharedTemplates {
  templates: SharedTemplates;
  partials: Map<string, ParsedPartial | KnockError>;
  errors: KnockError[];
}

export function parsePartials(templates: SharedTemplates): ParsedSharedTemplates {
  const errors = [...templates.layouts.values(), ...templates.partials.values()].filter(
    (template) => template instanceof KnockError,
  );
  const partials = new Map<string, ParsedPartial | KnockError>();
  for (const [key, partial] of templates.partials) {
    try {
      partials.set(key, partial instanceof KnockError ? partial : compilePartial(partial));
    } catch (error) {
      if (!(error instanceof KnockError)) throw error;
      errors.push(error);
      partials.set(key, error);
    }
  }
  return { templates, partials, errors };
}

/** The parts of a workflow that the compilation of a step uses. */
export interface CompileContext {
  workflow: Workflow;
  compile: CompileText;
  shared: ParsedSharedTemplates;
}
