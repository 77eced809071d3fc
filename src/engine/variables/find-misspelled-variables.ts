import { BUILT_IN_VARIABLES } from "../../domain/environment/built-in-variables.js";
import type { Step } from "../../domain/step/step.js";
import { ScopeChanges } from "../../domain/step-types/scope-changes.js";
import { getStepDefinition } from "../../domain/step-types/step-definitions.js";
import { walkSteps } from "../../domain/step-types/walk-steps.js";
import { hasLiquid } from "../../domain/template/has-liquid.js";
import { BUILT_IN_PROPERTIES, isExtended } from "../../domain/validation/list-declared-properties.js";
import { findNearest } from "../../util/find-nearest.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { ParsedText, RenderScope } from "../liquid/liquid.js";
import { ITEM, type PathKey, readVariables, type VariableRead } from "../liquid/read-variables.js";
import { buildScopeSchema, SYSTEM_ROOTS } from "./scope-schema.js";

/** A variable of a step's template, with the location of its text. */
export interface StepVariable extends VariableRead {
  fieldPath: string;
  /** The display path of the text's own file. Undefined if the workflow's file contains the text. */
  file: string | undefined;
}

/** The variables that texts read. */
export interface TextVariables {
  variables: StepVariable[];
  /** Names that the texts set. All texts of a step can see them (T-123). */
  assignedNames: ReadonlySet<string>;
  /** Root variables to which earlier steps can add any property. */
  extensibleRoots: ReadonlySet<string>;
  /** Properties that earlier steps can add to the data. */
  addedData: readonly string[];
}

/** All variables that the templates of a step read. */
export interface StepVariables extends TextVariables {
  ref: string;
}

interface MisspelledVariable {
  read: StepVariable;
  path: string;
  suggestion: string;
  /** The warning: the location, the path, and the suggestion. */
  text: string;
}

/** The workflow's schema of the trigger data. Null without one. */
export type DataSchema = JsonObject | null;

/** Limits the items of a list in which a property is searched. */
const MAX_LIST_ITEMS = 50;

/** Root variables and keys that only some steps or runs have, so that they can be missing from a scope. */
const OPTIONAL_ROOTS = ["refs", "inputs", "current_message", "forloop", "tablerowloop", "continue", "object"];
const OPTIONAL_KEYS: Readonly<Record<string, readonly string[]>> = {
  recipient: ["subscription", "schedule"],
  vars: BUILT_IN_VARIABLES,
};
/** Properties of users, objects and tenants that the API documents. A recipient need not have all of them. */
const RECIPIENT_PROPERTIES =
  "id name email phone_number avatar timezone locale created_at updated_at collection preferences".split(" ");
const RECIPIENT_ROOTS = new Set(["recipient", "actor", "tenant"]);
/** Root variables whose keys are all known, so that any other key is a mistake. */
export const CLOSED_ROOTS: ReadonlySet<string> = new Set(["workflow", "run"]);

export function isOptional(path: readonly PathKey[], index: number): boolean {
  const [root] = path;
  const key = String(path[index]);
  if (index === 0) return OPTIONAL_ROOTS.includes(key);
  if (BUILT_IN_PROPERTIES.includes(key)) return true;
  if (index > 1 && root !== "activities" && root !== "actors") return false;
  if (RECIPIENT_ROOTS.has(String(root)) && index === 1 && RECIPIENT_PROPERTIES.includes(key)) return true;
  if ((root === "actors" || root === "activities") && RECIPIENT_PROPERTIES.includes(key)) return true;
  return index === 1 && (OPTIONAL_KEYS[String(root)]?.includes(key) ?? false);
}

/** Returns the schemas of a property or of a list's items. Null if a schema does not determine which properties exist. */
export function getSchemasBelow(schemas: readonly JsonObject[], key: PathKey): JsonObject[] | null {
  const below: JsonObject[] = [];
  for (const schema of schemas) {
    if (isExtended(schema)) return null;
    const found: Json | undefined =
      typeof key === "number"
        ? schema.items
        : isJsonObject(schema.properties) && Object.hasOwn(schema.properties, key)
          ? schema.properties[key]
          : undefined;
    if (isJsonObject(found)) below.push(found);
    else if (found !== undefined) return null;
  }
  return below;
}

function collectPropertyNames(schemas: readonly JsonObject[]): string[] {
  return schemas.flatMap(({ properties }) => (isJsonObject(properties) ? Object.keys(properties) : []));
}

const sortLetters = (name: string): string => [...name].sort().join("");
const removeDigits = (name: string): string => name.replace(/\d+/g, "");

/**
 * Returns the name that was probably meant. Names that differ in a number, short names that differ in a letter (`name`,
 * `game`; but not where all names are known) and, if the template handles a missing value, singular and plural are not
 * considered similar.
 */
export function findSimilarName(
  typed: string,
  candidates: readonly string[],
  { isGuarded, isClosed }: { isGuarded: boolean; isClosed: boolean },
): string | undefined {
  const near = findNearest(typed, candidates, typed.length >= 7 && !isGuarded ? 2 : 1);
  if (near === undefined || removeDigits(near) === removeDigits(typed)) return undefined;
  if (!isClosed && typed.length < 5 && near.length === typed.length && sortLetters(near) !== sortLetters(typed))
    return undefined;
  if (isGuarded && (near === `${typed}s` || typed === `${near}s`)) return undefined;
  return near;
}

/** Returns the path of a variable in the data of the trigger; null for other variables. */
export function findDataPath(
  { path }: StepVariable,
  { assignedNames }: Pick<TextVariables, "assignedNames">,
): readonly PathKey[] | null {
  const name = String(path[0]);
  if (name === "data") return path.slice(1);
  return SYSTEM_ROOTS.includes(name) || assignedNames.has(name) || OPTIONAL_ROOTS.includes(name) ? null : path;
}

interface MisspelledKey {
  index: number;
  near: string;
  isInData: boolean;
}

/** Returns whether the name at an index of a path is a name in the trigger's data, which templates also read without `data.`. */
function isPartOfData(path: readonly PathKey[], index: number, name: string, scopes: readonly unknown[]): boolean {
  const root = index === 0 ? name : String(path[0]);
  if (root === "data") return true;
  return scopes.some(
    (scope) =>
      isJsonObject(scope) &&
      isJsonObject(scope.data) &&
      Object.hasOwn(scope.data, root) &&
      scope.data[root] === scope[root],
  );
}

/**
 * Returns the index of the first unknown key of a path, and the name that was probably meant. A key is known if it is in one
 * of the scopes or in the trigger's schema, or if it is optional. Null if all keys are known or no name is similar.
 * `isInData` says that only the trigger's data has the similar name, so that either side can have the mistake.
 */
function findMisspelledKey(
  read: VariableRead,
  scopes: readonly unknown[],
  schema: DataSchema,
  assignedNames: ReadonlySet<string>,
): MisspelledKey | null {
  let values: unknown[] = [...scopes];
  let schemas: JsonObject[] = [buildScopeSchema(schema)];
  for (const [index, key] of read.path.entries()) {
    const below = getSchemasBelow(schemas, key);
    if (below === null) return null;
    if (typeof key === "number") {
      const lists = values.filter((value) => Array.isArray(value));
      values = lists.flatMap((list) => (key === ITEM ? list.slice(0, MAX_LIST_ITEMS) : list.at(key)));
    } else {
      const objects = values.filter(isJsonObject);
      const isKnown =
        collectPropertyNames(schemas).includes(key) || objects.some((object) => Object.hasOwn(object, key));
      if (!isKnown) {
        if (isOptional(read.path, index) || (index === 0 && assignedNames.has(key))) return null;
        const candidates = [
          ...new Set([
            ...objects.flatMap((object) => Object.keys(object)),
            ...collectPropertyNames(schemas),
            ...(index === 1 && objects.length > 0 && RECIPIENT_ROOTS.has(String(read.path[0]))
              ? RECIPIENT_PROPERTIES
              : []),
          ]),
        ];
        const near = findSimilarName(key, index === 0 ? [...candidates, ...assignedNames] : candidates, {
          isGuarded: read.isGuarded,
          isClosed: index === 1 && CLOSED_ROOTS.has(String(read.path[0])),
        });
        if (near === undefined) return null;
        const isDeclared = collectPropertyNames(schemas).includes(near) || assignedNames.has(near);
        return { index, near, isInData: !isDeclared && isPartOfData(read.path, index, near, scopes) };
      }
      values = objects.flatMap((object) => (Object.hasOwn(object, key) ? [object[key]] : []));
    }
    schemas = below;
    if (values.length === 0 && schemas.length === 0) return null;
  }
  return null;
}

function toMisspelledVariable(read: StepVariable, found: MisspelledKey | null): MisspelledVariable | null {
  // A mistake in the value of a loop variable or assigned name is reported where that value is written.
  const index = found === null ? -1 : found.index - (read.path.length - read.writtenPath.length);
  if (found === null || index < 0 || (index === 0 && read.path.length !== read.writtenPath.length)) return null;
  const path = read.writtenPath.join(".");
  const suggestion = read.writtenPath.with(index, found.near).join(".");
  const { fieldPath, file, line, column } = read;
  const location = file === undefined ? `${fieldPath}, line ${line}, column ${column}` : `${file}:${line}:${column}`;
  const problem = found.isInData
    ? `the template reads "${path}", and the data has "${suggestion.replace(/^data\./, "")}"`
    : `${path} is undefined; did you mean "${suggestion}"?`;
  return { read, path, suggestion, text: `${location}: ${problem}` };
}

/** Returns a scope with the properties that earlier steps can add to the data. */
function buildAddedScope({ addedData }: Pick<TextVariables, "addedData">): RenderScope {
  const data = Object.fromEntries(addedData.map((name) => [name, null]));
  return { ...data, data };
}

/**
 * Returns the likely misspelled variables of a step, because Liquid prints nothing for them. They are undefined in all given
 * scopes, and their name is similar to a defined one.
 */
export function findMisspelledVariables(
  { variables, assignedNames, extensibleRoots, addedData }: TextVariables,
  scopes: readonly RenderScope[],
  schema: DataSchema,
): MisspelledVariable[] {
  const known = addedData.length === 0 ? scopes : [...scopes, buildAddedScope({ addedData })];
  return variables.flatMap((read) => {
    const [root] = read.path;
    if (extensibleRoots.has(String(root))) return [];
    // A name without a root can be a property of the data.
    if (extensibleRoots.has("data") && !known.some((scope) => Object.hasOwn(scope, String(root)))) return [];
    return toMisspelledVariable(read, findMisspelledKey(read, known, schema, assignedNames)) ?? [];
  });
}

/** Yields the texts of a template that contain Liquid, with their field paths. */
export function* collectTexts(value: unknown, fieldPath: string): Generator<[text: string, fieldPath: string]> {
  if (typeof value === "string") {
    if (hasLiquid(value)) yield [value, fieldPath];
  } else if (Array.isArray(value))
    for (const [index, item] of value.entries()) yield* collectTexts(item, `${fieldPath}[${index}]`);
  else if (isJsonObject(value))
    for (const [key, item] of Object.entries(value))
      if (key !== "schema") yield* collectTexts(item, `${fieldPath}.${key}`);
}

/** Parses texts and returns their files. */
interface TextSource {
  /** Parses a text. Null for a syntax error, which the compiler reports. */
  parse(text: string): ParsedText | null;
  findFile(fieldPath: string): string | undefined;
}

/** Collects the variables that texts read, with the names that they set. */
export function collectTextVariables(
  texts: Iterable<readonly [text: string, fieldPath: string]>,
  source: TextSource,
): Pick<TextVariables, "variables" | "assignedNames"> {
  const variables: StepVariable[] = [];
  const assignedNames = new Set<string>();
  for (const [text, fieldPath] of texts) {
    const parsed = source.parse(text);
    if (parsed === null) continue;
    const found = readVariables(parsed);
    for (const name of found.assignedNames) assignedNames.add(name);
    for (const read of found.reads) variables.push({ ...read, fieldPath, file: source.findFile(fieldPath) });
  }
  return { variables, assignedNames };
}

/** Collects the variables that the templates of a workflow's steps read, in the order of the file. */
export function collectWorkflowVariables(steps: readonly Step[], source: TextSource): StepVariables[] {
  const changes = new ScopeChanges();
  const found: StepVariables[] = [];
  for (const { step, path } of walkSteps(steps)) {
    const templates = Object.entries(getStepDefinition(step).templates?.(step) ?? {});
    const texts = templates.flatMap(([key, value]) => [...collectTexts(value, `${path}.${key}`)]);
    const read = collectTextVariables(texts, source);
    if (read.variables.length > 0) {
      const extensibleRoots = new Set(changes.listOpenRoots());
      found.push({ ref: step.ref, ...read, extensibleRoots, addedData: changes.listAdded("data") ?? [] });
    }
    changes.add(step);
  }
  return found;
}
