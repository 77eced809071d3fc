import { nearest } from "../../util/nearest.js";
import type { Complain } from "../shape/complain.js";
import { parseRelativeTime, parseTimestamp } from "./timestamp.js";

const DELIVERY = "skipped undelivered bounced delivery_attempted queued not_sent sent delivered".split(" ");
const ENGAGEMENT = "seen seen_not_read read read_not_link_clicked interacted link_clicked archived".split(" ");
const MESSAGE = "$message.";

/** What `refs.<ref>.` may be followed by: a message's statuses, and what a wait step leaves (E-121, E-130, E-132). */
const OF_A_STEP = ["delivery_status", "engagement_status", "status", "matched", "signal_variables"];

/** A step's `refs` with an attribute that none has would be missing for ever. A ref may itself have dots. */
export function checkRefVariable(
  variable: string,
  refs: ReadonlySet<string>,
  path: PropertyKey[],
  complain: Complain,
): void {
  const rest = variable.slice("refs.".length);
  const ref = [...refs]
    .filter((one) => rest === one || rest.startsWith(`${one}.`))
    .sort((a, b) => b.length - a.length)[0];
  if (ref === undefined) {
    complain(path, `names a step that does not exist: "${rest.split(".")[0] ?? ""}"`);
    return;
  }
  const attribute = rest.slice(ref.length + 1).split(".")[0] ?? "";
  if (!OF_A_STEP.includes(attribute))
    complain(path, `must ask for one of ${OF_A_STEP.join(", ")} of a step: ${JSON.stringify(variable)}`);
}

function decoded(argument: unknown): unknown {
  if (typeof argument !== "string") return argument;
  try {
    return JSON.parse(argument) as unknown;
  } catch {
    return argument;
  }
}

function isMoment(value: unknown, relative: boolean): boolean {
  return (
    parseTimestamp(value) !== undefined ||
    (relative && parseRelativeTime(typeof value === "string" ? value : "", 0) !== undefined)
  );
}

/** An argument whose value is only known at run time: a path of the scope, or Liquid. */
function isDynamic(argument: unknown): boolean {
  return typeof argument === "string" && (argument.includes("{{") || /^[a-z]+(\.[^\s.{}]+)+$/.test(argument));
}

function messageStatusFault(status: string, variable: string): string | null {
  const attribute = /^refs\..+\.(delivery_status|engagement_status|status)$/.exec(variable)?.[1];
  if (attribute === undefined) return "is a message's status, which only refs.<step>.delivery_status and such can have";
  const known = { delivery_status: DELIVERY, engagement_status: ENGAGEMENT }[attribute] ?? [...DELIVERY, ...ENGAGEMENT];
  if (known.includes(status)) return null;
  const near = nearest(status, known);
  return `is not a known ${attribute}: "${MESSAGE}${status}"${near === undefined ? "" : `; did you mean "${MESSAGE}${near}"?`}`;
}

const NEEDS_ARGUMENT = new Set(
  "greater_than less_than greater_than_or_equal_to less_than_or_equal_to is_audience_member is_not_audience_member".split(
    " ",
  ),
);

/** What is wrong with an argument that is known before anything runs (E-113, E-117, E-119, E-122); null for nothing. */
function faultOf(variable: string, operator: string, argument: unknown): string | null {
  if (typeof argument === "string" && argument.startsWith(MESSAGE))
    return messageStatusFault(argument.slice(MESSAGE.length), variable);
  if (isDynamic(argument)) return null;
  const value = decoded(argument);
  if (NEEDS_ARGUMENT.has(operator) && (argument === undefined || argument === null))
    return "is required: nothing is ever above, below or in what is not there";
  if (operator === "is_between" || operator === "is_timestamp_between") {
    if (!Array.isArray(value) || value.length !== 2) return "must be a list of two, the lowest and the highest";
    const fits = operator === "is_between" || value.every((bound) => isDynamic(bound) || isMoment(bound, false));
    return fits ? null : "must be a list of two ISO 8601 times";
  }
  if (/^is_timestamp_(before|on_or_after)(_date)?$/.test(operator) && !isMoment(value, true))
    return "must be an ISO 8601 time, or one such as 7_days_ago or 3_days_from_now, of at least 15 minutes";
  return null;
}

/** Complains about an argument with which the condition could never be true as it is meant. */
export function checkConditionArgument(
  { variable, operator, argument }: { variable: string; operator: string; argument: unknown },
  refs: ReadonlySet<string> | null,
  path: PropertyKey[],
  complain: Complain,
): void {
  if (typeof argument === "string" && argument.startsWith("refs.") && refs !== null && isDynamic(argument))
    checkRefVariable(argument, refs, path, complain);
  const fault = faultOf(variable, operator, argument);
  if (fault !== null) complain(path, fault);
}
