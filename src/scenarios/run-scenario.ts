import { parseTimestamp } from "../domain/condition/parse-timestamp.js";
import { formatRecipient } from "../domain/recipient/recipient.js";
import type { ErrorCode } from "../errors/error-codes.js";
import { KnockError } from "../errors/knock-error.js";
import { didYouMean } from "../util/find-nearest.js";
import type { JsonObject } from "../util/json.js";
import { monotonicClock } from "../util/monotonic-clock.js";
import { checkExpectation, getComparedParts } from "./check-expectation.js";
import { checkExpectationNames } from "./check-expectation-names.js";
import type { ExpectationFailure } from "./expectation-failure.js";
import { explainFailure } from "./explain-failure.js";
import { readObservedMessages, readObservedRuns } from "./observe.js";
import type { Observation, ObservedRun } from "./observed.js";
import type { Scenario } from "./parse-scenarios.js";
import { type ActionResult, getAction, performAction, setPreferences } from "./perform-action.js";
import type { Given, ScenarioStep } from "./scenario-schema.js";
import type { OpenScenarioTarget, ScenarioTarget } from "./scenario-target.js";
import type { ScenarioFailure, ScenarioResult, ScenarioStatus } from "./test-report.js";

/** The time of the clock before the first step, a Monday. */
const DEFAULT_TIME = "2026-01-05T09:00:00Z";

/** Errors in the scenario or the project. Other errors are outcomes that an expectation may name. */
const BROKEN_CODES: ReadonlySet<ErrorCode> = new Set([
  "usage",
  "scenario_invalid",
  "project_invalid",
  "workflow_invalid",
  "template_invalid",
  "workflow_missing",
  "resource_missing",
]);

/** Throws `scenario_invalid` for an expected step that no workflow of the recipient's runs has. */
async function checkStepName(
  target: ScenarioTarget,
  { about }: ExpectationFailure,
  runs: readonly ObservedRun[],
): Promise<void> {
  const recipient = runs.find((run) => run.recipient_run_id === about?.recipient_run_id)?.recipient;
  if (about === undefined || recipient === undefined) return;
  const own = runs.filter((run) => formatRecipient(run.recipient) === formatRecipient(recipient));
  const workflows = [...new Set(own.map(({ workflow }) => workflow))];
  const names = await Promise.all(workflows.map((workflow) => target.names.listStepNames(workflow)));
  const known = names.flatMap((found) => found ?? []);
  if (names.includes(null) || known.includes(about.step)) return;
  const list = workflows.map((workflow) => `"${workflow}"`).join(", ");
  const subject = workflows.length === 1 ? `workflow ${list} has` : `the workflows ${list} have`;
  throw new KnockError("scenario_invalid", `${subject} no step "${about.step}"`, {
    hint: didYouMean(about.step, known, "Steps"),
  });
}

/** Sets the clock, the recipients, their preferences and the failures that a scenario gives. */
export async function prepareTarget(target: ScenarioTarget, given: Given): Promise<void> {
  const { operations } = target;
  await operations.freezeClock(parseTimestamp(given.time ?? DEFAULT_TIME) as number, { force: true });
  if (given.recipients) await operations.seedRecipients(given.recipients);
  if (given.preferences) await setPreferences(target, given.preferences);
  for (const failure of given.failures ?? []) await target.addFailure(failure);
}

class ScenarioRun {
  readonly failures: ScenarioFailure[] = [];
  /** The path of the step or the expectation that is being processed. */
  location: (string | number)[];
  /** The newest message before the step that is being processed. */
  private lastMessage: string | null = null;

  constructor(
    private readonly scenario: Scenario,
    private readonly target: ScenarioTarget,
    private readonly signal: AbortSignal,
    private readonly deadline: number,
  ) {
    this.location = [...scenario.path];
  }

  /** Returns whether the time limit has passed. Work in memory never lets a timer fire, so the time is compared. */
  isOver(): boolean {
    return this.signal.aborted || monotonicClock.now() > this.deadline;
  }

  async prepare(): Promise<void> {
    await prepareTarget(this.target, this.scenario.given);
  }

  async runStep(step: ScenarioStep, index: number): Promise<void> {
    this.location = this.locate(index, []);
    const { operations } = this.target;
    const { expect } = step;
    const expectsError = expect !== undefined && !Array.isArray(expect) && Boolean(expect.error);
    const isWholeState = getAction(step) === null;
    const compares = getComparedParts(expect ?? []);
    let previous: ObservedRun[] | null = null;
    let error: KnockError | null = null;
    let result: ActionResult = {};
    try {
      if (compares.previous && !isWholeState) previous = await readObservedRuns(operations);
      result = await performAction(step, this.target, {
        scenario: this.scenario,
        signal: this.signal,
        isOver: () => this.isOver(),
      });
    } catch (thrown) {
      if (!(thrown instanceof KnockError)) throw thrown;
      error = thrown;
    }
    if (error !== null && !expectsError) {
      if (BROKEN_CODES.has(error.code)) throw error;
      this.addFailure(
        index,
        { path: [], subject: getAction(step) ?? "", expected: "success", found: `${error.code}: ${error.message}` },
        null,
      );
      return;
    }
    const created = await operations.listMessageIds(isWholeState ? null : this.lastMessage);
    this.lastMessage = created.at(-1) ?? this.lastMessage;
    if (expect === undefined) return;
    // Parts that the expectation does not compare are not read, because reading them takes as long as the step itself.
    const observation: Observation = {
      outcomes: compares.outcomes ? await readObservedRuns(operations, result.workflow_run_ids) : [],
      previous,
      messages: compares.messages ? await readObservedMessages(operations, created) : [],
      error,
      cancelled: result.cancelled ?? null,
      time: compares.time ? (await operations.readClock()).now : null,
    };
    for (const failure of checkExpectation(expect, observation, this.target.reader)) {
      this.location = this.locate(index, failure.path);
      await checkStepName(this.target, failure, observation.outcomes);
      const { causes, missing, messages, ...rest } = failure;
      const { suffix, explanation } = await explainFailure(operations, failure);
      this.addFailure(index, { ...rest, found: `${failure.found}${suffix}` }, explanation);
    }
  }

  private addFailure(index: number, failure: ExpectationFailure, explanation: JsonObject | null): void {
    const location = this.locate(index, failure.path);
    this.failures.push({ ...failure, step: index + 1, location, explanation });
  }

  private locate(index: number, path: readonly (string | number)[]): (string | number)[] {
    return [...this.scenario.path, "steps", index, ...(path.length === 0 ? [] : ["expect", ...path])];
  }
}

interface ScenarioOptions {
  signal: AbortSignal;
  timeoutMs: number;
  /** Reads the state at the end of the scenario. */
  inspect?: (target: ScenarioTarget) => Promise<void>;
}

/**
 * Runs a scenario on its own store, clock and IDs. A scenario ends at the first step with a failure, because later
 * steps build on it. Resolves for every error that the scenario or the project causes.
 */
export async function runScenario(
  scenario: Scenario,
  openTarget: OpenScenarioTarget,
  { signal, timeoutMs, inspect }: ScenarioOptions,
): Promise<ScenarioResult> {
  const { name, skip } = scenario;
  if (skip !== null) return { name, status: "skipped", failures: [], error: null, skip, duration_ms: 0 };
  const start = monotonicClock.now();
  const finish = (status: ScenarioStatus, rest: Partial<ScenarioResult> = {}): ScenarioResult => ({
    name,
    status,
    failures: [],
    error: null,
    skip: null,
    duration_ms: Math.round(monotonicClock.now() - start),
    ...rest,
  });
  let target: ScenarioTarget | undefined;
  let run: ScenarioRun | undefined;
  try {
    target = await openTarget(scenario.given);
    run = new ScenarioRun(scenario, target, signal, start + timeoutMs);
    const { path } = scenario;
    const started = run;
    await checkExpectationNames(scenario, target.names, (below) => {
      started.location = [...path, ...below];
    });
    started.location = [...path];
    await run.prepare();
    for (const [index, step] of scenario.steps.entries()) {
      await run.runStep(step, index);
      if (run.isOver())
        throw new KnockError("scenario_invalid", "the scenario takes too long", {
          hint: "Make it shorter, or raise --timeout.",
        });
      if (run.failures.length > 0) return finish("failed", { failures: run.failures });
    }
    return finish("passed");
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    const { code, message, hint } = error;
    return finish("broken", { error: { code, message, hint: hint ?? null, location: run?.location ?? scenario.path } });
  } finally {
    if (target !== undefined) await inspect?.(target);
    await target?.close();
  }
}
