import { formatRecipient } from "../domain/recipient/recipient.js";
import { checkClosedDocument } from "../domain/schema/check-document.js";
import { DocumentFindings } from "../domain/schema/document-findings.js";
import { KnockError } from "../errors/knock-error.js";
import { collectNames } from "../scenarios/check-absent-recipients.js";
import { engineOptionsSchema } from "../scenarios/engine-options-schema.js";
import { readHtml } from "../scenarios/message-reader.js";
import { readAllMessages, readObservedRuns } from "../scenarios/observe.js";
import type { Observation } from "../scenarios/observed.js";
import { ScenarioTargets } from "../scenarios/open-scenario-target.js";
import type { Scenario } from "../scenarios/parse-scenarios.js";
import { type ActionResult, performAction } from "../scenarios/perform-action.js";
import { prepareTarget } from "../scenarios/run-scenario.js";
import { type Given, type ScenarioStep, stepSchema } from "../scenarios/scenario-schema.js";
import type { SavedTarget, ScenarioTarget } from "../scenarios/scenario-target.js";
import { isSelected } from "../scenarios/select-messages.js";
import { Snapshots } from "../scenarios/snapshots.js";
import { isObject } from "../util/json.js";
import { checkNames, checkSelection } from "./check-names.js";
import type {
  DeliveryFailure,
  MessageSelection,
  NotifyOptions,
  NotifyResult,
  PreferenceSettings,
  RecipientName,
  RecipientsContent,
  ScheduleOptions,
  TestEngine,
  TestEngineOptions,
  TestEngineSnapshot,
  TestMessage,
  TestRun,
} from "./engine-types.js";
import { locateProject } from "./locate-project.js";
import { serializeTime } from "./serialize-time.js";
import { showHintsOfMethods, withHints } from "./show-hints.js";
import { createSilentIO } from "./silent-io.js";

const DEFAULT_SEED = "knock";
/** The name from which IDs are derived together with the seed. */
const ENGINE_NAME = "engine";

/** Checks what an engine gives. Throws `scenario_invalid` with a pointer for each finding. */
function parseGiven(options: TestEngineOptions): Given {
  const { time, ...others } = options;
  const document = { ...others, ...(time === undefined ? {} : { time: serializeTime(time) }) };
  const findings = new DocumentFindings(document);
  const parsed = checkClosedDocument(engineOptionsSchema(), document, findings.add);
  if (parsed === null || !findings.isEmpty) throw findings.toError("createTestEngine", "scenario_invalid");
  const { project: _, knockDir: _dir, seed: _seed, onWarning: _warn, ...given } = parsed;
  return given;
}

/** The properties that select messages and runs. */
const MESSAGE_PROPERTIES = ["to", "channel", "step", "workflow", "tenant"] satisfies (keyof MessageSelection)[];
const RUN_PROPERTIES = ["to", "workflow"];

/** Checks the action of a call. Throws `scenario_invalid` with a pointer for each finding. */
function parseAction(step: unknown): ScenarioStep {
  const findings = new DocumentFindings(step);
  const parsed = checkClosedDocument(stepSchema(), step, findings.add);
  if (parsed === null || !findings.isEmpty) throw findings.toError("engine", "scenario_invalid");
  return parsed;
}

/** An engine for tests: each method is a step of a scenario, over the same embedded engine as `knock test`. */
export class EmbeddedTestEngine implements TestEngine<Record<string, unknown> & object> {
  private openedTarget: ScenarioTarget | null = null;
  private isClosed = false;
  /** The names in the steps so far, which can be recipients that were never identified. */
  readonly usedNames = new Set<string>();
  private readonly signal = new AbortController().signal;
  private readonly snapshots = new WeakMap<object, { target: SavedTarget; usedNames: readonly string[] }>();

  private constructor(
    private readonly targets: ScenarioTargets,
    private readonly given: Given,
    private readonly seed: string,
  ) {}

  static open(options: TestEngineOptions): Promise<EmbeddedTestEngine> {
    return withHints(async () => showHintsOfMethods(await EmbeddedTestEngine.openEngine(options)));
  }

  private static async openEngine(options: TestEngineOptions): Promise<EmbeddedTestEngine> {
    const given = parseGiven(options);
    const location = await locateProject(options);
    const targets = new ScenarioTargets(location, createSilentIO(), options.onWarning ?? (() => {}));
    const engine = new EmbeddedTestEngine(targets, given, options.seed ?? DEFAULT_SEED);
    try {
      await engine.reset();
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  /** The engine of the project. Throws `usage` after the engine was closed. */
  get target(): ScenarioTarget {
    if (this.openedTarget !== null) return this.openedTarget;
    throw new KnockError("usage", "the test engine is closed", { hint: "Create a new one with createTestEngine()." });
  }

  private async perform(step: unknown): Promise<ActionResult> {
    const { target, given, signal } = this;
    collectNames(step, this.usedNames);
    const base = { name: ENGINE_NAME, path: [], workflow: null };
    const scenario: Scenario = { ...base, given, steps: [], skip: null, problems: [] };
    return performAction(parseAction(step), target, { scenario, signal, isOver: () => false });
  }

  async notify(workflow: string, trigger: NotifyOptions<unknown>): Promise<NotifyResult> {
    const { recipients, ...rest } = trigger;
    const list = Array.isArray(recipients) ? recipients : [recipients];
    const { workflow_run_ids = [] } = await this.perform({ notify: { ...rest, recipients: list, workflow } });
    const runs = await readObservedRuns(this.target.operations, workflow_run_ids);
    return { workflow_run_id: workflow_run_ids[0] ?? "", recipients: runs };
  }

  async cancel(
    workflow: string,
    cancellation: { cancellation_key: string; recipients?: RecipientName[] },
  ): Promise<{ cancelled: number }> {
    const { cancelled = 0 } = await this.perform({ cancel: { ...cancellation, workflow } });
    return { cancelled };
  }

  async schedule(workflow: string, schedule: ScheduleOptions<unknown>): Promise<void> {
    const { recipients, scheduled_at, ending_at, ...rest } = schedule;
    const times = {
      ...(scheduled_at === undefined ? {} : { scheduled_at: serializeTime(scheduled_at) }),
      ...(ending_at === undefined ? {} : { ending_at: serializeTime(ending_at) }),
    };
    const list = Array.isArray(recipients) ? recipients : [recipients];
    await this.perform({ schedule: { ...rest, ...times, recipients: list, workflow } });
  }

  async advance(duration: string): Promise<void> {
    await this.perform({ advance: duration });
  }

  async setTime(time: string | Date): Promise<void> {
    await this.perform({ set_time: serializeTime(time) });
  }

  async untilIdle(): Promise<void> {
    await this.perform({ until_idle: true });
  }

  async now(): Promise<Date> {
    return new Date((await this.target.operations.readClock()).now);
  }

  async setPreferences(recipient: RecipientName, preferences: PreferenceSettings): Promise<void> {
    await this.perform({ preferences: { [formatRecipient(recipient)]: preferences } });
  }

  async identify(recipient: RecipientName, properties: Record<string, unknown> = {}): Promise<void> {
    await this.addRecipients(
      typeof recipient === "string"
        ? { users: [{ ...properties, id: recipient }] }
        : { objects: [{ ...properties, ...recipient }] },
    );
  }

  async addRecipients(recipients: RecipientsContent): Promise<void> {
    await this.perform({ recipients });
  }

  async mark(selection: MessageSelection, status: string): Promise<void> {
    await checkNames(this, selection);
    await this.perform({ mark: { ...selection, status } });
  }

  async failDeliveries(failure: DeliveryFailure): Promise<void> {
    await this.perform({ failures: [failure] });
  }

  async sendSourceEvent(source: string, body: unknown, headers: Record<string, string> = {}): Promise<void> {
    await this.perform({ source_event: { source, body, headers } });
  }

  async messages(selection: MessageSelection = {}): Promise<TestMessage[]> {
    checkSelection("messages", selection, MESSAGE_PROPERTIES);
    await checkNames(this, selection);
    const { messages } = await this.observe();
    const { reader } = this.target;
    return messages
      .filter((message) => isSelected(message, selection))
      .map((message) => ({
        ...message,
        subject: (reader.readSubject(message) as string | undefined) ?? null,
        text: reader.readText(message),
        html: readHtml(message),
      }));
  }

  async runs(selection: { to?: string; workflow?: string } = {}): Promise<TestRun[]> {
    checkSelection("runs", selection, RUN_PROPERTIES);
    const { to, workflow } = selection;
    await checkNames(this, { to, workflow });
    const { outcomes } = await this.observe();
    return outcomes.filter(
      (run) =>
        (to === undefined || formatRecipient(run.recipient) === to) &&
        (workflow === undefined || run.workflow === workflow),
    );
  }

  /** Returns the state so far, which expectations are compared with. */
  async observe(): Promise<Observation> {
    const { operations } = this.target;
    return {
      outcomes: await readObservedRuns(operations),
      previous: null,
      messages: await readAllMessages(operations),
      error: null,
      cancelled: null,
      time: (await operations.readClock()).now,
    };
  }

  async snapshot(): Promise<TestEngineSnapshot> {
    const snapshot = Object.freeze({ time: await this.now() });
    this.snapshots.set(snapshot, { target: await this.target.save(), usedNames: [...this.usedNames] });
    return snapshot;
  }

  async restore(snapshot: TestEngineSnapshot): Promise<void> {
    const { target } = this;
    const saved = isObject(snapshot) ? this.snapshots.get(snapshot) : undefined;
    if (saved === undefined)
      throw new KnockError("usage", "the value is not a snapshot of this test engine", {
        hint: "Pass the result of `await engine.snapshot()` of the same engine.",
      });
    await target.restore(saved.target);
    this.usedNames.clear();
    for (const name of saved.usedNames) this.usedNames.add(name);
  }

  async reset(): Promise<void> {
    if (this.isClosed) this.target; // throws
    await this.openedTarget?.close();
    this.usedNames.clear();
    this.openedTarget = await this.targets.open(this.given, {
      scenario: ENGINE_NAME,
      seed: this.seed,
      snapshots: new Snapshots({}, "compare"),
    });
    await prepareTarget(this.openedTarget, this.given);
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.openedTarget?.close();
    this.openedTarget = null;
    await this.targets.close();
  }
}

/** Opens an engine. Its types know the project's workflows; at run time, every engine checks the names itself. */
export async function openTestEngine<Workflows extends object>(
  options: TestEngineOptions,
): Promise<TestEngine<Workflows>> {
  return (await EmbeddedTestEngine.open(options)) as unknown as TestEngine<Workflows>;
}
