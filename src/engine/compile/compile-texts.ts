import { findTextFile } from "../../domain/template/text-files.js";
import type { SharedRequest } from "../../domain/workflow/shared-request.js";
import { KnockError } from "../../errors/knock-error.js";
import { isJsonObject } from "../../util/json.js";
import { type CompileText, createTextCompiler } from "../liquid/liquid.js";

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
