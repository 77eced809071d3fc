import { readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { resolveChannelTypes } from "../../../src/domain/project/resolve-channel-types.js";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";
import { compileWorkflow } from "../../../src/engine/compile/compile-workflow.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import { parseEnvironment } from "../../../src/project/environment/parse-environment.js";
import { readProjectJson } from "../../../src/project/read-project-text.js";
import { resolveFileReferences } from "../../../src/project/resolve-file-references.js";
import type { Json } from "../../../src/util/json.js";
import { hasParent } from "../../helpers/catch-error.js";
import { getPropertyRuns } from "../../helpers/get-property-runs.js";
import { arbitraryJson, arbitraryMutation } from "../../helpers/json-arbitraries.js";

const FIELDS = ["ref", "type", "steps", "branches", "conditions", "all", "any", "template", "settings", "channel_type"];

/** The workflows of both projects with their referenced files, and their environments. */
const workflows: { key: string; raw: Json; environment: Json }[] = [];

beforeAll(async () => {
  for (const project of ["collab", "ops"]) {
    const folder = join(import.meta.dirname, "../../../fixtures", project, "knock");
    const environment = await readProjectJson(join(folder, "environment.json"), "environment.json");
    for (const key of readdirSync(join(folder, "workflows"))) {
      const from = join(folder, "workflows", key);
      const raw = await readProjectJson(join(from, "workflow.json"), "workflow.json");
      const resolved = await resolveFileReferences(raw, {
        from,
        resourceDir: from,
        displayPath: "workflow.json",
        referencedFiles: new Set(),
        owner: "workflow",
      });
      workflows.push({ key, raw: resolved, environment });
    }
  }
});

/** Parses, resolves and compiles a workflow, or checks that a KnockError has pointers into the file. */
async function check(key: string, raw: Json, environment: Json): Promise<boolean> {
  try {
    const workflow = parseWorkflow(key, raw);
    resolveChannelTypes(workflow, parseEnvironment(environment, "environment.json"));
    await compileWorkflow(workflow, { emailLayout: async () => null, partial: async () => null });
    return true;
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    expect(["workflow_invalid", "template_invalid", "not_supported"]).toContain(error.code);
    for (const { pointer } of error.details)
      if (error.code === "workflow_invalid" && !pointer.endsWith("…"))
        expect([pointer, hasParent(raw, pointer)]).toEqual([pointer, true]);
    return false;
  }
}

describe("parseWorkflow, resolveChannelTypes and compileWorkflow", () => {
  it("accept every workflow of the sample projects", async () => {
    expect(workflows.length).toBeGreaterThan(9);
    for (const { key, raw, environment } of workflows)
      expect([key, await check(key, raw, environment)]).toEqual([key, true]);
  });

  it("throw only KnockErrors for a randomly changed workflow", async () => {
    const mutated = fc.nat().chain((at) => {
      const one = workflows[at % workflows.length] as (typeof workflows)[number];
      return arbitraryMutation(one.raw, arbitraryJson(...FIELDS)).map((raw) => ({ ...one, raw }));
    });
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(mutated, async ({ key, raw, environment }) => {
        if (await check(key, raw, environment)) taken++;
      }),
      getPropertyRuns(15_000),
    );
    expect(taken).toBeGreaterThan(100); // otherwise only the first check would run
  });

  it("throw only KnockErrors for any JSON", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryJson(...FIELDS), async (raw) => {
        await check("any", raw, {});
      }),
      getPropertyRuns(5_000),
    );
  });
});
