import type { Json } from "../../util/json.js";

export const OPERATORS = [
  "equal_to",
  "not_equal_to",
  "greater_than",
  "less_than",
  "greater_than_or_equal_to",
  "less_than_or_equal_to",
  "contains",
  "not_contains",
  "contains_all",
  "not_contains_all",
  "empty",
  "not_empty",
  "exists",
  "not_exists",
  "is_timestamp",
  "is_not_timestamp",
  "is_timestamp_before",
  "is_timestamp_on_or_after",
  "is_timestamp_between",
  "is_timestamp_before_now",
  "is_timestamp_on_or_after_now",
  "is_timestamp_before_date",
  "is_timestamp_on_or_after_date",
  "is_between",
  "is_audience_member",
  "is_not_audience_member",
] as const;
export type Operator = (typeof OPERATORS)[number];

/** A condition (section 6.1 of the workflow format). */
export interface Condition {
  variable: string;
  operator: Operator;
  argument?: Json | undefined;
}

/** A group of conditions, of any nesting (F-030). `{}` and empty lists are true, like null (F-031). */
export type ConditionGroup = { all: ConditionNode[] } | { any: ConditionNode[] } | Record<string, never>;
export type ConditionNode = Condition | ConditionGroup;

export const isCondition = (node: ConditionNode): node is Condition => "variable" in node;

/** Returns the conditions of a group and of the groups inside it, in the order in which a run logs them. */
export function listConditions(group: ConditionGroup | null): Condition[] {
  if (group === null) return [];
  const nodes: readonly ConditionNode[] = "any" in group ? group.any : "all" in group ? group.all : [];
  return nodes.flatMap((node) => (isCondition(node) ? [node] : listConditions(node)));
}
