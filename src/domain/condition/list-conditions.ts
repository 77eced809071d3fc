import { type Condition, type ConditionGroup, type ConditionNode, isCondition } from "./condition.js";

/** Returns the conditions of a group and of the groups inside it, in the order in which a run logs them. */
export function listConditions(group: ConditionGroup | null): Condition[] {
  if (group === null) return [];
  const nodes: readonly ConditionNode[] = "any" in group ? group.any : "all" in group ? group.all : [];
  return nodes.flatMap((node) => (isCondition(node) ? [node] : listConditions(node)));
}
