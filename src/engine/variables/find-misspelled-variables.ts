import type { Step } from "../../domain/step/step.js";
import { getStepDefinition } from "../../domain/steps/step-definitions.js";
import { walkSteps } from "../../domain/steps/walk-steps.js";
import { findNearest } from "../../util/find-nearest.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { ParsedText, RenderScope } from "../liquid/liquid.js";
import { ITEM, type PathKey, readVariables, type VariableRead } from "../liquid/read-variables.js";

/** A variable of a step's template, with the place of its text. */
export interface StepVariable extends VariableRead {
  fieldPath: string;
  /** The file that the text was read from, as it is shown; undefined where the workflow's file contains it. */
  file: string | undefined;
}

/** All variables that the templates of a step read. */
export interface StepVariables {
  ref: string;
  variables: StepVariable[];
  /** Names that the step's own templates set: one text sees what another assigns (T-123). */
  assignedNames: ReadonlySet<string>;
  /** Roots that earlier steps may have added to. */
  extensibleRoots: ReadonlySet<string>;
}

interface MisspelledVariable {
  path: string;
  suggestion: string;
  /** `path is undefined; did you mean "meant"?`, with the place of the text. */
  text: string;
}

/** What the trigger's data may contain: the workflow's schema, and that of `data` within the scope. */
type DataSchema = JsonObject | null;

/** Items of a list that are looked at. */
const MAX_LIST_ITEMS = 50;

/** Properties that lists, texts and maps have in Liquid. */
const BUILT_IN_PROPERTIES = ["size", "first", "last"];

/** Names that only some steps or runs have. */
const OPTIONAL_ROOTS = ["refs", "inputs", "current_message", "forloop", "tablerowloop", "continue", "object"];
const OPTIONAL_KEYS: Readonly<Record<string, readonly string[]>> = {
  recipient: ["subscription", "schedule"],
  vars: ["commercial_unsubscribe_url", "manage_preferences_url", "branding"],
};
/** What the API documents of users, objects and tenants, though not everyone has all of it. */
const RECIPIENT_PROPERTIES =
  "id name email phone_number avatar timezone locale created_at updated_at collection preferences".split(" ");
const RECIPIENT_ROOTS = new Set(["recipient", "actor", "tenant"]);

function isOptional(path: readonly PathKey[], index: number): boolean {
  const [root] = path;
  const key = String(path[index]);
  if (index === 0) return OPTIONAL_ROOTS.includes(key);
  if (BUILT_IN_PROPERTIES.includes(key)) return true;
  if (index > 1 && root !== "activities" && root !== "actors") return false;
  if (RECIPIENT_ROOTS.has(String(root)) && index === 1 && RECIPIENT_PROPERTIES.includes(key)) return true;
  if ((root === "actors" || root === "activities") && RECIPIENT_PROPERTIES.includes(key)) return true;
  return index === 1 && (OPTIONAL_KEYS[String(root)]?.includes(key) ?? false);
}

/** The schemas below a key, or below the items of a list. Null where a schema leaves open what there may be. */
function getSchemasBelow(schemas: readonly JsonObject[], key: PathKey): JsonObject[] | null {
  const below: JsonObject[] = [];
  for (const schema of schemas) {
    if (["$ref", "$dynamicRef", "anyOf", "oneOf", "allOf", "patternProperties"].some((word) => word in schema))
      return null;
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
 * The name that was probably meant. Names that differ in a number, short ones that differ in a letter (`name`, `game`) and,
 * where the template is prepared for either, singular and plural are names of their own.
 */
function findSimilarName(typed: string, candidates: readonly string[], isGuarded: boolean): string | undefined {
  const near = findNearest(typed, candidates, typed.length >= 7 && !isGuarded ? 2 : 1);
  if (near === undefined || removeDigits(near) === removeDigits(typed)) return undefined;
  if (typed.length < 5 && near.length === typed.length && sortLetters(near) !== sortLetters(typed)) return undefined;
  if (isGuarded && (near === `${typed}s` || typed === `${near}s`)) return undefined;
  return near;
}

/**
 * The name that was meant by the first key of a path that is nowhere: neither in one of the scopes, nor in the trigger's
 * schema, nor a property that may be absent. Null where all keys are known, or no name is near.
 */
function findMisspelledKey(
  read: VariableRead,
  scopes: readonly unknown[],
  schema: DataSchema,
  names: ReadonlySet<string>,
): { index: number; near: string } | null {
  let values: unknown[] = [...scopes];
  const data = schema ?? {};
  const fromRoot = isJsonObject(data.properties) ? data.properties : {};
  let schemas: JsonObject[] = [{ properties: { ...fromRoot, data } }];
  for (const [index, key] of read.path.entries()) {
    const below = getSchemasBelow(schemas, key);
    if (below === null) return null;
    if (typeof key === "number") {
      const lists = values.filter((value) => Array.isArray(value));
      values = lists.flatMap((list) => (key === ITEM ? list.slice(0, MAX_LIST_ITEMS) : list.at(key)));
    } else {
      const holders = values.filter(isJsonObject);
      const isKnown =
        collectPropertyNames(schemas).includes(key) || holders.some((holder) => Object.hasOwn(holder, key));
      if (!isKnown) {
        if (isOptional(read.path, index) || (index === 0 && names.has(key))) return null;
        const candidates = [
          ...new Set([...holders.flatMap((holder) => Object.keys(holder)), ...collectPropertyNames(schemas)]),
        ];
        const near = findSimilarName(key, index === 0 ? [...candidates, ...names] : candidates, read.isGuarded);
        return near === undefined ? null : { index, near };
      }
      values = holders.flatMap((holder) => (Object.hasOwn(holder, key) ? [holder[key]] : []));
    }
    schemas = below;
    if (values.length === 0 && schemas.length === 0) return null;
  }
  return null;
}

function toMisspelledVariable(
  read: StepVariable,
  found: { index: number; near: string } | null,
): MisspelledVariable | null {
  // What a loop's or an assigned name stands for is reported where it is written.
  const index = found === null ? -1 : found.index - (read.path.length - read.writtenPath.length);
  if (found === null || index < 0 || (index === 0 && read.path.length !== read.writtenPath.length)) return null;
  const path = read.writtenPath.join(".");
  const suggestion = read.writtenPath.with(index, found.near).join(".");
  const { fieldPath: place, file, line, column } = read;
  const where = file === undefined ? `${place}, line ${line}, column ${column}` : `${file}:${line}:${column}`;
  return { path, suggestion, text: `${where}: ${path} is undefined; did you mean "${suggestion}"?` };
}

/**
 * The likely misspelled variables of a step: those that lead nowhere in all of the given scopes, and whose name is near one that
 * leads somewhere. Liquid prints nothing for them.
 */
export function findMisspelledVariables(
  { variables, assignedNames: names, extensibleRoots: open }: Omit<StepVariables, "ref">,
  scopes: readonly RenderScope[],
  schema: DataSchema,
): MisspelledVariable[] {
  return variables.flatMap((read) => {
    const [root] = read.path;
    if (open.has(String(root))) return [];
    // A bare name may be one of the data's.
    if (open.has("data") && !scopes.some((scope) => Object.hasOwn(scope, String(root)))) return [];
    return toMisspelledVariable(read, findMisspelledKey(read, scopes, schema, names)) ?? [];
  });
}

/** Whether the scope of a run could show a variable to be misspelled: what the schema, the environment or the API name never is. */
function isSuspicious(read: StepVariable, known: RenderScope, schema: DataSchema): boolean {
  let values: unknown[] = [known];
  const data = schema ?? {};
  const fromRoot = isJsonObject(data.properties) ? data.properties : {};
  let schemas: JsonObject[] = [{ properties: { ...fromRoot, data } }];
  for (const [index, key] of read.path.entries()) {
    if (typeof key !== "number" && isOptional(read.path, index)) return false;
    const below = getSchemasBelow(schemas, key);
    if (below === null) return false;
    values = values.flatMap((value) => (isJsonObject(value) && Object.hasOwn(value, key) ? [value[key]] : []));
    schemas = below;
    if (values.length === 0 && schemas.length === 0) return true;
  }
  return false;
}

/** Of each step only the variables that a run's scope has to be asked about, given what every run's scope contains. */
export function findSuspiciousVariables(
  steps: readonly StepVariables[],
  known: RenderScope,
  schema: DataSchema,
): StepVariables[] {
  return steps.flatMap((step) => {
    const variables = step.variables.filter((read) => isSuspicious(read, known, schema));
    return variables.length === 0 ? [] : [{ ...step, variables }];
  });
}

/** The texts of a template with their places. */
function* collectTexts(value: unknown, fieldPath: string): Generator<[text: string, place: string]> {
  if (typeof value === "string") {
    if (value.includes("{{") || value.includes("{%")) yield [value, fieldPath];
  } else if (Array.isArray(value))
    for (const [index, item] of value.entries()) yield* collectTexts(item, `${fieldPath}[${index}]`);
  else if (isJsonObject(value))
    for (const [key, item] of Object.entries(value))
      if (key !== "schema") yield* collectTexts(item, `${fieldPath}.${key}`);
}

/** Where a text is and what parses it. */
interface TextSource {
  /** Null for text that does not parse: that is reported elsewhere. */
  parse(text: string): ParsedText | null;
  findFile(fieldPath: string): string | undefined;
}

function collectStepVariables(step: Step, path: string, reader: TextSource, open: ReadonlySet<string>): StepVariables {
  const variables: StepVariable[] = [];
  const names = new Set<string>();
  for (const [key, value] of Object.entries(getStepDefinition(step).templates?.(step) ?? {}))
    for (const [text, place] of collectTexts(value, `${path}.${key}`)) {
      const parsed = reader.parse(text);
      if (parsed === null) continue;
      const found = readVariables(parsed);
      for (const name of found.assignedNames) names.add(name);
      for (const read of found.reads) variables.push({ ...read, fieldPath: place, file: reader.findFile(place) });
    }
  return { ref: step.ref, variables, assignedNames: names, extensibleRoots: open };
}

/** Collects the variables that the templates of a workflow's steps read, in the order of the file. */
export function collectWorkflowVariables(steps: readonly Step[], reader: TextSource): StepVariables[] {
  const open = new Set<string>();
  const found: StepVariables[] = [];
  for (const { step, path } of walkSteps(steps)) {
    const stepVariables = collectStepVariables(step, path, reader, new Set(open));
    if (stepVariables.variables.length > 0) found.push(stepVariables);
    for (const root of getStepDefinition(step).changedScopes ?? []) open.add(root);
  }
  return found;
}
