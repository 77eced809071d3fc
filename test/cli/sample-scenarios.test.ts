import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { cliTest as it, type Sample } from "../helpers/run-knock.js";

/** The number of mutants that the sample projects have at least, so that an empty list does not pass. */
const MIN_MUTANTS = 20;
const MIN_MUTANTS_OF_TRACKER = 10;

describe.concurrent("the scenarios of the sample projects", () => {
  /** Runs and checks the scenarios. Returns the exit code, which also depends on a threshold of the coverage. */
  const check = async (project: Sample, minMutants = MIN_MUTANTS, coverageFlags = ["--coverage"]): Promise<number> => {
    const { json, exitCode } = await project.knock(["test", ...coverageFlags, "--mutate", "--json"]);
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
    return exitCode;
  };

  it("of collab pass, reach all of the workflows and templates, and notice all mutants", async ({ collab }) => {
    await check(collab);
  });

  it("of ops pass, reach all of the workflows and templates, and notice all mutants", async ({ ops }) => {
    await check(ops);
  });

  it("of shop pass, reach all of the workflows and templates, and notice all mutants", async ({ shop }) => {
    await check(shop);
  });

  it("of tracker pass, reach all of the workflows and templates, and notice all mutants", async ({ tracker }) => {
    expect(await check(tracker, MIN_MUTANTS_OF_TRACKER, ["--coverage-threshold", "100"])).toBe(0);
  });
});
