import type { Environment } from "../../domain/environment/environment.js";
import { walkSteps } from "../../domain/step-types/walk-steps.js";
import type { EmailLayout } from "../../domain/template/email-layout.js";
import { findTextFile } from "../../domain/template/text-files.js";
import { describeTypeMismatch } from "../../domain/validation/describe-type-mismatch.js";
import type { FindingCode } from "../../domain/validation/finding-codes.js";
import {
  BUILT_IN_PROPERTIES,
  findUndeclaredKey,
  listDeclaredProperties,
} from "../../domain/validation/list-declared-properties.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { findNearest } from "../../util/find-nearest.js";
import { getValueAtPath, type JsonObject } from "../../util/json.js";
import { buildWorkflowView } from "../context/build-scope.js";
import { parseText, type RenderScope, toPointer } from "../liquid/liquid.js";
import type { PathKey } from "../liquid/read-variables.js";
import { collectPathVariables } from "../variables/collect-path-variables.js";
import {
  CLOSED_ROOTS,
  collectTexts,
  collectTextVariables,
  type DataSchema,
  findDataPath,
  findMisspelledVariables,
  getSchemasBelow,
  type StepVariable,
  type TextVariables,
} from "../variables/find-misspelled-variables.js";
import { ACTIVITY_PROPERTIES, buildScopeSchema } from "../variables/scope-schema.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import { analyzeVariables, buildSharedScope } from "./check-variables.js";

/** Variables of every run that are numbers. */
const NUMBERS = ["total_activities", "total_actors", "run.total_activities", "run.total_actors", "activities.size"];

/** Returns the type of a variable in JSON Schema; undefined if it is not known. `vars` are the variables of the environment. */
export function findType(path: readonly PathKey[], schema: DataSchema, vars: unknown = {}): unknown {
  if (NUMBERS.includes(path.join("."))) return "number";
  if (path[0] === "vars") return typeof getValueAtPath(vars, path.slice(1).map(String));
  let schemas = [buildScopeSchema(schema)];
  for (const key of path) schemas = getSchemasBelow(schemas, key) ?? [];
  return schemas.length === 1 ? schemas[0]?.type : undefined;
}

/** Returns the variables of a template that are compared with a literal of another type. */
function findMismatchedTypes(
  { variables, assignedNames, extensibleRoots, addedData }: TextVariables,
  schema: DataSchema,
  vars: unknown,
): { code: "type_mismatch"; read: StepVariable; message: string }[] {
  const isDataChanged = extensibleRoots.has("data") || addedData.length > 0;
  return variables.flatMap((read) => {
    const { path, writtenPath, comparedWith } = read;
    const root = String(path[0]);
    if (comparedWith === undefined || assignedNames.has(root) || extensibleRoots.has(root)) return [];
    if (isDataChanged && root !== "vars" && !NUMBERS.includes(path.join("."))) return [];
    const problem = describeTypeMismatch(findType(path, schema, vars), comparedWith);
    return problem === null ? [] : [{ code: "type_mismatch", read, message: `${writtenPath.join(".")} ${problem}` }];
  });
}

/** A variable that is probably undefined in every run. */
export interface UndefinedVariable {
  code: Extract<FindingCode, "undefined_variable" | "later_step_ref" | "type_mismatch">;
  read: StepVariable;
  message: string;
}

/** The variables that texts can use. */
interface KnownVariables {
  /** The variables that every run has. */
  shared: RenderScope;
  /** The same with the properties of each known recipient. */
  scopes: readonly RenderScope[];
  schema: DataSchema;
  /** The declared properties of the data; null if there can be others. */
  declared: readonly string[] | null;
}

/** Returns the path of a variable in the data of an activity, or of the trigger. Null for other variables. */
function findActivityPath(read: StepVariable, texts: TextVariables): readonly PathKey[] | null {
  const [root, index, key, ...below] = read.path;
  if (root !== "activities" || typeof index !== "number") return findDataPath(read, texts);
  if (key === "data") return below;
  return ACTIVITY_PROPERTIES.includes(String(key)) ? null : read.path.slice(2);
}

/** Returns whether the schema of the data does not declare a variable, which no step adds either. */
function isUndeclared(read: StepVariable, texts: TextVariables, known: KnownVariables): boolean {
  if (read.isGuarded || texts.extensibleRoots.has("data")) return false;
  const path = findActivityPath(read, texts) ?? [];
  const name = String(path[0]);
  if (texts.addedData.includes(name) || (path !== read.path && BUILT_IN_PROPERTIES.includes(name))) return false;
  return findUndeclaredKey(known.schema, path) !== null;
}

/** Returns the known keys of a scope such as `workflow`, if a variable has another one; null for other variables. */
function findKnownKeys(
  { path: [root, key], isGuarded }: StepVariable,
  { assignedNames }: TextVariables,
  { shared }: KnownVariables,
): string[] | null {
  if (isGuarded || typeof root !== "string" || !CLOSED_ROOTS.has(root) || assignedNames.has(root)) return null;
  const keys = Object.keys(shared[root] ?? {});
  return keys.length === 0 || typeof key !== "string" || [...keys, ...BUILT_IN_PROPERTIES].includes(key) ? null : keys;
}

/**
 * Returns the variables of texts that are probably undefined in every run: those that are nearly the name of a defined one,
 * unknown keys of scopes whose keys are all known, and those that the schema of the data does not declare.
 */
function findUndefined(texts: TextVariables, known: KnownVariables): UndefinedVariable[] {
  const { scopes, schema, declared } = known;
  const code = "undefined_variable";
  const misspelled = findMisspelledVariables(texts, scopes, schema)
    // Without declared properties, the variable may be a property of the data, such as the list of a loop.
    .filter(({ read, suggestion }) => {
      const [root = "", key = ""] = suggestion.split(".");
      if (declared !== null) return true;
      if (texts.addedData.includes(root === "data" ? key : root)) return false;
      return root === read.writtenPath[0] || !texts.assignedNames.has(root);
    })
    .map(({ read, path, suggestion }) => ({
      code,
      read,
      message: `${path} is undefined; did you mean "${suggestion}"?`,
    }));
  const reported = new Set(misspelled.map(({ read }) => read));
  const others = texts.variables.flatMap((read) => {
    if (reported.has(read)) return [];
    const path = read.writtenPath.join(".");
    const keys = findKnownKeys(read, texts, known);
    if (keys !== null) return [{ code, read, message: `${path} is undefined; ${read.path[0]} has ${keys.join(", ")}` }];
    if (!isUndeclared(read, texts, known)) return [];
    return [{ code, read, message: `${path} is not declared in trigger_data_json_schema` }];
  });
  return [...misspelled, ...others] as UndefinedVariable[];
}

/** Builds the scopes of runs for known users, objects and tenants. `workflow` is that of the runs; null if it can be any. */
function buildKnownScopes(
  environment: Environment,
  recipients: readonly JsonObject[],
  workflow: JsonObject | null,
): Pick<KnownVariables, "shared" | "scopes"> {
  const shared = { ...buildSharedScope({ environment }), workflow };
  const scopes = recipients.map((recipient) => ({
    ...shared,
    recipient,
    actor: recipient,
    tenant: recipient,
    actors: [recipient],
    activities: [{ actor: recipient, recipient }],
  }));
  return { shared, scopes: [shared, ...scopes] };
}

/** Finds the uses of steps that do not exist, or that run later, in `refs` of templates. */
class StepRefFinder {
  private readonly positions: ReadonlyMap<string, number>;

  constructor(
    { steps }: Workflow,
    private readonly declared: readonly string[] | null,
    private readonly omitted: readonly string[],
  ) {
    this.positions = new Map([...walkSteps(steps)].map(({ step }, index) => [step.ref, index]));
  }

  find(ref: string, read: StepVariable): UndefinedVariable[] {
    const [root, ...below] = read.path;
    const path = below.join(".");
    if (root !== "refs" || path === "" || this.declared?.includes("refs")) return [];
    const refs = [...this.positions.keys()];
    const isUsed = (name: string): boolean => path === name || path.startsWith(`${name}.`);
    if (this.omitted.some(isUsed)) return [];
    const used = refs.filter(isUsed).sort((a, b) => b.length - a.length)[0];
    if (used !== undefined) {
      if ((this.positions.get(used) as number) < (this.positions.get(ref) ?? 0)) return [];
      const message = `${read.writtenPath.join(".")} uses step "${used}", which does not run before this step`;
      return [{ code: "later_step_ref", read, message }];
    }
    const near = findNearest(String(below[0]), refs);
    // Without declared properties, `refs` can be a property of the data. A whole step has no use in a text.
    if (near === undefined && (this.declared === null || below.length === 1)) return [];
    const suggestion = near === undefined ? "" : `; did you mean "refs.${near}"?`;
    const message = `${read.writtenPath.join(".")} is undefined: the workflow has no step "${below[0]}"${suggestion}`;
    return [{ code: "undefined_variable", read, message }];
  }
}

/**
 * Returns the template variables of a workflow that are probably undefined in every run. `recipients` are the properties of known
 * users, objects and tenants. `omitted` are the refs of steps that are invalid and not in the workflow; null if they are unknown.
 */
export function findUndefinedVariables(
  compiled: CompiledWorkflow,
  environment: Environment,
  recipients: readonly JsonObject[],
  omitted: readonly string[] | null = [],
): UndefinedVariable[] {
  const { workflow } = compiled;
  const schema = workflow.trigger_data_json_schema;
  const declared = listDeclaredProperties(schema);
  const scopes = buildKnownScopes(environment, recipients, buildWorkflowView(workflow, null));
  const refs = omitted === null ? null : new StepRefFinder(workflow, declared, omitted);
  return [...analyzeVariables(compiled).steps, ...collectPathVariables(workflow)].flatMap((step) => [
    ...findUndefined(step, { ...scopes, schema, declared }),
    ...findMismatchedTypes(step, schema, scopes.shared.vars),
    ...step.variables.flatMap((read) => refs?.find(step.ref, read) ?? []),
  ]);
}

/** Variables that only layouts have (T-027). */
const LAYOUT_VARIABLES = { content: "", preview_text: "", footer_links: [{ text: "", url: "" }] };

/**
 * Returns the variables of a layout that are probably undefined in every run. Its workflows can have any data, and their emails
 * can set any name.
 */
export function findUndefinedLayoutVariables(
  layout: EmailLayout,
  environment: Environment,
  recipients: readonly JsonObject[],
): UndefinedVariable[] {
  const { html_layout, text_layout, footer_links } = layout;
  const texts = Object.entries({ html_layout, text_layout, footer_links });
  const source = { parse: parseText, findFile: (fieldPath: string) => findTextFile(layout, toPointer(fieldPath)) };
  const found = collectTextVariables(
    texts.flatMap(([field, value]) => [...collectTexts(value, field)]),
    source,
  );
  const { shared, scopes } = buildKnownScopes(environment, recipients, null);
  const known = {
    shared: { ...shared, ...LAYOUT_VARIABLES },
    scopes: scopes.map((scope) => ({ ...scope, ...LAYOUT_VARIABLES })),
  };
  const variables = { ...found, extensibleRoots: new Set<string>(), addedData: [] };
  return findUndefined(variables, { ...known, schema: null, declared: null });
}
