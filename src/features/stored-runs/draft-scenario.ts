import type { DataFilter } from "../../comparison/personal-data-filter.js";
import type { RecordedEngagement, RecordedHistory, RecordedTrigger } from "../../comparison/recorded-history.js";
import { listActions } from "../../comparison/run-triggers.js";
import type { Environment } from "../../domain/environment/environment.js";
import { toRecipientKey } from "../../domain/recipient/recipient.js";
import type { OccurredEvent } from "../../domain/run/occurred-event.js";
import type { Cancellation } from "../../domain/trigger/trigger.js";
import { toIsoTime } from "../../util/iso-time.js";
import { isJsonObject, type JsonObject, stableStringify } from "../../util/json.js";
import { type DeclaredResponses, declareResponses } from "./declare-responses.js";
import { type GivenRecipients, RecipientNames, writeRecipients } from "./write-recipients.js";

/** A step of a scenario before its expectations are known. */
export interface DraftStep {
  action: JsonObject;
  /** The names of the triggers that the step repeats. */
  triggers: string[];
}

/** A scenario before its expectations are known. */
export interface ScenarioDraft {
  /** The workflow of the steps that do not name one. */
  workflow: string;
  given: JsonObject;
  steps: DraftStep[];
  /** The events and responses that cannot be repeated, one sentence each. */
  notes: string[];
}

interface DraftOptions {
  workflow: string;
  environmentName: string | null;
  environment: Environment;
  recipients: GivenRecipients;
  /** The values that take the place of secret variables. */
  variables: JsonObject;
  filter: DataFilter;
}

/** Times without milliseconds are easier to read. */
const formatTime = (at: number): string => toIsoTime(at).replace(".000Z", "Z");

/** Writes the actions of a history as those of a scenario. */
class ActionWriter {
  readonly notes: string[] = [];
  private readonly names: RecipientNames;

  constructor(
    private readonly workflow: string,
    private readonly filter: DataFilter,
  ) {
    this.names = new RecipientNames(filter);
  }

  /** Returns the field of an action that names its workflow, if it is not the one of the file. */
  private nameWorkflow(workflow: string): JsonObject {
    return workflow === this.workflow ? {} : { workflow };
  }

  notify({ trigger }: RecordedTrigger): JsonObject {
    const { workflow, recipients, actor, tenant, data, cancellation_key, settings } = trigger;
    const { filter, names } = this;
    const [single] = recipients.length === 1 ? recipients : [];
    const ownData = single?.trigger_data ?? {};
    const all = recipients.map(({ key, trigger_data }) => {
      if (trigger_data === null || single !== undefined) return names.toReference(key);
      const reference = names.toReference(key);
      const inline = isJsonObject(reference) ? reference : { id: reference };
      return { ...inline, $trigger_data: filter.filterJson(trigger_data) };
    });
    const merged = filter.filterJson({ ...data, ...ownData });
    const flags = Object.entries(settings).filter(([, value]) => value === true);
    return {
      notify: {
        ...this.nameWorkflow(workflow),
        recipients: all,
        ...(actor === null ? {} : { actor: names.toReference(actor.key) }),
        ...(tenant === null ? {} : { tenant: filter.filterText(tenant.id) }),
        ...(Object.keys(merged).length === 0 ? {} : { data: merged }),
        ...(cancellation_key === null ? {} : { cancellation_key: filter.filterText(cancellation_key) }),
        ...(flags.length === 0 ? {} : { settings: Object.fromEntries(flags) }),
      },
    };
  }

  cancel({ workflow, cancellation_key, recipients }: Cancellation): JsonObject {
    return {
      cancel: {
        ...this.nameWorkflow(workflow),
        cancellation_key: this.filter.filterText(cancellation_key),
        ...(recipients === null ? {} : { recipients: recipients.map((key) => this.names.toReference(key)) }),
      },
    };
  }

  mark({ action, message }: RecordedEngagement): JsonObject {
    const { recipient, workflow, step, channel } = message;
    return {
      mark: {
        to: this.names.toName(toRecipientKey(recipient)),
        ...this.nameWorkflow(workflow),
        step,
        channel: channel.key,
        status: action,
      },
    };
  }

  /** Returns an action that lets an event occur again, or null if none can. */
  event({ name, event }: OccurredEvent): JsonObject | null {
    const [type = "", source = "", key = ""] = JSON.parse(name) as string[];
    if (type === "integration_source") {
      const user: JsonObject =
        typeof event.user_id === "string" ? { user: this.names.toName(toRecipientKey(event.user_id)) } : {};
      const data: JsonObject = isJsonObject(event.data) ? { data: this.filter.filterJson(event.data) } : {};
      return { event: { source, event: key, ...user, ...data } };
    }
    this.notes.push(`an event for which a run waited cannot be repeated (${type})`);
    return null;
  }
}

/** Adds a step, or a repetition to the step before it. */
function addStep(steps: DraftStep[], step: DraftStep): void {
  const last = steps.at(-1);
  if (last !== undefined && step.triggers.length > 0) {
    const { repeat, ...action } = last.action;
    if (stableStringify(action) === stableStringify(step.action)) {
      last.action = { ...action, repeat: Number(repeat ?? 1) + 1 };
      last.triggers.push(...step.triggers);
      return;
    }
  }
  steps.push(step);
}

/** Returns the deliveries of messages that failed, as a scenario gives them. */
function listFailures({ messages }: RecordedHistory): JsonObject[] {
  const failed = (messages ?? []).filter(({ status }) => status === "bounced" || status === "undelivered");
  const groups = new Map<string, JsonObject>();
  for (const { channel, status } of failed) {
    const key = `${channel.key} ${status}`;
    const error: JsonObject = status === "bounced" ? { error: "bounced" } : { status: 400 };
    groups.set(key, { channel: channel.key, ...error, times: Number(groups.get(key)?.times ?? 0) + 1 });
  }
  return [...groups.values()];
}

/** Returns a history as a scenario without expectations. */
export function draftScenario(history: RecordedHistory & { until: number }, options: DraftOptions): ScenarioDraft {
  const { workflow, environmentName, environment, recipients, variables, filter } = options;
  const writer = new ActionWriter(workflow, filter);
  const steps: DraftStep[] = [];
  const actions = listActions(history);
  const start = actions[0]?.at ?? history.until;
  let now = start;
  const moveTo = (at: number): void => {
    if (at <= now) return;
    now = at;
    steps.push({ action: { set_time: formatTime(at) }, triggers: [] });
  };
  for (const action of actions) {
    moveTo(action.at);
    if (action.type === "trigger")
      addStep(steps, { action: writer.notify(action.trigger), triggers: [action.trigger.name] });
    else {
      const written =
        action.type === "cancel"
          ? writer.cancel(action.cancellation.cancellation)
          : action.type === "mark"
            ? writer.mark(action.engagement)
            : writer.event(action.occurred);
      if (written !== null) steps.push({ action: written, triggers: [] });
    }
  }
  moveTo(history.until);
  const responses: DeclaredResponses = declareResponses(history.requests, filter);
  const failures = listFailures(history);
  const branch = history.triggers[0]?.branch ?? null;
  return {
    workflow,
    given: {
      time: formatTime(start),
      ...(environmentName === null ? {} : { environment: environmentName }),
      ...(branch === null ? {} : { branch }),
      recipients: writeRecipients(recipients, filter, environment),
      ...(Object.keys(variables).length === 0 ? {} : { variables }),
      ...responses.given,
      ...(failures.length === 0 ? {} : { failures }),
    },
    steps,
    notes: [...new Set([...writer.notes, ...responses.notes])],
  };
}
