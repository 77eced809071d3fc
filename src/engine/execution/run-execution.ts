import type { ConditionGroup } from "../../domain/condition/condition.js";
import type { EvaluatedCondition } from "../../domain/condition/evaluated-condition.js";
import type { Message } from "../../domain/message/message.js";
import { type PreferenceSources, resolvePreferenceSet } from "../../domain/preferences/decide-preferences.js";
import { applyUpserts } from "../../domain/recipient/merge-recipient.js";
import type { PreferenceSet } from "../../domain/recipient/preference-set.js";
import {
  type Recipient,
  type RecipientKey,
  type RecipientUpsert,
  TENANTS,
  toRecipientKey,
} from "../../domain/recipient/recipient.js";
import type { BatchContent, PendingTrigger } from "../../domain/run/batch-continuations.js";
import type { StepOutcome } from "../../domain/run/outcome.js";
import { copyRun, type RecipientRun, type RunEvent, type WorkflowRun } from "../../domain/run/workflow-run.js";
import type { Step, StepBase } from "../../domain/step/step.js";
import { type BatchStep, isBatchStep } from "../../domain/step-types/batch-step.js";
import { walkSteps } from "../../domain/step-types/walk-steps.js";
import type { JsonObject } from "../../util/json.js";
import { type AudienceData, isAudienceMember } from "../audience/audience-membership.js";
import {
  type ConditionResult,
  type ConditionScope,
  describeDecidingCondition,
  evaluateConditions,
  toConditionLog,
} from "../condition/evaluate-conditions.js";
import { type BatchView, buildBatchView, restoreUnreducedData } from "../context/build-batch-view.js";
import { buildPreferenceSources, buildScope, type RunParties } from "../context/build-scope.js";
import { AUDIENCES_REF, PendingQueryError } from "../context/pending-query.js";
import { NO_STORE_LOOKUPS, RunServices, STORE_LOOKUPS_REF, type StoreLookups } from "../context/store-lookups.js";
import { RENDER_SERVICES, type ServicesCarrier } from "../liquid/filters/render-services.js";
import { type RenderScope, renderText } from "../liquid/liquid.js";
import { getStepMessageState } from "../message/message-state.js";
import type { AdvanceInput } from "./advance-input.js";
import type { StepEffect } from "./step-effect.js";

/**
 * Returns a run's parties after upserts that are not written yet, including recipients that an upsert creates (E-087,
 * E-325).
 */
function applyUpsertsToParties(
  { recipient, actor, tenant, subscribedObject }: RunParties,
  { run, recipientRun }: { run: WorkflowRun; recipientRun: RecipientRun },
  upserts: readonly RecipientUpsert[],
  now: number,
): RunParties {
  const change = (before: Recipient | null, key: RecipientKey | null | undefined): Recipient | null =>
    key ? applyUpserts(before, key, upserts, now) : before;
  const tenantKey = run.tenant === null ? null : toRecipientKey({ id: run.tenant, collection: TENANTS });
  return {
    recipient: change(recipient, recipient.key) as Recipient,
    actor: change(actor, run.actor),
    tenant: change(tenant, tenantKey),
    subscribedObject: change(subscribedObject, recipientRun.via?.object),
  };
}

/** The state of one advance: the values that steps read, and the results that they record. */
export class RunExecution {
  messages: Message[] = [];
  upserts: RecipientUpsert[] = [];
  triggers: PendingTrigger[] = [];
  /** Whether the store may pick another continuation. Then steps must not use up what cannot be given back. */
  isSpeculative = false;
  parties: RunParties;
  batch: BatchView | null;
  /** The event that ended the run's wait; null if the time was up. */
  awaitedEvent: JsonObject | null = null;
  /** Changes of recipients by this run that are not written yet, including those before a fork. */
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

  /** The scope of templates, built on first use. */
  get scope(): RenderScope {
    this.cachedScope ??= this.buildScope();
    return this.cachedScope;
  }

  get conditionScope(): ConditionScope {
    this.cachedConditionScope ??= this.buildConditionScope();
    return this.cachedConditionScope;
  }

  /** The run's data with all data that a batch merged, as conditions, keys and windows see it (EQ-67). */
  get unreducedData(): JsonObject {
    const data = this.run.data ?? this.input.run.data;
    return this.batch === null ? data : restoreUnreducedData(this.batch, data);
  }

  /** The preference set that applies to the run (E-139 to E-146). */
  get preferences(): PreferenceSet {
    this.cachedPreferences ??= resolvePreferenceSet(this.preferenceSources);
    return this.cachedPreferences;
  }

  /** The preference sets that are merged for the run. */
  get preferenceSources(): PreferenceSources {
    const { recipient, tenant } = this.parties;
    const { run, environment } = this.input;
    return buildPreferenceSources({ recipient, tenant, run, environment });
  }

  /** Returns a copy for another continuation. Recorded upserts and triggers stay with the original. */
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

  /** Continues the run as one without a batch (E-264). */
  leaveBatch(): void {
    this.batch = null;
    this.invalidateScopes();
  }

  /** Clears the cached scopes after data or recipients changed, so that later steps see the changes. */
  invalidateScopes(): void {
    this.cachedScope = null;
    this.cachedConditionScope = null;
    this.cachedPreferences = null;
  }

  /** Records changes of recipients and applies them to the parties of this run. */
  applyUpserts(changes: readonly RecipientUpsert[]): void {
    this.upserts.push(...changes);
    this.unwrittenUpserts.push(...changes);
    const { run, now } = this.input;
    this.parties = applyUpsertsToParties(this.parties, { run, recipientRun: this.run }, changes, now);
  }

  /**
   * Returns the view of a batch. The settings of the step whose batch the run is in or came from decide what is
   * rendered.
   */
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
      recipients: input.recipients,
      batch,
      run: input.run,
      recipientRun: run,
      workflow: input.compiled.workflow,
      environment: input.environment,
      linkKey: input.linkKey,
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
      requestLookups: (missing) => {
        throw new PendingQueryError({ kind: "store_lookups", ref: STORE_LOOKUPS_REF, missing, lookups: known });
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

  /** Returns whether the recipient is a member of an audience. Throws a pending query if that is not known yet. */
  isAudienceMember(audience: string): boolean {
    const { queryResults, run, now } = this.input;
    const { recipient } = this.parties;
    const known = queryResults.get(AUDIENCES_REF) as AudienceData | undefined;
    if (known === undefined)
      throw new PendingQueryError({ kind: "audiences", ref: AUDIENCES_REF, recipient: recipient.key });
    return isAudienceMember(audience, { recipient, tenant: run.tenant, changes: this.unwrittenUpserts, now }, known);
  }

  /**
   * Returns the time zone for windows: a push device's, otherwise the recipient's, otherwise the account's (E-200,
   * E-413). An invalid name is treated as not set, and the step's event contains a warning (EQ-63).
   */
  resolveZone(device: unknown = null): string {
    const { timeWindows } = this.input.compiled;
    const found = timeWindows?.resolveZone([
      device,
      this.parties.recipient.properties.timezone,
      this.input.environment.timezone,
    ]);
    if (found?.invalid) this.warn(`"${found.invalid}" is not a time zone`);
    return found?.zone ?? "Etc/UTC";
  }

  /** Adds a warning to the event of the step that is executing. */
  warn(text: string): void {
    this.warnings.push(text);
  }

  /**
   * Evaluates the conditions of the step that is executing. Its event contains them whether they passed or not (E-096).
   */
  checkConditions(group: ConditionGroup | null): ConditionResult {
    if (group === null) return { passed: true, evaluated: [] }; // avoids building a scope
    const result = evaluateConditions(group, this.conditionScope);
    this.recordConditions(result.evaluated);
    return result;
  }

  /** Returns the effect of a skipped step if its conditions are false, otherwise null (E-098). */
  skipByConditions({ conditions }: StepBase, outcome: StepOutcome): StepEffect | null {
    const { passed, evaluated } = this.checkConditions(conditions);
    if (passed) return null;
    const reason = { code: "condition", detail: describeDecidingCondition(evaluated) } as const;
    return { outcome: { ...outcome, outcome: "skipped", reason } };
  }

  /** Records conditions other than the step's own that decided the step that is executing. */
  recordConditions(evaluated: readonly EvaluatedCondition[]): void {
    this.evaluatedConditions.push(...evaluated);
  }

  /**
   * Returns the data of a step's event, with the conditions and warnings recorded during its execution, and clears
   * those.
   */
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
    this.run.events.push({ event, status, step_ref: ref, step_type: type, attempt, data, at });
    if (status === "error") this.run.error_count++;
  }
}
