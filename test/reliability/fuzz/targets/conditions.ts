import fc from "fast-check";
import { OPERATORS } from "../../../../src/domain/condition/condition.js";
import { describeCondition } from "../../../../src/domain/condition/evaluated-condition.js";
import { normalizeConditionGroup, parseConditionGroup } from "../../../../src/domain/condition/parse-conditions.js";
import { evaluateConditionList, evaluateConditions } from "../../../../src/engine/condition/evaluate-conditions.js";
import { escapeToOneLine } from "../../../../src/output/escape-controls.js";
import type { Json, JsonObject } from "../../../../src/util/json.js";
import { arbitraryChange } from "../../../helpers/json-arbitraries.js";
import { checkPrintable, type FuzzTarget } from "../fuzz-target.js";
import { hostileText, hostileValue } from "../hostile-values.js";

interface ConditionInput {
  group: Json;
  variables: JsonObject;
}

const path = fc
  .tuple(
    fc.constantFrom("data", "recipient", "actor", "tenant", "vars", "workflow", "run", "refs", "event"),
    fc.array(fc.oneof(fc.constantFrom("a", "b", "0", "[0]", "length", "__proto__", "step_1", "status"), hostileText), {
      maxLength: 3,
    }),
  )
  .map(([scope, parts]) => [scope, ...parts].join("."));
const argument = fc.oneof(
  hostileValue("a", "b"),
  path as fc.Arbitrary<Json>,
  fc.constantFrom<Json>(
    "1",
    '"a"',
    "[1,2]",
    "data.a",
    "2026-01-01",
    "-1d",
    "now",
    '["2026-01-01","2027-01-01"]',
    "{{ data.a }}",
  ),
);
const condition = fc.record(
  {
    variable: fc.oneof({ weight: 8, arbitrary: path }, hostileText),
    operator: fc.constantFrom<string>(...OPERATORS, "=="),
    argument,
  },
  { requiredKeys: ["variable", "operator"] },
) as fc.Arbitrary<Json>;
const conditions = fc.letrec<{ group: Json }>((tie) => ({
  group: fc
    .tuple(
      fc.constantFrom("all", "any"),
      fc.array(fc.oneof({ maxDepth: 3, depthSize: "small" }, condition, tie("group")), { maxLength: 3 }),
    )
    .map(([mode, nodes]) => ({ [mode]: nodes })),
})).group;
const group = fc.oneof(
  { weight: 8, arbitrary: conditions },
  { weight: 3, arbitrary: fc.tuple(conditions, arbitraryChange(argument)).map(([json, change]) => change(json)) },
  { weight: 1, arbitrary: hostileValue("all", "any", "variable", "operator", "argument") },
);
const scope = fc.dictionary(
  fc.constantFrom("data", "recipient", "actor", "vars"),
  fc.oneof(
    fc.dictionary(
      fc.constantFrom("a", "b", "length", "constructor"),
      hostileValue("a", "b", "0"),
    ) as fc.Arbitrary<Json>,
    hostileValue("a", "b"),
  ),
) as fc.Arbitrary<JsonObject>;

/** Conditions. Valid ones can be evaluated against any data, twice with the same result, as a group and as a list. */
export const conditionsTarget: FuzzTarget<ConditionInput> = {
  name: "conditions",
  runs: 100_000,
  shortRuns: 600,
  inputs: fc.record({ group, variables: scope }),
  async open() {
    return {
      check({ group: raw, variables }) {
        const findings: string[] = [];
        const context = { refs: new Set(["step_1"]), allowsEvent: true };
        const parsed = parseConditionGroup(raw, ["conditions"], context, (_path, message) => findings.push(message));
        for (const message of findings) checkPrintable(escapeToOneLine(message));
        if (findings.length > 0) return;
        const evaluationScope = {
          variables: structuredClone(variables),
          refs: () => undefined,
          now: Date.UTC(2026, 10, 27),
          isAudienceMember: (audience: string) => audience === "a",
        };
        const result = evaluateConditions(normalizeConditionGroup(parsed), evaluationScope);
        for (const evaluated of result.evaluated) describeCondition(evaluated);
        const again = evaluateConditions(normalizeConditionGroup(parsed), evaluationScope);
        if (JSON.stringify(again) !== JSON.stringify(result)) throw new Error("evaluated again, the result differs");
        if (JSON.stringify(evaluationScope.variables) !== JSON.stringify(variables))
          throw new Error("the data was changed");
        const nodes = (raw as { all?: Json[] } | null)?.all ?? [];
        if (!nodes.every((node) => typeof node === "object" && node !== null && "operator" in node)) return;
        const list = evaluateConditionList(nodes as never[], evaluationScope);
        if (nodes.length > 0 && list.passed !== result.passed) throw new Error("as a list, the result differs");
      },
    };
  },
};
