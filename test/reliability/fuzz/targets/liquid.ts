import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import type { Json } from "../../../../src/util/json.js";
import { HOSTILE_TEMPLATES } from "../../../helpers/hostile-inputs.js";
import { liquidScopes, liquidTemplates } from "../../../helpers/liquid-arbitraries.js";
import { renderBothWays } from "../../../helpers/render-both-ways.js";
import type { FuzzTarget } from "../fuzz-target.js";
import { changedText, hostileText, hostileValue } from "../hostile-values.js";

interface LiquidInput {
  sources: string[];
  scope: Record<string, Json>;
  isShared: boolean;
}

/** Parts of templates that a change inserts. */
const PARTS = [
  "{{",
  "}}",
  "{%",
  "%}",
  "{%-",
  "-%}",
  "|",
  ":",
  ",",
  ".",
  "[",
  "]",
  "'",
  '"',
  "(1..",
  " and ",
  "endfor",
  "else",
];

const source = fc.oneof(
  { weight: 40, arbitrary: liquidTemplates },
  { weight: 40, arbitrary: changedText(liquidTemplates, fc.oneof(fc.constantFrom(...PARTS), hostileText)) },
  { weight: 10, arbitrary: hostileText.map((text) => `{{ a | ${text} }}{{ ${text} }}`) },
  { weight: 10, arbitrary: hostileText },
  // Few, because each may reach the time limit.
  { weight: 1, arbitrary: changedText(fc.constantFrom(...HOSTILE_TEMPLATES), fc.constantFrom(...PARTS)) },
);
const scope = fc.oneof(
  liquidScopes,
  fc.dictionary(
    fc.constantFrom("a", "b", "list", "map", "text", "n", "item", "vars", "content"),
    hostileValue("a", "b", "size"),
  ),
) as fc.Arbitrary<Record<string, Json>>;

/** Liquid templates and filters. Compiled templates render, fail and assign variables as liquidjs does. */
export const liquidTarget: FuzzTarget<LiquidInput> = {
  name: "liquid",
  runs: 40_000,
  shortRuns: 300,
  // A template may render for two seconds, each way.
  maxMilliseconds: 6_000,
  inputs: fc.record({ sources: fc.array(source, { minLength: 1, maxLength: 2 }), scope, isShared: fc.boolean() }),
  async open() {
    return {
      check({ sources, scope: variables, isShared }) {
        const { interpreted, compiled } = renderBothWays(sources, JSON.stringify(variables), isShared);
        const hasLimit = [interpreted, compiled].some(({ texts }) => texts.some((text) => text.includes("limit")));
        // The faster way can reach another limit first.
        if (!hasLimit && !isDeepStrictEqual(compiled, interpreted))
          throw new Error(`${JSON.stringify(compiled)} instead of ${JSON.stringify(interpreted)}`);
      },
    };
  },
};
