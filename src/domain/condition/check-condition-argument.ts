import { findNearest } from "../../util/find-nearest.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { parseRelativeTime, parseTimestamp } from "./parse-timestamp.js";

const DELIVERY_CONDITION_STATUSES =
  "skipped undelivered bounced delivery_attempted queued not_sent sent delivered".split(" ");
const ENGAGEMENT_CONDITION_STATUSES =
  "seen seen_not_read read read_not_link_clicked interacted link_clicked archived".split(" ");
const MESSAGE_STATUS_PREFIX = "$message.";

/**
 * Attributes that may follow `refs.<ref>.`: the statuses of a message, and the results of a wait step (E-121, E-130,
 * E-132).
 */
const STEP_REF_ATTRIBUTES = ["delivery_status", "engagement_status", "status", "matched", "signal_variables"];

/**
 * Reports a variable that names an unknown step or attribute, because its value would always be missing. A ref may
 * contain dots.
 */
export function checkRefVariable(
  variable: string,
  refs: ReadonlySet<string>,
  path: PropertyKey[],
  report: ReportFinding,
): void {
  const rest = variable.slice("refs.".length);
  const ref = [...refs]
    .filter((candidate) => rest === candidate || rest.startsWith(`${candidate}.`))
    .sort((a, b) => b.length - a.length)[0];
  if (ref === undefined) {
    report(path, `names a step that does not exist: "${rest.split(".")[0] ?? ""}"`);
    return;
  }
  const attribute = rest.slice(ref.length + 1).split(".")[0] ?? "";
  if (!STEP_REF_ATTRIBUTES.includes(attribute))
    report(path, `must end with one of ${STEP_REF_ATTRIBUTES.join(", ")} of a step: ${JSON.stringify(variable)}`);
}

function parseArgument(argument: unknown): unknown {
  if (typeof argument !== "string") return argument;
  try {
    return JSON.parse(argument);
  } catch {
    return argument;
  }
}

function isTime(value: unknown, allowsRelative: boolean): boolean {
  return (
    parseTimestamp(value) !== undefined ||
    (allowsRelative && parseRelativeTime(typeof value === "string" ? value : "", 0) !== undefined)
  );
}

/** Returns whether the value of an argument is only known at run time: a path of the scope, or Liquid. */
function isDynamic(argument: unknown): boolean {
  return typeof argument === "string" && (/\{[{%]/.test(argument) || /^[a-z]+(\.[^\s.{}]+)+$/.test(argument));
}

/** The operators that compare a variable with one value. */
export const COMPARISONS: readonly unknown[] =
  "equal_to not_equal_to greater_than less_than greater_than_or_equal_to less_than_or_equal_to".split(" ");

/** Returns the text, number or boolean that an argument always is; undefined for others. */
export function findLiteral(argument: unknown): string | number | boolean | undefined {
  const value = isDynamic(argument) ? undefined : parseArgument(argument);
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : undefined;
}

/** Matches the variable of a message's status. */
const STATUS_VARIABLE = /^refs\..+\.(delivery_status|engagement_status|status)$/;

function describeInvalidMessageStatus(status: string, variable: string, prefix = MESSAGE_STATUS_PREFIX): string | null {
  const attribute = STATUS_VARIABLE.exec(variable)?.[1];
  if (attribute === undefined)
    return "is a message status, which can only be compared with refs.<step>.delivery_status, engagement_status or status";
  const known = { delivery_status: DELIVERY_CONDITION_STATUSES, engagement_status: ENGAGEMENT_CONDITION_STATUSES }[
    attribute
  ] ?? [...DELIVERY_CONDITION_STATUSES, ...ENGAGEMENT_CONDITION_STATUSES];
  if (known.includes(status)) return null;
  const near = findNearest(status, known);
  if (near === undefined && prefix === "") return null; // may be a status that the service has added
  return `is not a known ${attribute}: "${prefix}${status}"${near === undefined ? "" : `; did you mean "${prefix}${near}"?`}`;
}

const OPERATORS_REQUIRING_ARGUMENT = new Set(
  "greater_than less_than greater_than_or_equal_to less_than_or_equal_to is_audience_member is_not_audience_member".split(
    " ",
  ),
);

/** Returns why an argument is invalid, as far as this is known before a run, or null (E-113, E-117, E-119, E-122). */
function describeInvalidArgument(variable: string, operator: string, argument: unknown): string | null {
  if (typeof argument === "string" && argument.startsWith(MESSAGE_STATUS_PREFIX))
    return describeInvalidMessageStatus(argument.slice(MESSAGE_STATUS_PREFIX.length), variable);
  if (isDynamic(argument)) return null;
  if (typeof argument === "string" && STATUS_VARIABLE.test(variable)) {
    const misspelled = describeInvalidMessageStatus(argument, variable, "");
    if (misspelled !== null) return misspelled;
  }
  const value = parseArgument(argument);
  if (OPERATORS_REQUIRING_ARGUMENT.has(operator) && (argument === undefined || argument === null))
    return "is required by this operator";
  if (operator === "is_between" || operator === "is_timestamp_between") {
    if (!Array.isArray(value) || value.length !== 2) return "must be a list of two values, the minimum and the maximum";
    const fits = operator === "is_between" || value.every((bound) => isDynamic(bound) || isTime(bound, false));
    return fits ? null : "must be a list of two ISO 8601 times";
  }
  if (/^is_timestamp_(before|on_or_after)(_date)?$/.test(operator) && !isTime(value, true))
    return "must be an ISO 8601 time, or a relative time of at least 15 minutes such as 7_days_ago or 3_days_from_now";
  return null;
}

/** Reports an argument with which the condition could never work as intended. */
export function checkConditionArgument(
  { variable, operator, argument }: { variable: string; operator: string; argument: unknown },
  refs: ReadonlySet<string> | null,
  path: PropertyKey[],
  report: ReportFinding,
): void {
  if (typeof argument === "string" && argument.startsWith("refs.") && refs !== null && isDynamic(argument))
    checkRefVariable(argument, refs, path, report);
  const message = describeInvalidArgument(variable, operator, argument);
  if (message !== null) report(path, message);
}
