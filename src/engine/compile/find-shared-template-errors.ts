import type { EmailLayout } from "../../domain/template/email-layout.js";
import type { TemplatePartial } from "../../domain/template/template-partial.js";
import type { SharedRequest } from "../../domain/workflow/shared-request.js";
import type { KnockError } from "../../errors/knock-error.js";
import { compilePartial } from "../liquid/liquid.js";
import { NO_PARTIALS } from "../liquid/partials.js";
import { compileLayout, createLayoutCompiler } from "../render/email/compile-layout.js";
import { compileRequestTexts, continueAfterErrors, toKnockError } from "./compile-texts.js";

/** Returns the error in a partial's template, also if no workflow uses the partial. */
export function findPartialErrors(partial: TemplatePartial): KnockError[] {
  try {
    compilePartial(partial);
    return [];
  } catch (error) {
    return [toKnockError(error)];
  }
}

/** Returns all errors in a layout's templates, also if no workflow uses the layout. */
export async function findLayoutErrors(layout: EmailLayout): Promise<KnockError[]> {
  const errors: KnockError[] = [];
  await compileLayout(
    layout,
    continueAfterErrors(createLayoutCompiler(layout, NO_PARTIALS), (error) => errors.push(error)),
    false,
  );
  return errors;
}

/** Returns all errors in the templates of a shared request, also if no workflow uses it. */
export function findRequestErrors(request: SharedRequest): KnockError[] {
  const errors: KnockError[] = [];
  compileRequestTexts(request, (error) => errors.push(error));
  return errors;
}
