import type { Guide, GuideField, GuideSet } from "../../domain/guide/guide.js";
import { getGuideVersionId } from "../../domain/guide/guide.js";
import { findTextFile } from "../../domain/template/text-files.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Json, JsonObject } from "../../util/json.js";
import { continueAfterErrors } from "../compile/compile-texts.js";
import { renderMarkdown } from "../liquid/filters/render-markdown.js";
import { type CompileText, createTextCompiler, RenderError, type RenderScope } from "../liquid/liquid.js";

type RenderValue = (scope: RenderScope) => Json;

/** A guide with its content parsed. `contents` are in the order of its steps. */
export interface CompiledGuide {
  guide: Guide;
  version_id: string;
  /** Returns a step's content as a user sees it. Throws RenderError. */
  contents: ((scope: RenderScope) => JsonObject)[];
}

export interface CompiledGuides {
  guides: CompiledGuide[];
  /** Errors in files and in their templates, by guide key. */
  errors: ReadonlyMap<string, KnockError>;
}

/** Parses rendered text into the value of a field of another type. Throws RenderError if it does not match the type. */
function parseRenderedText(type: GuideField["type"], text: string, fieldPath: string): Json {
  if (type === "boolean") return text.trim() === "true";
  if (type === "number") {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value)) throw new RenderError(`${fieldPath} is not a number: "${text}"`);
    return value;
  }
  if (type !== "json" && type !== "list") return text;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RenderError(`${fieldPath} is invalid JSON once rendered`, { cause: error });
  }
}

/** Compiles every text in a value. */
function compileNested(value: Json, fieldPath: string, compile: CompileText): RenderValue {
  if (typeof value === "string") return compile(value, fieldPath);
  if (Array.isArray(value)) {
    const items = value.map((item, index) => compileNested(item, `${fieldPath}[${index}]`, compile));
    return (scope) => items.map((item) => item(scope));
  }
  if (typeof value !== "object" || value === null) return () => value;
  const parts = Object.entries(value).map(
    ([key, child]) => [key, compileNested(child, `${fieldPath}.${key}`, compile)] as const,
  );
  return (scope) => Object.fromEntries(parts.map(([key, part]) => [key, part(scope)]));
}

function compileField({ type, value }: GuideField, fieldPath: string, compile: CompileText): RenderValue {
  if (typeof value !== "string") return compileNested(value, fieldPath, compile);
  const text = compile(value, fieldPath);
  if (type === "markdown") return (scope) => renderMarkdown(text(scope));
  return (scope) => parseRenderedText(type, text(scope), fieldPath);
}

function createGuideCompiler(guide: Guide): CompileText {
  const owner = `guide "${guide.key}"`;
  return createTextCompiler(guide.key, { owner, findFile: (pointer) => findTextFile(guide, pointer) });
}

/** Compiles a guide. Throws `template_invalid` with the location, unless `compile` does not. */
function compileGuide(guide: Guide, compile = createGuideCompiler(guide)): CompiledGuide {
  const contents = guide.steps.map(({ content }, index) => {
    const fields = content.map((field) => {
      const fieldPath = `steps[${index}].values.${field.key}`;
      return [field.key, compileField(field, fieldPath, compile)] as const;
    });
    return (scope: RenderScope): JsonObject => Object.fromEntries(fields.map(([key, render]) => [key, render(scope)]));
  });
  return { guide, version_id: getGuideVersionId(guide), contents };
}

const compiled = new WeakMap<GuideSet, CompiledGuides>();

/**
 * Compiles guides as read from files, once per set. An invalid template is an error of its guide, as an invalid file
 * is.
 */
export function compileGuides(set: GuideSet): CompiledGuides {
  let compiledGuides = compiled.get(set);
  if (compiledGuides === undefined) {
    const errors = new Map(set.errors);
    const guides = set.guides.flatMap((guide) => {
      try {
        return [compileGuide(guide)];
      } catch (error) {
        if (!(error instanceof KnockError)) throw error;
        errors.set(guide.key, error);
        return [];
      }
    });
    compiledGuides = { guides, errors };
    compiled.set(set, compiledGuides);
  }
  return compiledGuides;
}

/** Returns all errors in the templates of a guide. */
export function findGuideErrors(guide: Guide): KnockError[] {
  const errors: KnockError[] = [];
  compileGuide(
    guide,
    continueAfterErrors(createGuideCompiler(guide), (error) => errors.push(error)),
  );
  return errors;
}
