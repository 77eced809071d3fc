import {
  describeComparison,
  type EvaluatedCondition,
  formatConditionValue,
  parseConditionLog,
} from "../../domain/condition/evaluated-condition.js";
import { TENANT_DEFAULTS } from "../../domain/recipient/preference-origins.js";
import type { PreferenceOrigin } from "../../domain/recipient/preference-set.js";
import {
  formatRecipient,
  type RecipientKey,
  splitRecipientKey,
  TENANTS,
  toRecipientKey,
  toRecipientReference,
  USERS,
} from "../../domain/recipient/recipient.js";
import type { Reason } from "../../domain/run/outcome.js";
import { REASON_CHECKS } from "../../domain/run/reason-checks.js";
import { toIsoTime } from "../../util/iso-time.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import type { RulePlaces } from "./rule-places.js";
import { RULE_BY_REASON, type RuleName } from "./rules.js";
import type { Decision, Place } from "./why-report-schema.js";

/** Whom and what a decision is about. */
export interface DecisionSubject {
  places: RulePlaces;
  workflow: string;
  recipient: RecipientKey;
  tenant: string | null;
  /** Where recipients are read from, in text. */
  home: "the store" | "the account";
  /** Returns the time at which a user, an object or a tenant was last updated; null if it is unknown. */
  readUpdatedAt(key: RecipientKey): Promise<string | null>;
  /** Returns what set the preference at a path of a set; null if it is unknown. */
  readOrigin(key: RecipientKey, id: string, path: string): Promise<PreferenceOrigin | null>;
}

/** A step of a run as `runs show` has it, or the run itself. */
interface DecidedPart {
  /** Null for the run. */
  ref: string | null;
  reason: Reason;
  /** The fields with what was compared. */
  log: JsonObject;
}

type Preference = NonNullable<Decision["preference"]>;
type Explanation = Pick<Decision, "place" | "source" | "change">;

/** The property that a channel needs. Others need channel data. */
const PROPERTY_BY_CHANNEL_TYPE: Readonly<Record<string, string>> = { email: "email", sms: "phone_number" };

/** Rules with a setting of their own in a step. */
const SETTINGS_RULES: Partial<Record<RuleName, { properties: readonly string[]; change?: string }>> = {
  throttle: {
    properties: ["settings.throttle_limit", "settings"],
    change: "Wait until the window of the throttle has ended, or increase `throttle_limit`.",
  },
};

/** Returns the command that sets a property of a user or an object. */
function formatSetCommand(recipient: RecipientKey, property: string): string {
  const { collection, id } = splitRecipientKey(recipient);
  const target = collection === USERS ? `users set ${id}` : `objects set ${collection} ${id}`;
  return `knock ${target} --set ${property}=…`;
}

const IN_WORKFLOW = "workflow.json";
const IN_ENVIRONMENT = "environment.json";

function getRule({ ref, reason }: DecidedPart): RuleName {
  if (reason.code !== "condition") return RULE_BY_REASON[reason.code];
  if (ref === null) return "trigger_conditions";
  return /^(?:channel |no channel )/.test(reason.detail ?? "") ? "channel_conditions" : "step_conditions";
}

/** Returns the condition that decided: the last one that was false. */
const findDeciding = (compared: readonly EvaluatedCondition[]): EvaluatedCondition | undefined =>
  compared.findLast(({ result }) => result === false);

function describeConditionChange(condition: EvaluatedCondition | undefined): string {
  if (condition === undefined) return "Change the conditions, or the values that they read.";
  const found = formatConditionValue(condition.value);
  return `Make \`${describeComparison(condition)}\` true (its value is ${found}), or change the condition.`;
}

function parsePreference(value: unknown): Preference | null {
  if (!isJsonObject(value) || typeof value.path !== "string") return null;
  const { set, id = null, path, value: own } = value;
  return {
    ...(typeof set === "string" ? { set: set as NonNullable<Preference["set"]> } : {}),
    ...(set === undefined ? {} : { id: id === null ? null : String(id) }),
    path,
    ...(own === undefined ? {} : { value: own }),
  };
}

/** A preference set that belongs to a recipient or a tenant. */
interface OwnedSet {
  name: string;
  owner: RecipientKey;
  /** The ID in the store. */
  id: string;
  path: string;
  /** Where a file sets the preference to the value that was found. */
  place: Place | null;
}

/**
 * Returns the place of a preference in a file, unless something else set it, and where the set is, with what set the preference. If
 * that is unknown, with the time at which its owner was last updated.
 */
async function locateStoredSet(
  { name: set, owner, id, path, place }: OwnedSet,
  { home, readUpdatedAt, readOrigin }: DecisionSubject,
): Promise<{ place: Place | null; source: string }> {
  const origin = await readOrigin(owner, id, path);
  if (origin !== null) {
    const { by, at } = origin;
    const time = toIsoTime(at);
    return place !== null && `/${place.file}`.endsWith(`/${by}`)
      ? { place, source: `${set}, read at ${time}` }
      : { place: null, source: `${set} in ${home}, set by ${by} at ${time}` };
  }
  if (place !== null) return { place, source: set };
  const updatedAt = await readUpdatedAt(owner);
  const { collection, id: ownerId } = splitRecipientKey(owner);
  const name = collection === TENANTS ? `tenant ${ownerId}` : formatRecipient(toRecipientReference(owner));
  const source = `${set} in ${home}${updatedAt === null ? "" : ` (${name} was last updated at ${updatedAt})`}`;
  return { place, source };
}

/** Returns which set of preferences decided, and how to change it. */
async function explainPreference(
  { set, id, path, value }: Preference,
  compared: readonly EvaluatedCondition[],
  subject: DecisionSubject,
): Promise<Explanation> {
  const { places, recipient } = subject;
  const parts = path.split(".");
  const deciding = findDeciding(compared);
  const change = value === undefined ? describeConditionChange(deciding) : `Set \`${path}\` to true in`;
  const finish = (where: string): string => (value === undefined ? change : `${change} ${where}.`);
  if (set === "environment_default") {
    const place = await places.findInEnvironment("preferences", "default", ...parts);
    return {
      place,
      source: "the environment's defaults",
      change: finish(`\`preferences.default\` of ${IN_ENVIRONMENT}`),
    };
  }
  if (set === "tenant_default") {
    const tenant = toRecipientKey({ collection: TENANTS, id: id ?? "" });
    const place = await places.findInRecipient(tenant, ["settings", "preference_set", ...parts], value as never);
    const defaults = { name: `the defaults of tenant ${id}`, owner: tenant, id: TENANT_DEFAULTS, path, place };
    const located = await locateStoredSet(defaults, subject);
    return { ...located, change: finish(`\`settings.preference_set\` of tenant ${id}`) };
  }
  const setId = id ?? "default";
  const inFile = await places.findInRecipient(recipient, ["preferences", setId, ...parts], value as never);
  const located = await locateStoredSet(
    { name: `the recipient's set ${setId}`, owner: recipient, id: setId, path, place: inFile },
    subject,
  );
  const name = formatRecipient(toRecipientReference(recipient));
  const setOption = id === "default" || id === null || id === undefined ? "" : ` --set-id ${id}`;
  return {
    ...located,
    change:
      value === undefined || !parts.every((part) => /^[\w-]+$/.test(part))
        ? finish("the recipient's set")
        : `Run \`knock preferences set ${name}${setOption} --merge --set ${path}:=true\`${located.place === null ? "" : ", or change the file"}.`,
  };
}

/** Returns where a reason's rule is defined, and the sentence with what would have to change. */
async function explainRule(
  rule: RuleName,
  { ref, reason, log }: DecidedPart,
  compared: readonly EvaluatedCondition[],
  { places, workflow, recipient, home }: DecisionSubject,
): Promise<Explanation> {
  const inStep = (...properties: string[]): Promise<Place | null> =>
    ref === null ? Promise.resolve(null) : places.findStep(ref, ...properties);
  const fromWorkflow = (place: Place | null, change: string): Explanation => ({ place, source: IN_WORKFLOW, change });
  const deciding = findDeciding(compared);
  switch (rule) {
    case "trigger_conditions":
    case "step_conditions": {
      const place =
        deciding === undefined ? await inStep("conditions", "branches") : await places.findCondition(ref, deciding);
      return fromWorkflow(place, describeConditionChange(deciding));
    }
    case "channel_conditions": {
      const channel = /^channel ([^:]+):/.exec(reason.detail ?? "")?.[1];
      const group = /group (\S+)/.exec(reason.detail ?? "")?.[1];
      const at = channel === undefined ? ["channel_groups", group ?? ""] : ["channels", channel];
      const place =
        (deciding === undefined ? null : await places.findConditionInEnvironment(deciding, ...at)) ??
        (await places.findInEnvironment(...at));
      return { place, source: IN_ENVIRONMENT, change: describeConditionChange(deciding) };
    }
    case "channel_configuration": {
      const nullChannel = await places.findInEnvironment("channels", reason.detail ?? "");
      if (nullChannel !== null)
        return {
          place: nullChannel,
          source: IN_ENVIRONMENT,
          change: `Configure the channel ${JSON.stringify(reason.detail)}, which is null in this environment, or use another channel in the step.`,
        };
      return fromWorkflow(
        await inStep("channel_key", "channel_group_key"),
        `Declare the channel ${JSON.stringify(reason.detail)} in ${IN_ENVIRONMENT}, or use another channel in the step.`,
      );
    }
    case "recipient_data": {
      const place = await places.findInRecipient(recipient, ["id"]);
      const property = PROPERTY_BY_CHANNEL_TYPE[String(log.channel_type)];
      const change =
        property === undefined
          ? `Add \`channel_data\` for channel ${JSON.stringify(log.channel)} to the recipient.`
          : `Run \`${formatSetCommand(recipient, property)}\`, or change the recipients file.`;
      return { place, source: place === null ? home : "the recipients file", change };
    }
    case "trigger_frequency":
      return fromWorkflow(
        await places.findProperty("trigger_frequency"),
        `The recipient had its only run. Set \`trigger_frequency\` to "every_trigger" for a run of each trigger.`,
      );
    case "active": {
      const place =
        (await places.findInEnvironment("workflows", workflow, "active")) ?? (await places.findProperty("active"));
      const source = place?.file.endsWith(IN_WORKFLOW) ? IN_WORKFLOW : IN_ENVIRONMENT;
      return {
        place,
        source,
        change: `Activate the workflow: \`"workflows": { "${workflow}": { "active": true } }\` in ${IN_ENVIRONMENT}.`,
      };
    }
    case "recipient":
      if (reason.code === "recipient_not_found" || reason.code === "recipient_deleted")
        return {
          place: null,
          source: home,
          change: `Identify the recipient: run \`${formatSetCommand(recipient, "email")}\`.`,
        };
      return fromWorkflow(await inStep("type"), REASON_CHECKS[reason.code]);
    case "cancellation":
    case "engine":
      return { place: null, source: home, change: REASON_CHECKS[reason.code] };
    case "template":
      return fromWorkflow(
        (await places.findTemplateError(reason.detail ?? "")) ?? (await inStep("template", "settings", "type")),
        REASON_CHECKS[reason.code],
      );
    case "delivery":
      return { place: await inStep("channel_key"), source: "the provider", change: REASON_CHECKS[reason.code] };
    default: {
      const { properties, change } = SETTINGS_RULES[rule] ?? { properties: ["settings", "type"] };
      return fromWorkflow(await inStep(...properties), change ?? REASON_CHECKS[reason.code]);
    }
  }
}

/** Returns a condition as the report has it. A path without a value is null there. */
export const toCompared = (condition: EvaluatedCondition): Decision["compared"][number] => ({
  ...condition,
  value: condition.value ?? null,
});

/** Explains why a step sent nothing or a run ended: the rule, its place, the compared values and the change. */
export async function explainDecision(part: DecidedPart, subject: DecisionSubject): Promise<Decision> {
  const { reason, log } = part;
  const rule = getRule(part);
  const preference = rule === "preferences" ? parsePreference(log.preference) : null;
  const conditions = isJsonObject(log.preference) ? log.preference.conditions : log.conditions;
  const compared = reason.code === "condition" || preference !== null ? parseConditionLog(conditions) : [];
  const explained =
    preference === null
      ? await explainRule(rule, part, compared, subject)
      : await explainPreference(preference, compared, subject);
  return {
    rule,
    code: reason.code,
    detail: reason.detail,
    compared: compared.map(toCompared),
    preference,
    ...explained,
  };
}
