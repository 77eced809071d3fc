import type { EmailLayout } from "../../domain/template/email-layout.js";
import type { TemplatePartial } from "../../domain/template/template-partial.js";
import { findTextFile } from "../../domain/template/text-files.js";
import type { SharedRequest } from "../../domain/workflow/shared-request.js";
import { KnockError } from "../../errors/knock-error.js";
import { isJsonObject } from "../../util/json.js";
import { type CompileText, compilePartial, createTextCompiler } from "../liquid/liquid.js";
import { NO_PARTIALS } from "../liquid/partials.js";
import { compileLayout, createLayoutCompiler } from "../render/email/compile-layout.js";

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

/** Receives an error, so that the compilation continues with the next text. */
export type OnError = (error: KnockError) => void;

/** Returns an error that a user causes. Throws others again. */
export function toKnockError(error: unknown): KnockError {
  if (error instanceof KnockError) return error;
  throw error;
}

/** Returns a compiler that reports errors to `onError`, and compiles an invalid text to an empty one. */
export function continueAfterErrors(compile: CompileText, onError: OnError): CompileText {
  return (source, fieldPath) => {
    try {
      return compile(source, fieldPath);
    } catch (error) {
      onError(toKnockError(error));
      return () => "";
    }
  };
}

/**
 * Compiles the texts of a step that creates no message. They are rendered from their source later; compiling them here
 * reports errors as early as for other templates (F-054).
 */
export function compileTexts(value: unknown, fieldPath: string, compile: CompileText): void {
  if (typeof value === "string") compile(value, fieldPath);
  else if (Array.isArray(value))
    for (const [index, item] of value.entries()) compileTexts(item, `${fieldPath}[${index}]`, compile);
  else if (isJsonObject(value))
    for (const [key, item] of Object.entries(value))
      if (key !== "schema") compileTexts(item, fieldPath === "" ? key : `${fieldPath}.${key}`, compile);
}

/** Compiles the texts of a shared request. Throws `template_invalid`, unless `onError` receives the errors. */
export function compileRequestTexts(request: SharedRequest, onError?: OnError): void {
  const { key, input_schema: _schema, ...texts } = request;
  const findFile = (pointer: string): string | undefined => findTextFile(request, pointer);
  const compile = createTextCompiler("", { owner: `request "${key}"`, findFile });
  compileTexts(texts, "", onError === undefined ? compile : continueAfterErrors(compile, onError));
}
