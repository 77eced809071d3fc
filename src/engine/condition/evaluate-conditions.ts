import type { Condition, ConditionGroup, ConditionNode, Operator } from "../../domain/condition/condition.js";
import { evaluateOperator } from "../../domain/condition/evaluate-operator.js";
import { describeCondition, type EvaluatedCondition } from "../../domain/condition/evaluated-condition.js";
import { getValueAtPath, type JsonObject, stringifyValue } from "../../util/json.js";
import {
  evaluateMessageStatus,
  getMessageStatusValue,
  type MessageVariable,
  parseMessageVariable,
  type StepMessageState,
} from "../message/evaluate-message-status.js";
import { type ConditionArgument, parseConditionArgument, renderConditionArgument } from "./parse-condition-argument.js";

/** Returns evaluated conditions with their results, for a step's event. */
export function toConditionLog(evaluated: readonly EvaluatedCondition[]): JsonObject[] {
  return evaluated.map(
    (condition) =>
      ({ ...condition, argument: condition.argument ?? null, value: condition.value ?? null }) as JsonObject,
  );
}

/** Describes the condition that decided a false result; null if no condition was evaluated. */
export function describeDecidingCondition(evaluated: readonly EvaluatedCondition[]): string | null {
  const decided = evaluated.findLast((condition) => condition.result === false) ?? evaluated[0];
  return decided ? describeCondition(decided) : null;
}

/** The values that a condition can read. */
export interface ConditionScope {
  /**
   * Values by prefix: `recipient`, `actor`, `tenant`, `data`, `vars`, `workflow`, `run`, and `event` in match
   * conditions.
   */
  variables: Record<string, unknown>;
  /** Returns the state of the messages of a step of this run (E-121), or undefined if it created none. */
  refs: (ref: string) => StepMessageState | undefined;
  /** Milliseconds. */
  now: number;
  /** Renders arguments that contain Liquid. Without it they stay unchanged. Its errors are not caught. */
  renderLiquid?: (text: string) => string;
  /** Returns whether the run's recipient is in an audience, in the run's tenant (E-118, E-390). */
  isAudienceMember?: (audience: string) => boolean;
}

export interface ConditionResult {
  passed: boolean;
  /** Every condition of the group in the order written, including nested ones. */
  evaluated: EvaluatedCondition[];
}

/** Evaluates `all`, `any` and their nesting (E-094, F-030). Returns true if there are no conditions (F-031). */
export function evaluateConditions(group: ConditionGroup | null | undefined, scope: ConditionScope): ConditionResult {
  const evaluated: EvaluatedCondition[] = [];
  return { passed: evaluateGroup(group, scope, evaluated), evaluated };
}

/** Evaluates a plain list, as preferences have it. Returns true if every condition is true (E-152, F-032). */
export function evaluateConditionList(list: readonly Condition[], scope: ConditionScope): ConditionResult {
  const evaluated: EvaluatedCondition[] = [];
  return { passed: evaluateNodes(list, "all", scope, evaluated), evaluated };
}

function evaluateGroup(
  group: ConditionGroup | null | undefined,
  scope: ConditionScope,
  log: EvaluatedCondition[],
): boolean {
  const { mode, nodes } = splitGroup(group);
  return evaluateNodes(nodes, mode, scope, log);
}

function splitGroup(group: ConditionGroup | null | undefined): {
  mode: "all" | "any";
  nodes: readonly ConditionNode[];
} {
  if (typeof group === "object" && group !== null) {
    if ("all" in group && Array.isArray(group.all)) return { mode: "all", nodes: group.all };
    if ("any" in group && Array.isArray(group.any)) return { mode: "any", nodes: group.any };
  }
  return { mode: "all", nodes: [] };
}

function evaluateNodes(
  nodes: readonly ConditionNode[],
  mode: "all" | "any",
  scope: ConditionScope,
  log: EvaluatedCondition[],
): boolean {
  if (nodes.length === 0) return true;
  const decisive = mode === "any";
  let isDecided = false;
  for (const node of nodes) {
    if (isDecided) logUnevaluated(node, log);
    else isDecided = evaluateNode(node, scope, log) === decisive;
  }
  return isDecided ? decisive : !decisive;
}

function evaluateNode(node: ConditionNode, scope: ConditionScope, log: EvaluatedCondition[]): boolean {
  if (!isCondition(node)) return evaluateGroup(node, scope, log);
  const evaluated = evaluateCondition(node, scope);
  log.push(evaluated);
  return evaluated.result === true;
}

function logUnevaluated(node: ConditionNode, log: EvaluatedCondition[]): void {
  if (isCondition(node)) {
    const { variable, operator, argument } = node;
    log.push({ variable, operator, argument, value: undefined, result: null });
    return;
  }
  for (const inner of splitGroup(node).nodes) logUnevaluated(inner, log);
}

function isCondition(node: ConditionNode): node is Condition {
  return typeof node === "object" && node !== null && ("operator" in node || "variable" in node);
}

function evaluateCondition(condition: Condition, scope: ConditionScope): EvaluatedCondition {
  const { variable, operator } = condition;
  const compiled = compileCondition(condition);
  const argument = resolveArgument(compiled.argument, scope);
  if (compiled.message !== undefined) {
    const { ref, attribute } = compiled.message;
    const state = scope.refs(ref);
    const result = evaluateMessageStatus(attribute, operator, argument, state, scope.now);
    return { variable, operator, argument, value: getMessageStatusValue(attribute, state), result };
  }
  const value = AUDIENCE_OPERATORS.has(operator)
    ? isRecipientInAudience(variable, argument, scope)
    : getValueAtPath(scope.variables, compiled.path);
  return { variable, operator, argument, value, result: evaluateOperator(operator, value, argument, scope.now) };
}

const AUDIENCE_OPERATORS: ReadonlySet<Operator> = new Set<Operator>(["is_audience_member", "is_not_audience_member"]);

/**
 * Returns whether the run's own recipient is in an audience. False for any other recipient, which is never looked up
 * (EQ-18).
 */
function isRecipientInAudience(variable: string, audience: unknown, scope: ConditionScope): boolean {
  if (variable !== "recipient" && variable !== "recipient.id") return false;
  return scope.isAudienceMember?.(stringifyValue(audience)) ?? false;
}

function resolveArgument(argument: ConditionArgument, scope: ConditionScope): unknown {
  switch (argument.kind) {
    case "literal":
      return argument.value;
    case "liquid":
      return renderConditionArgument(argument, scope.renderLiquid ?? ((text) => text));
    case "path":
      // `event` exists only in match conditions. Elsewhere it is plain text (EQ-70).
      if (argument.path[0] === "event" && !Object.hasOwn(scope.variables, "event")) return argument.text;
      return resolvePath(argument.text, argument.path, scope);
  }
}

/**
 * Returns the value at a path. Null becomes undefined, so that it compares as an empty string, as a variable does
 * (E-091).
 */
function resolvePath(text: string, path: readonly string[], scope: ConditionScope): unknown {
  const message = parseMessageVariable(text);
  if (message) return getMessageStatusValue(message.attribute, scope.refs(message.ref));
  return getValueAtPath(scope.variables, path) ?? undefined;
}

interface CompiledCondition {
  path: readonly string[];
  message: MessageVariable | undefined;
  argument: ConditionArgument;
}

/**
 * Cached, because a workflow's conditions are evaluated for each recipient, and failed JSON decoding alone costs
 * microseconds each time.
 */
const compiledConditions = new WeakMap<Condition, CompiledCondition>();

function compileCondition(condition: Condition): CompiledCondition {
  let compiled = compiledConditions.get(condition);
  if (compiled === undefined) {
    const variable = typeof condition.variable === "string" ? condition.variable : ""; // a stored preference may contain any value
    compiled = {
      path: variable.split("."),
      message: parseMessageVariable(variable),
      argument: parseConditionArgument(condition),
    };
    compiledConditions.set(condition, compiled);
  }
  return compiled;
}
