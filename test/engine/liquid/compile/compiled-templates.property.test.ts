import fc from "fast-check";
import { expect, it } from "vitest";
import { parseText } from "../../../../src/engine/liquid/liquid.js";
import { canCompile } from "../../../../src/engine/liquid/render-templates.js";
import { getPropertyRuns } from "../../../helpers/get-property-runs.js";
import { liquidScopes, liquidTemplates } from "../../../helpers/liquid-arbitraries.js";
import { renderBothWays } from "../../../helpers/render-both-ways.js";

it("T-001 T-123 compiled templates render, fail and assign variables as liquidjs does", { timeout: 1_200_000 }, () => {
  let [valid, compiled] = [0, 0];
  fc.assert(
    fc.property(
      fc.array(liquidTemplates, { minLength: 1, maxLength: 3 }),
      liquidScopes,
      fc.boolean(),
      (sources, scope, isShared) => {
        const results = renderBothWays(sources, JSON.stringify(scope), isShared);
        expect(results.compiled).toEqual(results.interpreted);
        for (const source of sources) {
          const templates = parseText(source);
          if (templates === null) continue;
          valid++;
          if (canCompile(templates)) compiled++;
        }
      },
    ),
    getPropertyRuns(100_000, 300),
  );
  // Otherwise the property would hold because liquidjs renders both.
  expect(valid).toBeGreaterThan(0);
  expect(compiled / valid).toBeGreaterThan(0.6);
});
