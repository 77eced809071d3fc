import type { TemplatePartial } from "../../domain/template/template-partial.js";
import { findTextFile } from "../../domain/template/text-files.js";
import { parseText, toPointer } from "../liquid/liquid.js";
import { collectTextVariables, findSimilarName, type StepVariable } from "./find-misspelled-variables.js";

/** Variables that loops set. */
const LOOP_ROOTS = ["forloop", "tablerowloop", "continue"];
/** Variables of the other templates, which partials do not have (T-102). */
const RUN_ROOTS =
  "data recipient actor tenant vars workflow activities actors total_activities total_actors run timestamp current_message".split(
    " ",
  );

function readPartialVariables(partial: TemplatePartial): ReturnType<typeof collectTextVariables> {
  const findFile = (fieldPath: string): string | undefined => findTextFile(partial, toPointer(fieldPath));
  return collectTextVariables([[partial.content, "content"]], { parse: parseText, findFile });
}

/** Returns the inputs that a partial declares or reads. */
export function listPartialInputs(partial: TemplatePartial): string[] {
  const { variables, assignedNames } = readPartialVariables(partial);
  const roots = variables.map(({ path }) => String(path[0])).filter((root) => !assignedNames.has(root));
  return [...new Set([...partial.input_schema.map(({ key }) => key), ...roots])];
}

/** Returns the input that was probably meant by another name. */
export const findSimilarInput = (name: string, inputs: readonly string[]): string | undefined =>
  findSimilarName(name, inputs, { isGuarded: false, isClosed: true });

/** Returns why a variable of a partial is undefined in every rendering, or null. */
function describeUndefined(
  { path: [root, key], writtenPath, isGuarded }: StepVariable,
  { type, input_schema }: TemplatePartial,
  passed: readonly string[] | null,
): string | null {
  const name = String(root);
  const fields = input_schema.map((field) => field.key);
  const inputs = [...new Set([...fields, ...(passed ?? [])])];
  // A mistake in the list of a loop is reported where the list is written.
  if (inputs.includes(name) || writtenPath[0] !== name || LOOP_ROOTS.includes(name)) return null;
  const written = writtenPath.join(".");
  if (name === "vars" && type === "html") {
    const isKnown = key === undefined || key === "branding" || isGuarded;
    return isKnown ? null : `${written} is undefined: an HTML partial has only vars.branding`;
  }
  if (RUN_ROOTS.includes(name)) return isGuarded ? null : `${written} is undefined: a partial has only its inputs`;
  if (passed === null) return null;
  const near = findSimilarInput(name, inputs);
  if (near !== undefined)
    return `${written} is undefined; did you mean "${[near, ...writtenPath.slice(1)].join(".")}"?`;
  return isGuarded || fields.length === 0 ? null : `${written} is undefined; the partial has ${inputs.join(", ")}`;
}

/**
 * Returns the variables of a partial that are undefined in every rendering. `passed` are the inputs that templates pass to it; null if
 * not all of these templates are known.
 */
export function findUndefinedPartialVariables(
  partial: TemplatePartial,
  passed: readonly string[] | null,
): { read: StepVariable; message: string }[] {
  const { variables, assignedNames } = readPartialVariables(partial);
  return variables.flatMap((read) => {
    const message = assignedNames.has(String(read.path[0])) ? null : describeUndefined(read, partial, passed);
    return message === null ? [] : [{ read, message }];
  });
}
