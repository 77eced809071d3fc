import type { Recipient, RecipientKey } from "../../domain/recipient/recipient.js";
import { textFileOf } from "../../domain/template/text-files.js";
import type { EngineContext } from "../context/engine-context.js";
import { environmentVariables } from "../context/scope.js";
import { parsedText, pointerTo, type RenderScope } from "../liquid/liquid.js";
import {
  collectVariables,
  misspelledVariables,
  type StepVariables,
  suspiciousVariables,
} from "../variables/misspelled-variables.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import { type Trial, trialScope, withIdentified } from "./trial-run.js";

/** Recipients whose properties are looked at before a variable counts as misspelled. */
const MOST_RECIPIENTS = 5;

interface Analysis {
  steps: readonly StepVariables[];
  /** By the environment's variables: what a run's scope has to be asked about. */
  suspicious: WeakMap<object, StepVariables[]>;
}

/** One analysis per workflow version. */
const analyses = new WeakMap<CompiledWorkflow, Analysis>();

function analyze(compiled: CompiledWorkflow): Analysis {
  let analysis = analyses.get(compiled);
  if (analysis === undefined) {
    const { workflow } = compiled;
    analysis = {
      steps: collectVariables(workflow.steps, {
        parse: parsedText,
        fileOf: (place) => textFileOf(workflow, pointerTo(place)),
      }),
      suspicious: new WeakMap(),
    };
    analyses.set(compiled, analysis);
  }
  return analysis;
}

/** The variables that the scope of every run contains, whatever its recipient. */
function sharedScope({ environment }: Pick<Trial, "environment">): RenderScope {
  const system = ["recipient", "actor", "tenant", "vars", "workflow", "activities", "actors", "run", "timestamp"];
  const scope: RenderScope = Object.fromEntries(system.map((name) => [name, null]));
  return { ...scope, total_activities: 1, total_actors: 1, data: null, vars: environmentVariables(environment, null) };
}

/**
 * Warns of likely misspelled variables in the templates of a trigger's workflow: a text per step. They are not among the
 * trigger's data and its schema, nor does the scope of any of the first recipients that are known have them. Empty where nobody is known.
 */
export function checkVariables(
  context: EngineContext<unknown>,
  trial: Trial,
  known: ReadonlyMap<RecipientKey, Recipient>,
): string[] {
  const { compiled, environment, trigger } = trial;
  if (!compiled.hasLiquid) return [];
  const { steps, suspicious } = analyze(compiled);
  const schema = compiled.workflow.trigger_data_json_schema;
  let asked = suspicious.get(environment.variables);
  if (asked === undefined) {
    asked = suspiciousVariables(steps, sharedScope(trial), schema);
    suspicious.set(environment.variables, asked);
  }
  if (asked.length === 0) return [];
  const people = withIdentified(trial, known);
  const scopes: RenderScope[] = [];
  let found: { ref: string; texts: string[] }[] = [];
  for (const recipient of trigger.recipients) {
    if (!people.has(recipient.key)) continue;
    scopes.push(trialScope(context, trial, recipient, people));
    found = asked.flatMap((step) => {
      const texts = misspelledVariables(step, scopes, schema).map(({ text }) => text);
      return texts.length === 0 ? [] : [{ ref: step.ref, texts: [...new Set(texts)] }];
    });
    if (found.length === 0 || scopes.length === MOST_RECIPIENTS) break;
  }
  return found.map(({ ref, texts }) => `step ${ref}: ${texts.join("; ")}`);
}

/** The likely misspelled variables of each step in a scope that is at hand, by the step's ref. */
export function variableChecker(compiled: CompiledWorkflow): (ref: string, scope: RenderScope) => string[] {
  if (!compiled.hasLiquid) return () => [];
  const { steps } = analyze(compiled);
  return (ref, scope) => {
    const step = steps.find((one) => one.ref === ref);
    const schema = compiled.workflow.trigger_data_json_schema;
    return step === undefined ? [] : misspelledVariables(step, [scope], schema).map(({ text }) => text);
  };
}
