import type { Recipient, RecipientKey } from "../../domain/recipient/recipient.js";
import { findTextFile } from "../../domain/template/text-files.js";
import { getBrandedVariables } from "../context/build-scope.js";
import type { EngineContext } from "../context/engine-context.js";
import { parseText, type RenderScope, toPointer } from "../liquid/liquid.js";
import {
  collectWorkflowVariables,
  findMisspelledVariables,
  findSuspiciousVariables,
  type StepVariables,
} from "../variables/find-misspelled-variables.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import { applyInlineRecipients, buildTrialScope, type TriggerTrial } from "./trial-run.js";

/** Recipients whose properties are looked at before a variable counts as misspelled. */
const MAX_CHECKED_RECIPIENTS = 5;

interface WorkflowVariables {
  steps: readonly StepVariables[];
  /** By the environment's variables: what a run's scope has to be asked about. */
  suspiciousByVariables: WeakMap<object, StepVariables[]>;
}

/** One analysis per workflow version. */
const variablesByWorkflow = new WeakMap<CompiledWorkflow, WorkflowVariables>();

function analyzeVariables(compiled: CompiledWorkflow): WorkflowVariables {
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

/** The variables that the scope of every run contains, whatever its recipient. */
function buildSharedScope({ environment }: Pick<TriggerTrial, "environment">): RenderScope {
  const system = ["recipient", "actor", "tenant", "vars", "workflow", "activities", "actors", "run", "timestamp"];
  const scope: RenderScope = Object.fromEntries(system.map((name) => [name, null]));
  return { ...scope, total_activities: 1, total_actors: 1, data: null, vars: getBrandedVariables(environment, null) };
}

/**
 * Warns of likely misspelled variables in the templates of a trigger's workflow: a text per step. They are not among the
 * trigger's data and its schema, nor does the scope of any of the first recipients that are known have them. Empty where nobody is known.
 */
export function checkVariables(
  context: EngineContext<unknown>,
  trial: TriggerTrial,
  known: ReadonlyMap<RecipientKey, Recipient>,
): string[] {
  const { compiled, environment, trigger } = trial;
  if (!compiled.hasLiquid) return [];
  const { steps, suspiciousByVariables: suspicious } = analyzeVariables(compiled);
  const schema = compiled.workflow.trigger_data_json_schema;
  let suspiciousSteps = suspicious.get(environment.variables);
  if (suspiciousSteps === undefined) {
    suspiciousSteps = findSuspiciousVariables(steps, buildSharedScope(trial), schema);
    suspicious.set(environment.variables, suspiciousSteps);
  }
  if (suspiciousSteps.length === 0) return [];
  const people = applyInlineRecipients(trial, known);
  const scopes: RenderScope[] = [];
  let findings: { ref: string; texts: string[] }[] = [];
  for (const recipient of trigger.recipients) {
    if (!people.has(recipient.key)) continue;
    scopes.push(buildTrialScope(context, trial, recipient, people));
    findings = suspiciousSteps.flatMap((step) => {
      const texts = findMisspelledVariables(step, scopes, schema).map(({ text }) => text);
      return texts.length === 0 ? [] : [{ ref: step.ref, texts: [...new Set(texts)] }];
    });
    if (findings.length === 0 || scopes.length === MAX_CHECKED_RECIPIENTS) break;
  }
  return findings.map(({ ref, texts }) => `step ${ref}: ${texts.join("; ")}`);
}

/** The likely misspelled variables of each step in a scope that is at hand, by the step's ref. */
export function createVariableChecker(compiled: CompiledWorkflow): (ref: string, scope: RenderScope) => string[] {
  if (!compiled.hasLiquid) return () => [];
  const { steps } = analyzeVariables(compiled);
  return (ref, scope) => {
    const step = steps.find((candidate) => candidate.ref === ref);
    const schema = compiled.workflow.trigger_data_json_schema;
    return step === undefined ? [] : findMisspelledVariables(step, [scope], schema).map(({ text }) => text);
  };
}
