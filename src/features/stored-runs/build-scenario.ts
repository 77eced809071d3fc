import type { DataFilter } from "../../comparison/personal-data-filter.js";
import type { RecordedHistory } from "../../comparison/recorded-history.js";
import type { ProcessIO } from "../../context/process-io.js";
import { type RecipientKey, splitRecipientKey, USERS } from "../../domain/recipient/recipient.js";
import { isRandomCohortType } from "../../domain/step-types/random-cohort-step.js";
import { walkSteps } from "../../domain/step-types/walk-steps.js";
import { collectRecipientKeys, type Trigger } from "../../domain/trigger/trigger.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Project } from "../../project/open-project.js";
import { formatScenarioFile } from "../../scenarios/format-scenario-file.js";
import { ScenarioTargets } from "../../scenarios/open-scenario-target.js";
import type { ScenarioResult } from "../../scenarios/test-report.js";
import type { JsonObject } from "../../util/json.js";
import { describeDeviations, describeMessageDeviations, type RecordedRun } from "./describe-deviations.js";
import { draftScenario, type ScenarioDraft } from "./draft-scenario.js";
import { hideSecretVariables } from "./hide-secret-variables.js";
import { ScenarioBuilder } from "./scenario-builder.js";
import { createScenarioFilter } from "./scenario-filter.js";
import type { SimulatedStep } from "./simulate-scenario.js";
import { type GivenRecipients, RecipientNames } from "./write-recipients.js";

/** Limits the search for pseudonyms with which a run goes as it did: the cohorts of an experiment depend on the ID. */
const MAX_ATTEMPTS = 20;

/** A run with everything that reproduces it. */
export interface ReproducibleRun {
  id: string;
  workflow: string;
  recipients: readonly RecipientKey[];
  history: RecordedHistory & { until: number };
  /** The recipients before the run. */
  given: GivenRecipients;
  /** The version of the workflow that the run used; null if only the current files are known. */
  version: Workflow | null;
  /** The outcomes of the runs; null if only the messages in the history are known. */
  recorded: readonly RecordedRun[] | null;
}

export interface ScenarioContext {
  project: Project;
  io: ProcessIO;
  warn(text: string): void;
  keepsPersonalData: boolean;
}

/** Returns the current workflow, or null if the files do not have it or it is invalid. */
async function readCurrent(project: Project, key: string): Promise<Workflow | null> {
  try {
    return await project.workflow(key);
  } catch (error) {
    if (error instanceof KnockError) return null;
    throw error;
  }
}

/** Returns made-up data with which a deleted recipient can be reached. */
function inventRecipient(key: RecipientKey): GivenRecipients["recipients"][number] {
  const { collection, id } = splitRecipientKey(key);
  const properties: JsonObject =
    collection === USERS
      ? { name: id, email: `${id.replace(/[^\w.-]/g, "-")}@example.com`, phone_number: "+15550100" }
      : {};
  return { key, properties };
}

/** Adds the recipients and actors of triggers that no longer exist. Returns their keys. */
function addDeleted(
  given: GivenRecipients,
  triggers: readonly { trigger: Trigger }[],
): [GivenRecipients, RecipientKey[]] {
  const known = new Set(given.recipients.map(({ key }) => key));
  const named = triggers.flatMap(({ trigger }) => collectRecipientKeys({ ...trigger, tenant: null }));
  const deleted = [...new Set(named)].filter((key) => !known.has(key));
  return [{ ...given, recipients: [...given.recipients, ...deleted.map(inventRecipient)] }, deleted];
}

function describeFailure({ failures, error }: ScenarioResult): string {
  const [failure] = failures;
  if (failure !== undefined) return `${failure.subject}: expected ${failure.expected}, found ${failure.found}`;
  return error?.message ?? "it does not pass";
}

/** Returns a sentence about how the current files differ from the version that the run used, or null. */
async function describeChange(
  builder: ScenarioBuilder,
  expectations: readonly (JsonObject | null)[],
  workflow: string,
  current: Workflow | null,
): Promise<string | null> {
  if (current === null)
    return `The files no longer have a valid workflow ${JSON.stringify(workflow)}. The scenario passes with the version that the run used.`;
  const result = await builder.check(expectations);
  if (result.status === "passed") return null;
  return `The current files differ from those of the run, so this scenario fails. ${describeFailure(result)}`;
}

/** A scenario without expectations, and how it went. */
interface Attempt {
  names: RecipientNames;
  draft: ScenarioDraft;
  builder: ScenarioBuilder;
  effects: readonly SimulatedStep[];
  /** How the run went another way, one sentence each. */
  deviations: readonly string[];
}

/** Writes a run as a scenario with pseudonyms, and runs it. */
async function attempt(
  run: ReproducibleRun,
  given: GivenRecipients,
  number: number,
  { project, io, keepsPersonalData }: ScenarioContext,
  targets: ScenarioTargets,
  { used, isCurrent }: { used: Workflow; isCurrent: boolean },
): Promise<Attempt> {
  const { id, workflow, history, recipients } = run;
  const options = { id, attempt: number, keepsPersonalData, files: used };
  const filter: DataFilter = createScenarioFilter(history, given.recipients, options);
  const names = new RecipientNames(filter);
  const environment = await project.environment();
  const draft = draftScenario(history, {
    workflow,
    environmentName: project.environmentName ?? null,
    environment,
    variables: hideSecretVariables(environment, io.env),
    recipients: given,
    filter,
  });
  const [first] = recipients;
  const others = recipients.length > 1 ? ` and ${recipients.length - 1} more` : "";
  const name = `${workflow} for ${first === undefined ? "nobody" : names.toName(first)}${others}`;
  const builder = new ScenarioBuilder(name, draft, targets, io.signal);
  const effects = await builder.simulateWithResponses(isCurrent ? undefined : used);
  const deviations =
    run.recorded === null
      ? describeMessageDeviations(history.messages ?? [], effects, names)
      : describeDeviations(run.recorded, draft.steps, effects, names);
  return { names, draft, builder, effects, deviations };
}

/**
 * Returns a file with one scenario that reproduces a run, as YAML. Its expectations are the effects of the workflow version that
 * the run used, on what is known about its recipients now. Throws `workflow_missing` and `conflict` if nothing can be repeated.
 */
export async function buildScenario(run: ReproducibleRun, context: ScenarioContext): Promise<string> {
  const { project, io, warn, keepsPersonalData } = context;
  const { id, workflow, history, version } = run;
  const [given, deleted] = addDeleted(run.given, history.triggers);
  const current = await readCurrent(project, workflow);
  const used = version ?? current;
  if (used === null)
    throw new KnockError("workflow_missing", `there is no workflow "${workflow}" that the run could be repeated with`);
  const isCurrent = current?.version_id === used.version_id;
  const targets = new ScenarioTargets(project, io, warn);
  try {
    const tryOnce = (number: number): Promise<Attempt> =>
      attempt(run, given, number, context, targets, { used, isCurrent });
    const first = await tryOnce(0);
    let best = first;
    const isRandom = [...walkSteps(used.steps)].some(({ step }) => isRandomCohortType(step.type));
    const attempts = isRandom && !keepsPersonalData ? MAX_ATTEMPTS : 1;
    for (let number = 1; best.deviations.length > 0 && number < attempts; number++) best = await tryOnce(number);
    if (best.deviations.length > 0) best = first;
    const { names, draft, builder, effects, deviations } = best;
    const expectations = await builder.expect(used, isCurrent, effects);
    if (expectations.every((expect) => expect === null))
      throw new KnockError("conflict", "the run had no effect that a scenario could expect", {
        hint: `Run \`knock runs show ${id}\` to see its steps.`,
      });
    const file = builder.toFile(expectations);
    const change = await describeChange(builder, expectations, workflow, current);
    const identity = keepsPersonalData ? `run ${id}` : "a run";
    const comments = [
      `Reproduces ${identity} of ${workflow}. Run it with \`knock test\`.`,
      ...(change === null ? [] : [change]),
      ...deleted.map((key) => `${names.toName(key)} was deleted since. The scenario identifies it with made-up data.`),
      ...deviations,
      ...[...history.notes, ...draft.notes].map((note) => `Not complete: ${note}.`),
    ];
    return formatScenarioFile(file, comments);
  } finally {
    await targets.close();
  }
}
