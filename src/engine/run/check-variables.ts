import { findMisspelledData } from "../../domain/data-schema/find-misspelled-data.js";
import type { Recipient, RecipientKey } from "../../domain/recipient/recipient.js";
import { findTextFile } from "../../domain/template/text-files.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import { getBrandedVariables } from "../context/build-scope.js";
import type { EngineContext } from "../context/engine-context.js";
import { parseText, type RenderScope, toPointer } from "../liquid/liquid.js";
import {
  collectWorkflowVariables,
  type DataSchema,
  findMisspelledVariables,
  getSchemasBelow,
  isOptional,
  type StepVariable,
  type StepVariables,
} from "../variables/find-misspelled-variables.js";
import { buildScopeSchema, SYSTEM_ROOTS } from "../variables/scope-schema.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import { applyInlineRecipients, buildTrialScope, type TriggerTrial } from "./trial-run.js";

/** Returns whether a variable can be misspelled. Those that the schema, the environment or the API defines are not. */
function isSuspicious(read: StepVariable, known: RenderScope, schema: DataSchema): boolean {
  let values: unknown[] = [known];
  let schemas: JsonObject[] = [buildScopeSchema(schema)];
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

/** Returns the steps with the variables to check in a run's scope. `known` is the part of the scope that all runs share. */
function findSuspiciousVariables(
  steps: readonly StepVariables[],
  known: RenderScope,
  schema: DataSchema,
): StepVariables[] {
  return steps.flatMap((step) => {
    const variables = step.variables.filter((read) => isSuspicious(read, known, schema));
    return variables.length === 0 ? [] : [{ ...step, variables }];
  });
}

/** Limits the recipients whose properties are checked before a variable is reported as misspelled. */
const MAX_CHECKED_RECIPIENTS = 5;
/** Limits the variables of a step in a warning. */
const MAX_LISTED_VARIABLES = 10;

/** The variables to check against a run's scope, and the part of the scope that all runs share. */
interface SuspiciousVariables {
  steps: readonly StepVariables[];
  shared: RenderScope;
}

interface WorkflowVariables {
  steps: readonly StepVariables[];
  /** The variables to check, by the environment's variables. */
  suspiciousByVariables: WeakMap<object, SuspiciousVariables>;
}

/** The analysis of each workflow version. */
const variablesByWorkflow = new WeakMap<CompiledWorkflow, WorkflowVariables>();

export function analyzeVariables(compiled: CompiledWorkflow): WorkflowVariables {
  let analysis = variablesByWorkflow.get(compiled);
  if (analysis === undefined) {
    const { workflow } = compiled;
    analysis = {
      steps: collectWorkflowVariables(workflow.steps, {
        parse: parseText,
        findFile: (fieldPath) => findTextFile(workflow, toPointer(fieldPath)),
      }),
      suspiciousByVariables: new WeakMap(),
    };
    variablesByWorkflow.set(compiled, analysis);
  }
  return analysis;
}

/** Builds a scope with the variables that every run has, whatever its recipient. */
export function buildSharedScope({ environment }: Pick<TriggerTrial, "environment">): RenderScope {
  const scope: RenderScope = Object.fromEntries(SYSTEM_ROOTS.map((name) => [name, null]));
  const totals = { total_activities: 1, total_actors: 1 };
  return { ...scope, ...totals, run: totals, vars: getBrandedVariables(environment, null) };
}

/** Returns whether the trigger's data defines a variable for every recipient. */
function isDefinedByData({ path }: StepVariable, data: JsonObject, shared: RenderScope): boolean {
  let value: unknown = data;
  const [root] = path;
  if (root !== "data" && Object.hasOwn(shared, root as string)) return false; // system names take precedence (E-074)
  for (const key of root === "data" ? path.slice(1) : path) {
    if (typeof key !== "string" || !isJsonObject(value) || !Object.hasOwn(value, key)) return false;
    value = value[key];
  }
  return true;
}

/**
 * Returns whether a trigger's data alone defines all variables that have to be checked. This is so for most triggers,
 * and saves building the scope of a recipient, which costs a twentieth of a trigger over HTTP.
 */
function areDefinedByData(suspicious: SuspiciousVariables, { data, recipients }: Trigger): boolean {
  return (
    recipients.every(({ trigger_data }) => trigger_data === null) &&
    suspicious.steps.every(({ variables }) => variables.every((read) => isDefinedByData(read, data, suspicious.shared)))
  );
}

/**
 * Returns a warning for each likely misspelled key of a trigger's data, and for each step of its workflow with likely misspelled
 * template variables: variables that are not in the trigger's data, its schema, or the scope of any of the first known
 * recipients. Variables are not checked if no recipient is known.
 */
export function checkVariables(
  context: EngineContext<unknown>,
  trial: TriggerTrial,
  known: ReadonlyMap<RecipientKey, Recipient>,
): string[] {
  const { compiled, environment, trigger } = trial;
  const schema = compiled.workflow.trigger_data_json_schema;
  const misspelledData = findMisspelledData(schema, trigger.data);
  if (!compiled.usesLiquid) return misspelledData;
  const { steps, suspiciousByVariables } = analyzeVariables(compiled);
  let suspicious = suspiciousByVariables.get(environment.variables);
  if (suspicious === undefined) {
    const shared = buildSharedScope(trial);
    suspicious = { steps: findSuspiciousVariables(steps, shared, schema), shared };
    suspiciousByVariables.set(environment.variables, suspicious);
  }
  if (areDefinedByData(suspicious, trigger)) return misspelledData;
  const recipients = applyInlineRecipients(trial, known);
  const scopes: RenderScope[] = [];
  let findings: { ref: string; texts: string[] }[] = [];
  for (const recipient of trigger.recipients) {
    if (!recipients.has(recipient.key)) continue;
    scopes.push(buildTrialScope(context, trial, recipient, recipients));
    findings = suspicious.steps.flatMap((step) => {
      const texts = findMisspelledVariables(step, scopes, schema).map(({ text }) => text);
      return texts.length === 0 ? [] : [{ ref: step.ref, texts: [...new Set(texts)] }];
    });
    if (findings.length === 0 || scopes.length === MAX_CHECKED_RECIPIENTS) break;
  }
  const warnings = findings.map(({ ref, texts }) => {
    const more = texts.length > MAX_LISTED_VARIABLES ? `; and ${texts.length - MAX_LISTED_VARIABLES} more` : "";
    return `step ${ref}: ${texts.slice(0, MAX_LISTED_VARIABLES).join("; ")}${more}`;
  });
  return [...misspelledData, ...warnings];
}

/** Returns a function that finds the likely misspelled variables of a step in a given scope. */
export function createVariableChecker(compiled: CompiledWorkflow): (ref: string, scope: RenderScope) => string[] {
  if (!compiled.usesLiquid) return () => [];
  const { steps } = analyzeVariables(compiled);
  return (ref, scope) => {
    const step = steps.find((candidate) => candidate.ref === ref);
    const schema = compiled.workflow.trigger_data_json_schema;
    return step === undefined ? [] : findMisspelledVariables(step, [scope], schema).map(({ text }) => text);
  };
}
