import type { Json } from "../../util/json.js";
import type { Operator } from "../condition/condition.js";
import { checkCondition } from "../condition/parse-conditions.js";
import { CHANNEL_TYPES } from "../message/message.js";
import type { Complain } from "../shape/complain.js";
import { anything, integer, list, object, oneOf, optional, type Shaped, text } from "../shape/shape.js";
import { filledText } from "../step/step-shapes.js";
import { type ChannelGroup, type ChannelGroupRule, COHORT_OPERATOR } from "./environment.js";

const ruleShape = object(
  {
    index: optional(integer(0)),
    rule_type: oneOf(["always", "if", "unless"]),
    variable: anything,
    operator: anything,
    argument: anything,
    channel: filledText,
  },
  { closed: true },
);

export const channelGroupShape = object(
  {
    name: optional(text),
    type: oneOf(CHANNEL_TYPES.filter((type) => type !== "in_app_guide")),
    operator: optional(oneOf(["any", "all"])),
    rules: optional(list(ruleShape)),
  },
  { closed: true },
);

type RawGroup = Shaped<typeof channelGroupShape>;

/** A percentage is written as a number or as decimal text; null for what is neither, or has more than one decimal. */
function percentOf(argument: unknown): number | null {
  const percent = typeof argument === "string" && argument.trim() !== "" ? Number(argument) : argument;
  if (typeof percent !== "number" || !(percent >= 0 && percent <= 100)) return null;
  return Math.round(percent * 10) / 10 === percent ? percent : null;
}

function parseRule(
  raw: Shaped<typeof ruleShape>,
  index: number,
  path: PropertyKey[],
  complain: Complain,
): ChannelGroupRule {
  const { rule_type, channel } = raw;
  if (rule_type === "always") return { index, rule_type, channel };
  checkCondition(
    { variable: raw.variable, operator: raw.operator },
    path,
    { refs: null, operators: [COHORT_OPERATOR] },
    complain,
  );
  const variable = String(raw.variable);
  if (raw.operator !== COHORT_OPERATOR)
    return { index, rule_type, channel, variable, operator: raw.operator as Operator, argument: raw.argument as Json };
  const percent = percentOf(raw.argument);
  if (variable !== "recipient.id")
    complain(
      [...path, "variable"],
      `must be "recipient.id" with ${COHORT_OPERATOR}, found ${JSON.stringify(raw.variable)}`,
    );
  if (percent === null) complain([...path, "argument"], "must be a percentage from 0 to 100, with at most one decimal");
  return { index, rule_type, channel, variable, operator: COHORT_OPERATOR, argument: percent ?? 0 };
}

/** A group's rules in the order of their index, a missing one being its place in the list (E-189, E-190, CH-060). */
export function parseChannelGroup(
  key: string,
  raw: RawGroup,
  channelTypes: ReadonlyMap<string, string>,
  path: PropertyKey[],
  complain: Complain,
): ChannelGroup {
  const rules = (raw.rules ?? []).map((rule, place) => {
    const here = [...path, "rules", place];
    const type = channelTypes.get(rule.channel);
    if (type !== undefined && type !== raw.type)
      complain([...here, "channel"], `"${rule.channel}" is of type "${type}", but the group's type is "${raw.type}"`);
    return parseRule(rule, rule.index ?? place, here, complain);
  });
  return { key, type: raw.type, operator: raw.operator ?? "any", rules: rules.sort((a, b) => a.index - b.index) };
}
