import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { cliTest as it, type Sample } from "../helpers/run-knock.js";

/** The number of mutants that the sample projects have at least, so that an empty list does not pass. */
const MIN_MUTANTS = 20;
const MIN_MUTANTS_OF_TRACKER = 10;

describe.concurrent("the scenarios of the sample projects", () => {
  const check = async (project: Sample, minMutants = MIN_MUTANTS): Promise<void> => {
    const { json } = await project.knock(["test", "--coverage", "--mutate", "--json"]);
    const { coverage, mutation, summary } = json as {
      coverage: { workflows: { missing: JsonObject[] }[] };
      mutation: { survivors: JsonObject[]; total: number };
      summary: JsonObject;
    };
    expect(summary).toMatchObject({ failed: 0, broken: 0, skipped: 0 });
    const missing = coverage.workflows.flatMap((workflow) => workflow.missing);
    expect(missing.filter(({ kind }) => kind !== "reasons")).toEqual([]);
    expect(mutation.survivors).toEqual([]);
    expect(mutation.total).toBeGreaterThan(minMutants);
  };

  it("of collab pass, reach all of the workflows and templates, and notice all mutants", ({ collab }) => check(collab));

  it("of ops pass, reach all of the workflows and templates, and notice all mutants", ({ ops }) => check(ops));

  it("of shop pass, reach all of the workflows and templates, and notice all mutants", ({ shop }) => check(shop));

  it("of tracker pass, reach all of the workflows and templates, and notice all mutants", async ({ tracker }) => {
    await check(tracker, MIN_MUTANTS_OF_TRACKER);
    const { exitCode } = await tracker.knock(["test", "--coverage-threshold", "100", "--mutate"]);
    expect(exitCode).toBe(0);
  });
});
