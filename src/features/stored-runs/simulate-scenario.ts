import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import type { AgentRequest, StepRequest } from "../../ports/http-client.js";
import { readObservedMessages, readObservedRuns } from "../../scenarios/observe.js";
import type { ObservedMessage, ObservedRun } from "../../scenarios/observed.js";
import type { ScenarioTargets } from "../../scenarios/open-scenario-target.js";
import { performAction } from "../../scenarios/perform-action.js";
import { prepareTarget } from "../../scenarios/run-scenario.js";
import type { Given, ScenarioStep } from "../../scenarios/scenario-schema.js";
import { Snapshots } from "../../scenarios/snapshots.js";
import type { ScenarioDraft } from "./draft-scenario.js";

/** A message with its texts. */
export interface SimulatedMessage {
  message: ObservedMessage;
  subject: unknown;
  text: string;
}

/** The effects of one step of a scenario. */
export interface SimulatedStep {
  /** The runs that the expectations of the step compare, and those before it. */
  outcomes: readonly ObservedRun[];
  previous: readonly ObservedRun[];
  /** All runs after the step, also those that its expectations cannot compare. */
  after: readonly ObservedRun[];
  /** The runs of each workflow run that the step started, in order. */
  started: readonly (readonly ObservedRun[])[];
  messages: readonly SimulatedMessage[];
  /** The code of the error that the action ended with, or null. */
  error: string | null;
  cancelled: number | null;
}

interface SimulationOptions {
  name: string;
  seed: string;
  signal: AbortSignal;
  /** A workflow that is used in place of the one in the files. */
  replaced?: Workflow | undefined;
  /** Receives each request without a declared response. */
  onUndeclaredRequest?(request: StepRequest | AgentRequest): void;
}

/** Performs the steps of a scenario, and returns the effects of each. */
export async function simulateScenario(
  { workflow, given, steps }: Pick<ScenarioDraft, "workflow" | "given" | "steps">,
  targets: ScenarioTargets,
  { name, seed, signal, replaced, onUndeclaredRequest }: SimulationOptions,
): Promise<SimulatedStep[]> {
  const snapshots = new Snapshots({}, "compare");
  const options = { scenario: name, seed, snapshots, onUndeclaredRequest, ...(replaced ? { replaced } : {}) };
  const target = await targets.open(given as Given, options);
  const { operations, reader } = target;
  const scenario = { name, path: [], workflow, given: given as Given, steps: [], skip: null, problems: [] };
  const effects: SimulatedStep[] = [];
  let lastMessage: string | null = null;
  try {
    await prepareTarget(target, given as Given);
    let previous = await readObservedRuns(operations);
    for (const { action } of steps) {
      let error: string | null = null;
      let result: Awaited<ReturnType<typeof performAction>> = {};
      try {
        const context = { scenario, signal, isOver: () => signal.aborted };
        result = await performAction(action as ScenarioStep, target, context);
      } catch (thrown) {
        if (!(thrown instanceof KnockError)) throw thrown;
        error = thrown.code;
      }
      const created: string[] = await operations.listMessageIds(lastMessage);
      lastMessage = created.at(-1) ?? lastMessage;
      const messages = await readObservedMessages(operations, created);
      const started: ObservedRun[][] = [];
      for (const id of result.workflow_run_ids ?? []) started.push(await readObservedRuns(operations, [id]));
      const after = await readObservedRuns(operations);
      effects.push({
        outcomes: await readObservedRuns(operations, result.workflow_run_ids),
        previous,
        after,
        started,
        messages: messages.map((message) => ({
          message,
          subject: reader.readSubject(message),
          text: reader.readText(message),
        })),
        error,
        cancelled: result.cancelled ?? null,
      });
      previous = after;
    }
    return effects;
  } finally {
    await target.close();
  }
}
