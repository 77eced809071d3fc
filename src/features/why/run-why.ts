import {
  type Recipient,
  type RecipientKey,
  splitRecipientKey,
  TENANTS,
  toRecipientReference,
  USERS,
} from "../../domain/recipient/recipient.js";
import { walkSteps } from "../../domain/step-types/walk-steps.js";
import type { RecipientGuard } from "../../domain/trigger/recipient-guard.js";
import type { Trigger } from "../../domain/trigger/trigger.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { KnockError } from "../../errors/knock-error.js";
import type { LocalOperations } from "../../ports/operations.js";
import type { RehearsedRun } from "../../ports/rehearsal.js";
import type { ResourceOperations } from "../../ports/resource-operations.js";
import type { Project } from "../../project/open-project.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import type { Guards } from "./check-guards.js";
import { type DecisionSubject, explainDecision } from "./explain-decision.js";
import { type ExplainedRun, explainRun, type RunToExplain } from "./explain-run.js";
import { SubscriberGroups } from "./group-subscribers.js";
import { listStepRules, listTriggerRules, toRuleStates } from "./list-rules.js";
import { RulePlaces } from "./rule-places.js";
import type { Decision, WhyReport } from "./why-report-schema.js";

/** The parts that all explanations need. */
export interface WhyContext {
  project: Project;
  cwd: string;
  target: WhyReport["target"];
  /** Where recipients are read from. */
  resources: ResourceOperations;
  guards: readonly RecipientGuard[];
  /** Whether the report has the rules that were not reached. */
  hasAllRules: boolean;
}

/** A trigger to try. */
interface WhyTrial {
  trigger: Trigger;
  operations: LocalOperations;
  /** Milliseconds; null for the time of the store. */
  at: number | null;
  isDataRequired: boolean;
  signal: AbortSignal;
  onCount(recipients: number): void;
}

const NOTHING: ExplainedRun = { steps: [], stopped: null, sends: false, decision: null };

class Explainer {
  private readonly places: RulePlaces;
  private readonly guards: Guards;

  constructor(
    private readonly context: WhyContext,
    private readonly workflow: string,
    private readonly tenant: string | null,
    private readonly identified: ReadonlyMap<RecipientKey, JsonObject>,
  ) {
    this.places = new RulePlaces(context.project, workflow, context.cwd);
    this.guards = { guards: context.guards, readRecipient: (key) => this.readRecipient(key) };
  }

  private readStored(key: RecipientKey): Promise<JsonObject | null> {
    const { collection, id } = splitRecipientKey(key);
    const { users, objects, tenants } = this.context.resources;
    if (collection === TENANTS) return tenants.read(id);
    return collection === USERS ? users.read(id) : objects.read(collection, id);
  }

  private async readUpdatedAt(key: RecipientKey): Promise<string | null> {
    const time = (await this.readStored(key))?.updated_at;
    return typeof time === "string" ? time : null;
  }

  private async readRecipient(key: RecipientKey): Promise<Recipient | undefined> {
    const stored = await this.readStored(key);
    const own = this.identified.get(key);
    if (stored === null && own === undefined) return undefined;
    // The guard reads only properties.
    return { key, properties: { ...stored, ...own } } as Recipient;
  }

  private toSubject(recipient: RecipientKey): DecisionSubject {
    const home = this.context.target === "local" ? "the store" : "the account";
    const { places, workflow, tenant } = this;
    return {
      places,
      workflow,
      recipient,
      tenant,
      home,
      readUpdatedAt: (key) => this.readUpdatedAt(key),
      // A trigger that identifies the recipient may have preferences of its own.
      readOrigin: async (key, id, path) =>
        this.identified.has(key)
          ? null
          : this.context.resources.preferences.readOrigin(toRecipientReference(key), id, path),
    };
  }

  explain(recipient: RecipientKey, run: RunToExplain): Promise<ExplainedRun> {
    return explainRun(run, this.guards, this.toSubject(recipient));
  }

  decide(recipient: RecipientKey, code: "recipient_not_found" | "workflow_unavailable"): Promise<Decision> {
    return explainDecision({ ref: null, reason: { code, detail: null }, log: {} }, this.toSubject(recipient));
  }

  /** Returns the properties that the workflow's schema requires and the data does not have. */
  async findMissingData(data: JsonObject): Promise<string[]> {
    const required = (await this.readWorkflow())?.trigger_data_json_schema?.required;
    return Array.isArray(required) ? required.map(String).filter((name) => !Object.hasOwn(data, name)) : [];
  }

  private async readWorkflow(): Promise<Workflow | null> {
    return this.context.project.workflow(this.workflow).catch((error: unknown) => {
      if (error instanceof KnockError) return null;
      throw error;
    });
  }

  async buildReport(
    recipient: RecipientKey,
    explained: ExplainedRun,
    rest: Pick<WhyReport, "run" | "at" | "subscribers" | "missing_data">,
  ): Promise<WhyReport> {
    const { target, hasAllRules, guards } = this.context;
    const { steps, stopped, decision } = explained;
    const workflow = hasAllRules ? await this.readWorkflow() : null;
    const definitions = workflow === null ? [] : [...walkSteps(workflow.steps)].map(({ step }) => step);
    const withRules = steps.map((step) => ({
      ...step,
      rules: toRuleStates(
        listStepRules(
          definitions.find(({ ref }) => ref === step.ref),
          guards.length > 0,
        ),
        step.decision,
      ),
    }));
    return {
      workflow: this.workflow,
      recipient: toRecipientReference(recipient),
      target,
      run: rest.run,
      at: rest.at,
      missing_data: rest.missing_data,
      sends: explained.sends || (rest.subscribers?.sends ?? 0) > 0,
      decision,
      ...(workflow === null ? {} : { rules: toRuleStates(listTriggerRules(workflow), stopped) }),
      steps: workflow === null ? steps : withRules,
      subscribers: rest.subscribers,
    };
  }

  async explainGroups(groups: SubscriberGroups): Promise<NonNullable<WhyReport["subscribers"]>> {
    const explained: NonNullable<WhyReport["subscribers"]>["groups"] = [];
    for (const { count, first, recipients } of groups.list()) {
      const { sends, decision } =
        first === null ? { sends: false, decision: null } : await this.explain(first.recipient, first);
      explained.push({ subscribers: count, sends, decision, recipients });
    }
    const sends = explained.reduce((sum, group) => sum + (group.sends ? group.subscribers : 0), 0);
    return { total: groups.total, sends, groups: explained };
  }
}

/** Explains a run that exists. Throws `resource_missing` if it does not. */
export async function explainStoredRun(
  document: JsonObject,
  recipient: RecipientKey,
  context: WhyContext,
): Promise<WhyReport> {
  const tenant = typeof document.tenant === "string" ? document.tenant : null;
  const explainer = new Explainer(context, String(document.workflow), tenant, new Map());
  const explained = await explainer.explain(recipient, { document, messages: [], joinedUntil: null });
  return explainer.buildReport(recipient, explained, {
    run: String(document.id),
    at: String(document.inserted_at),
    missing_data: [],
    subscribers: null,
  });
}

/** Returns the properties of the recipients that a trigger identifies inline. */
function listIdentified({ recipients }: Trigger): Map<RecipientKey, JsonObject> {
  return new Map(recipients.flatMap(({ key, upsert }) => (upsert === null ? [] : [[key, upsert.properties] as const])));
}

/** Tries a trigger for one recipient in memory, and explains what it would come to. */
export async function explainTrial(trial: WhyTrial, context: WhyContext): Promise<WhyReport> {
  const { trigger, operations, at, isDataRequired, signal, onCount } = trial;
  const [{ key: recipient }] = trigger.recipients as [Trigger["recipients"][number]];
  const explainer = new Explainer(context, trigger.workflow, trigger.tenant?.id ?? null, listIdentified(trigger));
  const isObject = splitRecipientKey(recipient).collection !== USERS;
  const time = at ?? Date.parse((await operations.readClock()).now);
  const groups = new SubscriberGroups();
  let own: RehearsedRun | null = null;
  const missing_data = isDataRequired ? [] : await explainer.findMissingData(trigger.data);
  const build = (explained: ExplainedRun, subscribers: WhyReport["subscribers"]) =>
    explainer.buildReport(recipient, explained, { run: null, at: toIsoTime(time), missing_data, subscribers });
  try {
    await operations.rehearseTrigger(trigger, {
      at: time,
      isDataRequired,
      // A guard reads the addresses of contents.
      rendersAll: context.guards.length > 0,
      signal,
      onRuns(runs, unidentified) {
        for (const run of runs) {
          if (run.recipient === recipient) own = run;
          else groups.add(run);
        }
        for (const key of unidentified) if (key !== recipient) groups.addUnidentified(key);
        onCount(groups.total);
      },
    });
  } catch (error) {
    if (!(error instanceof KnockError) || error.code !== "workflow_inactive") throw error;
    const decision = { ...(await explainer.decide(recipient, "workflow_unavailable")), code: error.code } as const;
    return build({ ...NOTHING, stopped: decision, decision }, null);
  }
  if (signal.aborted)
    throw new KnockError("interrupted", "interrupted while trying the workflow", { hint: "Nothing was changed." });
  const found = own as RehearsedRun | null;
  if (found !== null) {
    const { messages, joinedUntil } = found;
    const explained = await explainer.explain(recipient, { document: found.readDocument(), messages, joinedUntil });
    return build(explained, isObject ? await explainer.explainGroups(groups) : null);
  }
  const decision = await explainer.decide(recipient, "recipient_not_found");
  const subscribers = isObject ? await explainer.explainGroups(groups) : null;
  return build({ ...NOTHING, stopped: decision, decision }, subscribers);
}
