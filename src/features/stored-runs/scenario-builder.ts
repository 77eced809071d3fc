import type { Workflow } from "../../domain/workflow/workflow.js";
import type { AgentRequest, StepRequest } from "../../ports/http-client.js";
import type { ObservedRun } from "../../scenarios/observed.js";
import type { ScenarioTargets } from "../../scenarios/open-scenario-target.js";
import { parseScenarios, type Scenario } from "../../scenarios/parse-scenarios.js";
import { runScenario } from "../../scenarios/run-scenario.js";
import { Snapshots } from "../../scenarios/snapshots.js";
import type { ScenarioResult } from "../../scenarios/test-report.js";
import type { JsonObject } from "../../util/json.js";
import { declareEmptyResponse } from "./declare-responses.js";
import { detectMutants } from "./detect-mutants.js";
import type { ScenarioDraft } from "./draft-scenario.js";
import { expectEffects } from "./expect-effects.js";
import { type SimulatedStep, simulateScenario } from "./simulate-scenario.js";

/** The seed of `knock test`, and another one: what differs between both is random. */
const SEED = "knock";
const OTHER_SEED = "knock-other";
const TIMEOUT_MS = 30_000;
/** Limits the requests that follow one another, each of which needs the response to the one before. */
const MAX_ROUNDS = 20;
const FILE_NAME = "the scenario";

/** Adds the expectations to a scenario, with engines in memory. */
export class ScenarioBuilder {
  constructor(
    private readonly name: string,
    private readonly draft: ScenarioDraft,
    private readonly targets: ScenarioTargets,
    private readonly signal: AbortSignal,
  ) {}

  /** Returns the effects of each step. `replaced` is used in place of the workflow in the files. */
  simulate(replaced?: Workflow, seed = SEED): Promise<SimulatedStep[]> {
    return simulateScenario(this.draft, this.targets, { name: this.name, seed, signal: this.signal, replaced });
  }

  /** Returns the effects of each step, after it has added an empty response for each request that has none. */
  async simulateWithResponses(replaced?: Workflow): Promise<SimulatedStep[]> {
    for (let round = 0; ; round++) {
      const requests: (StepRequest | AgentRequest)[] = [];
      const effects = await simulateScenario(this.draft, this.targets, {
        name: this.name,
        seed: SEED,
        signal: this.signal,
        replaced,
        onUndeclaredRequest: (request) => requests.push(request),
      });
      if (requests.length === 0 || round === MAX_ROUNDS) return effects;
      for (const request of requests) declareEmptyResponse(this.draft, request);
    }
  }

  /** Returns the file of the scenario. Steps after the last expectation would change nothing. */
  toFile(expectations: readonly (JsonObject | null)[]): JsonObject {
    const end = expectations.findLastIndex((expect) => expect !== null) + 1;
    const steps = this.draft.steps.slice(0, end).map(({ action }, at) => {
      const expect = expectations[at] ?? null;
      return expect === null ? action : { ...action, expect };
    });
    return { workflow: this.draft.workflow, scenarios: { [this.name]: { given: this.draft.given, steps } } };
  }

  private parse(expectations: readonly (JsonObject | null)[]): Scenario {
    const [scenario] = parseScenarios(this.toFile(expectations), FILE_NAME);
    if (scenario === undefined) throw new Error("the scenario is missing in its own file");
    return scenario;
  }

  /** Runs the scenario with expectations against the current files. */
  check(expectations: readonly (JsonObject | null)[]): Promise<ScenarioResult> {
    return this.run(this.parse(expectations));
  }

  private run(scenario: Scenario, replaced?: Workflow): Promise<ScenarioResult> {
    const snapshots = new Snapshots({}, "compare");
    const options = { scenario: this.name, seed: SEED, snapshots, ...(replaced ? { replaced } : {}) };
    const open = (given: typeof scenario.given) => this.targets.open(given, options);
    return runScenario(scenario, open, { signal: this.signal, timeoutMs: TIMEOUT_MS });
  }

  /**
   * Returns the expectations of each step, from its effects with a version of the workflow. `isCurrent`: whether the files have this
   * version.
   */
  async expect(
    workflow: Workflow,
    isCurrent: boolean,
    effects: readonly SimulatedStep[],
  ): Promise<(JsonObject | null)[]> {
    const replaced = isCurrent ? undefined : workflow;
    const others = await this.simulate(replaced, OTHER_SEED);
    const workflows = new Map((await this.targets.readWorkflows()).map((known) => [known.key, known]));
    workflows.set(workflow.key, workflow);
    const known = new Map<string, ObservedRun>();
    const expectations = this.draft.steps.map(({ action }, at) => {
      const [step, other] = [effects[at], others[at]];
      if (step === undefined || other === undefined) return null;
      return expectEffects(step, other, {
        workflow: this.draft.workflow,
        hasMoved: action.set_time !== undefined,
        isLast: at === this.draft.steps.length - 1,
        known,
        listRefs: (key) => workflows.get(key)?.steps.map(({ ref }) => ref) ?? [],
      });
    });
    if (expectations.every((expect) => expect === null)) return expectations;
    let scenario = this.parse(expectations);
    await detectMutants(expectations, this.targets, {
      workflow,
      isCurrent,
      effects,
      others,
      simulate: (mutant) => this.simulate(mutant),
      passes: async (mutant) => (await this.run(scenario, mutant)).status === "passed",
      onChange: () => {
        scenario = this.parse(expectations);
      },
    });
    return expectations;
  }
}
