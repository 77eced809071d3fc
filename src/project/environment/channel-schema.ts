import * as z from "zod/mini";
import { checkCondition, parseConditionGroup } from "../../domain/condition/parse-conditions.js";
import { COHORT_OPERATOR } from "../../domain/environment/environment.js";
import type { ReportFinding } from "../../domain/findings/report-finding.js";
import { CHANNEL_TYPES, listChannelTypesWithout } from "../../domain/message/channel-types.js";
import {
  anyValue,
  checkedString,
  described,
  nonEmptyString,
  optional,
  rule,
  wholeNumber,
} from "../../domain/schema/fields.js";
import { isUuid } from "../../util/ids.js";
import { once } from "../../util/once.js";
import { checkChannelDelivery } from "./check-channel-delivery.js";
import { channelSettingsSchema } from "./provider-settings-schema.js";

/**
 * Reports invalid conditions and provider settings. Which ones a channel can have depends on its type and its provider.
 */
function checkChannel(channel: Record<string, unknown>, report: ReportFinding): void {
  parseConditionGroup(channel.conditions, ["conditions"], { refs: null }, report);
  checkChannelDelivery(channel, report);
}

/** The schema of a channel in `environment.json`. */
export const channelSchema = once(() =>
  z
    .strictObject({
      id: described(
        optional(checkedString((id) => (isUuid(id) ? null : "must be a UUID"))),
        "The channel's ID in the API. Default: derived from its key.",
        "3f2a7c1e-5b0d-4e8a-9c6f-1d2e3f4a5b6c",
      ),
      name: described(optional(z.string()), "The display name.", "Order emails"),
      type: described(z.enum(CHANNEL_TYPES), "The type of the channel."),
      provider: described(optional(z.string()), 'The provider, such as "smtp" or "twilio". Required to deliver.'),
      deliver: described(
        optional(z.boolean()),
        "Whether messages are delivered. Default: false (messages are rendered and stored).",
      ),
      max_per_second: described(
        optional(wholeNumber(1)),
        "The messages that each process sends per second through the channel, such as each worker. Default: no limit.",
        14,
      ),
      settings: described(
        optional(channelSettingsSchema()),
        'Settings of the provider and of the channel type. Secrets name environment variables, such as "$SMTP_PASSWORD".',
      ),
      conditions: described(
        anyValue(),
        'When the channel is used: an object with a list "all" or "any" of conditions.',
        { all: [{ variable: "recipient.plan", operator: "equal_to", argument: "pro" }] },
      ),
    })
    .check(rule(checkChannel)),
);

/** Returns the percentage of a number or decimal text, or null for other values and for more than one decimal. */
export function parsePercentage(argument: unknown): number | null {
  const percent = typeof argument === "string" && argument.trim() !== "" ? Number(argument) : argument;
  if (typeof percent !== "number" || !(percent >= 0 && percent <= 100)) return null;
  return Math.round(percent * 10) / 10 === percent ? percent : null;
}

/** Reports an invalid condition in a rule that is not "always" (E-189, E-190). */
function checkGroupRule(
  { rule_type, variable, operator, argument }: Record<string, unknown>,
  report: ReportFinding,
): void {
  if (rule_type !== "if" && rule_type !== "unless") return;
  checkCondition({ variable, operator }, [], { refs: null, extraOperators: [COHORT_OPERATOR] }, report);
  if (operator !== COHORT_OPERATOR) return;
  if (variable !== "recipient.id")
    report(["variable"], `must be "recipient.id" with ${COHORT_OPERATOR}, found ${JSON.stringify(variable)}`);
  if (parsePercentage(argument) === null)
    report(["argument"], "must be a percentage from 0 to 100, with at most one decimal");
}

/** The schema of a channel group in `environment.json` (E-189, CH-060). */
export const channelGroupSchema = once(() => {
  const groupRule = z
    .strictObject({
      index: described(optional(wholeNumber(0)), "The rule's place in the order. Default: its place in the list."),
      rule_type: described(z.enum(["always", "if", "unless"]), "When the channel is used."),
      variable: described(anyValue(), "The value to check, such as recipient.plan."),
      operator: described(anyValue(), `The comparison operator, such as equal_to or ${COHORT_OPERATOR}.`),
      argument: described(anyValue(), "The value to compare with.", "free"),
      channel: described(nonEmptyString(), "The key of the channel."),
    })
    .check(rule(checkGroupRule));
  return z.strictObject({
    name: described(optional(z.string()), "The display name.", "Order emails"),
    type: described(z.enum(listChannelTypesWithout("isGuide")), "The type of the group's channels."),
    operator: described(
      optional(z.enum(["any", "all"])),
      "any: a message through every channel whose rule applies. all: a message through every channel if all rules apply, and otherwise none. Default: any.",
    ),
    rules: described(optional(z.array(groupRule)), "When each channel is used."),
  });
});
