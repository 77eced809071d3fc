import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { cliTest as it, type Sample } from "../helpers/run-knock.js";

/** The number of mutants that the sample projects have at least, so that an empty list does not pass. */
const MIN_MUTANTS = 20;
const MIN_MUTANTS_OF_TRACKER = 10;

describe.concurrent("the scenarios of the sample projects", () => {
  const check = async (project: Sample, minMutants = MIN_MUTANTS): Promise<void> => {
    const { json, exitCode } = await project.knock(["test", "--coverage-threshold", "95", "--mutate", "--json"]);
    const { coverage, mutation, summary } = json as Record<string, JsonObject>;
    expect(summary).toMatchObject({ failed: 0, broken: 0, skipped: 0 });
    expect(coverage).toMatchObject({ passed: true, total: { conditions: { percent: 100 } } });
    expect(mutation).toMatchObject({ survivors: [] });
    expect(Number(mutation?.total)).toBeGreaterThan(minMutants);
    expect(exitCode).toBe(0);
  };

  it("of collab pass, reach 95 % of the workflows, and notice all mutants", ({ collab }) => check(collab));

  it("of ops pass, reach 95 % of the workflows, and notice all mutants", ({ ops }) => check(ops));

  it("of shop pass, reach 95 % of the workflows, and notice all mutants", ({ shop }) => check(shop));

  it("of tracker pass, reach 95 % of the workflows, and notice all mutants", ({ tracker }) =>
    check(tracker, MIN_MUTANTS_OF_TRACKER));
});
