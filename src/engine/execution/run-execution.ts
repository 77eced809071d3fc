import type { ConditionGroup } from "../../domain/condition/condition.js";
import type { EvaluatedCondition } from "../../domain/condition/evaluated-condition.js";
import type { Message, MessageStatuses } from "../../domain/message/message.js";
import { type PreferenceSources, resolvePreferenceSet } from "../../domain/preferences/decide-preferences.js";
import type { PreferenceSet } from "../../domain/recipient/preference-set.js";
import type { RecipientUpsert } from "../../domain/recipient/recipient.js";
import type { BatchContent, BatchJoin, PendingTrigger } from "../../domain/run/batch-join.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import type { RunWait, Signal } from "../../domain/run/run-wait.js";
import type { RecipientRun, RunEvent } from "../../domain/run/workflow-run.js";
import type { Step } from "../../domain/step/step.js";
import { type BatchStep, isBatchStep } from "../../domain/steps/batch-step.js";
import { walkSteps } from "../../domain/steps/walk-steps.js";
import type { IdSource } from "../../util/ids.js";
import type { JsonObject } from "../../util/json.js";
import { type AudienceData, isAudienceMember } from "../audience/audience-membership.js";
import { toConditionLog } from "../condition/condition-log.js";
import { type ConditionResult, type ConditionScope, evaluateConditions } from "../condition/evaluate-conditions.js";
import { applyUpsertsToParties } from "../context/apply-upserts-to-parties.js";
import { type BatchView, buildBatchView, restoreUnreducedData } from "../context/build-batch-view.js";
import { buildPreferenceSources, buildScope, type RunParties, type ScopeInput } from "../context/build-scope.js";
import { AUDIENCES_REF, PendingQueryError } from "../context/pending-query.js";
import { NO_STORE_LOOKUPS, RunServices, STORE_LOOKUPS_REF, type StoreLookups } from "../context/store-lookups.js";
import { RENDER_SERVICES, type ServicesCarrier } from "../liquid/filters/render-services.js";
import { type RenderScope, renderText } from "../liquid/liquid.js";
import { getStepMessageState } from "../message/message-state.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";
import { copyRun } from "./copy-run.js";
import { getPlainRunEvent } from "./plain-events.js";

export interface AdvanceInput extends Omit<ScopeInput, "workflow" | "batch" | "preferences"> {
  compiled: CompiledWorkflow;
  /** Messages the run made before, oldest first. */
  messages: readonly MessageStatuses[];
  now: number;
  ids: IdSource;
  /** The workflow is gone or switched off: the run ends instead of going on (E-020, E-023). */
  isUnavailable: boolean;
  /** A once-only workflow that this recipient already used up (E-068). */
  alreadyTriggered: boolean;
  /** The batch the run holds or went on with. */
  batch: BatchContent | null;
  /** What came in while the run waited for an event, oldest first. */
  signals: readonly Signal[];
  /** Answers to what steps needed, by step ref. */
  queryResults: ReadonlyMap<string, unknown>;
}

/** What a step did. `wait` pauses the run there; `enter` goes into a branch; `halt` ends the run. */
export interface StepEffect {
  outcome: StepOutcome;
  messages?: Message[];
  wait?: { until: number; event?: RunWait };
  /** The run ends as cancelled (E-336, E-337). */
  cancelsRun?: boolean;
  branchIndex?: number;
  haltsRun?: boolean;
  /** The run's data from here on. */
  data?: JsonObject;
  /** Recipients changed, visible from the next step on (E-087). */
  upserts?: RecipientUpsert[];
  /** A workflow run that starts once this advance is written. */
  trigger?: PendingTrigger;
  /** The run is at a batch, with what joining or opening it takes. */
  batch?: Pick<BatchJoin, "key" | "closes_at" | "sliding" | "max_items"> & {
    /** What the step did where the run goes on at once without a batch; null where it never does. */
    outcomeWithoutBatch: StepOutcome | null;
  };
  /** Data of the step's event, such as the conditions evaluated. */
  log?: JsonObject;
  /** The step's event is an error (E-331). */
  isError?: boolean;
}

/** One advance in the making: what steps read, and where they record. */
export class RunExecution {
  messages: Message[] = [];
  upserts: RecipientUpsert[] = [];
  triggers: PendingTrigger[] = [];
  /** A way of going on that the store may not pick: it must not ask for what cannot be taken back. */
  isSpeculative = false;
  parties: RunParties;
  batch: BatchView | null;
  /** The event that ended the run's wait; null where the time was up. */
  awaitedEvent: JsonObject | null = null;
  /** Recipients that this run changed and nothing has written yet, including changes before a fork. */
  unwrittenUpserts: RecipientUpsert[] = [];
  private readonly evaluatedConditions: EvaluatedCondition[] = [];
  private readonly warnings: string[] = [];
  private cachedScope: RenderScope | null = null;
  private cachedConditionScope: ConditionScope | null = null;
  private cachedPreferences: PreferenceSet | null = null;

  constructor(
    readonly input: AdvanceInput,
    readonly run: RecipientRun,
  ) {
    const { recipient, actor, tenant, subscribedObject } = input;
    this.parties = { recipient, actor, tenant, subscribedObject };
    this.batch = input.batch === null ? null : this.buildBatchView(input.batch);
  }

  /** What templates read; built when the first of them asks. */
  get scope(): RenderScope {
    this.cachedScope ??= this.buildScope();
    return this.cachedScope;
  }

  get conditionScope(): ConditionScope {
    this.cachedConditionScope ??= this.buildConditionScope();
    return this.cachedConditionScope;
  }

  /** The run's data with all that a batch merged, as conditions, keys and windows see it (EQ-67). */
  get unreducedData(): JsonObject {
    const data = this.run.data ?? this.input.run.data;
    return this.batch === null ? data : restoreUnreducedData(this.batch, data);
  }

  /** The set that decides for the run (E-139 to E-146). */
  get preferences(): PreferenceSet {
    this.cachedPreferences ??= resolvePreferenceSet(this.preferenceSources);
    return this.cachedPreferences;
  }

  /** The sets that have a say in the run. */
  get preferenceSources(): PreferenceSources {
    const { recipient, tenant } = this.parties;
    const { run, environment } = this.input;
    return buildPreferenceSources({ recipient, tenant, run, environment });
  }

  /** The same state to go on from in another way; what it made so far stays with the original. */
  fork(): RunExecution {
    const copy = new RunExecution(this.input, copyRun(this.run));
    copy.parties = this.parties;
    copy.batch = this.batch;
    copy.messages = [...this.messages];
    copy.unwrittenUpserts = [...this.unwrittenUpserts];
    copy.isSpeculative = true;
    copy.invalidateScopes();
    return copy;
  }

  /** The run goes on as one that came from no batch (E-264). */
  leaveBatch(): void {
    this.batch = null;
    this.invalidateScopes();
  }

  /** Data or people changed: what comes next sees them. */
  invalidateScopes(): void {
    this.cachedScope = null;
    this.cachedConditionScope = null;
    this.cachedPreferences = null;
  }

  /** Applies changes of recipients to those of this run. */
  applyUpserts(changes: readonly RecipientUpsert[]): void {
    this.upserts.push(...changes);
    this.unwrittenUpserts.push(...changes);
    const { run, now } = this.input;
    this.parties = applyUpsertsToParties(this.parties, { run, recipientRun: this.run }, changes, now);
  }

  /** The step whose batch the run is in or came from: its settings say what is rendered. */
  private buildBatchView(content: BatchContent): BatchView | null {
    const batches = new Map<string, BatchStep>();
    for (const { step } of walkSteps(this.input.compiled.workflow.steps))
      if (isBatchStep(step)) batches.set(step.ref, step);
    const last = this.run.steps.findLast(({ ref, outcome }) => outcome !== "skipped" && batches.has(ref));
    const step = last && batches.get(last.ref);
    return step === undefined ? null : buildBatchView(content, step.settings);
  }

  private buildScope(): RenderScope {
    const { input, run, parties, batch, preferences } = this;
    const scope = buildScope({
      recipient: parties.recipient,
      actor: parties.actor,
      tenant: parties.tenant,
      subscribedObject: parties.subscribedObject,
      people: input.people,
      batch,
      run: input.run,
      recipientRun: run,
      workflow: input.compiled.workflow,
      environment: input.environment,
      schedule: input.schedule,
      preferences,
    });
    (scope as ServicesCarrier)[RENDER_SERVICES] = this.buildRenderServices();
    return scope;
  }

  private buildRenderServices(): RunServices {
    const { input, parties } = this;
    const { locale } = parties.recipient.properties;
    const known = (input.queryResults.get(STORE_LOOKUPS_REF) as StoreLookups | undefined) ?? NO_STORE_LOOKUPS;
    return new RunServices({
      now: input.now,
      lookups: known,
      audience: {
        locale: typeof locale === "string" && locale.trim() !== "" ? locale : null,
        tenant: input.run.tenant,
        defaultLocale: input.environment.locale,
      },
      getUnwrittenUpserts: () => this.unwrittenUpserts,
      requestLookups: (wanted) => {
        throw new PendingQueryError({ kind: "readings", ref: STORE_LOOKUPS_REF, missing: wanted, lookups: known });
      },
      warn: (text) => this.warn(text),
    });
  }

  private buildConditionScope(): ConditionScope {
    const { scope, input } = this;
    const variables = this.batch === null ? scope : { ...scope, data: this.unreducedData };
    return {
      variables,
      refs: (ref) => getStepMessageState(ref, input.messages, this.messages),
      now: input.now,
      renderLiquid: (text) => renderText(text, this.scope),
      isAudienceMember: (audience) => this.isAudienceMember(audience),
    };
  }

  private isAudienceMember(audience: string): boolean {
    const { queryResults: answers, run, now } = this.input;
    const { recipient } = this.parties;
    const known = answers.get(AUDIENCES_REF) as AudienceData | undefined;
    if (known === undefined)
      throw new PendingQueryError({ kind: "audiences", ref: AUDIENCES_REF, recipient: recipient.key });
    return isAudienceMember(audience, { recipient, tenant: run.tenant, changes: this.unwrittenUpserts, now }, known);
  }

  /**
   * The zone that windows are computed in: a push device's, else the recipient's, else the account's (E-200, E-413). A name that is none counts as not
   * set; the step's event says so (EQ-63).
   */
  resolveZone(device: unknown = null): string {
    const { timeWindows } = this.input.compiled;
    const found = timeWindows?.resolveZone([
      device,
      this.parties.recipient.properties.timezone,
      this.input.environment.timezone,
    ]);
    if (found?.invalid) this.warn(`"${found.invalid}" is no time zone`);
    return found?.zone ?? "Etc/UTC";
  }

  /** Told by the event of the step that is executing. */
  warn(text: string): void {
    this.warnings.push(text);
  }

  /** The conditions of the step that is executing; its event tells them, passed or not (E-096). */
  checkConditions(group: ConditionGroup | null): ConditionResult {
    if (group === null) return { passed: true, evaluated: [] }; // a scope would be built for nothing
    const result = evaluateConditions(group, this.conditionScope);
    this.recordConditions(result.evaluated);
    return result;
  }

  /** What decided the step that is executing, beside its own conditions. */
  recordConditions(evaluated: readonly EvaluatedCondition[]): void {
    this.evaluatedConditions.push(...evaluated);
  }

  /** What a step's event tells, what its execution compared and warned of included; that is then forgotten. */
  drainEventData(effect: StepEffect): JsonObject | null {
    const [compared, warnings] = [this.evaluatedConditions.splice(0), this.warnings.splice(0)];
    if (compared.length === 0 && warnings.length === 0) return effect.log ?? null;
    const log: JsonObject = compared.length > 0 ? { conditions: toConditionLog(compared) } : {};
    Object.assign(log, effect.log, warnings.length > 0 ? { warnings } : {});
    return log;
  }

  recordEvent(
    event: string,
    step: Step | null = null,
    data: JsonObject | null = null,
    status: RunEvent["status"] = "ok",
    attempt = 1,
  ): void {
    const at = this.input.now;
    const { ref = null, type = null } = step ?? {};
    const isPlain = data === null && status === "ok" && attempt === 1;
    this.run.events.push(
      isPlain
        ? getPlainRunEvent(event, ref, type, at)
        : { event, status, step_ref: ref, step_type: type, attempt, data, at },
    );
    if (status === "error") this.run.error_count++;
  }
}
