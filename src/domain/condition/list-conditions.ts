import type { Condition, ConditionGroup, ConditionNode } from "./condition.js";

/** Returns the conditions of a group and of the groups inside it, in the order in which a run logs them. */
export function listConditions(group: ConditionGroup | null): Condition[] {
  if (group === null) return [];
  const nodes: readonly ConditionNode[] = "any" in group ? group.any : "all" in group ? group.all : [];
  return nodes.flatMap((node) => ("variable" in node ? [node as Condition] : listConditions(node)));
}
