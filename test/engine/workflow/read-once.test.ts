import { describe, expect, it } from "vitest";
import { readOnce } from "../../../src/engine/workflow/read-once.js";
import type { Definitions } from "../../../src/ports/definitions.js";
import { step } from "../../helpers/build-steps.js";
import { EngineHarness } from "../../helpers/engine-harness.js";

/** Returns definitions that record each read of a workflow, in the main files and in the branch `new`. */
async function recording(): Promise<{ definitions: Definitions; reads: string[] }> {
  const harness = await EngineHarness.open();
  harness.define("digest", { steps: [step.email()] });
  harness.define("digest", { name: "New", steps: [step.email()] }, "new");
  await harness.close();
  const reads: string[] = [];
  const record = (given: Definitions, name: string): Definitions => {
    const recorded: Definitions = {
      ...given,
      async workflow(key) {
        reads.push(`${name}/${key}`);
        if (key === "broken") throw new Error("broken");
        return given.workflow(key);
      },
      branch(slug) {
        if (slug === "main") return recorded;
        const found = given.branch?.(slug) ?? null;
        return found && record(found, slug);
      },
    };
    return recorded;
  };
  return { definitions: record(harness.definitions, "main"), reads };
}

describe("readOnce", () => {
  it("reads each definition once, on first use", async () => {
    const { definitions, reads } = await recording();
    const once = readOnce(definitions);
    expect(reads).toEqual([]);
    const [first, second] = await Promise.all([once.workflow("digest"), once.workflow("digest")]);
    expect(first?.key).toBe("digest");
    expect(second).toBe(first);
    expect(await once.workflow("none")).toBeNull();
    expect(reads).toEqual(["main/digest", "main/none"]);
  });

  it("remembers errors", async () => {
    const { definitions, reads } = await recording();
    const once = readOnce(definitions);
    for (const _ of [1, 2]) await expect(once.workflow("broken")).rejects.toThrow("broken");
    expect(reads).toEqual(["main/broken"]);
  });

  it("reads each branch's definitions once, and returns itself for the branch main", async () => {
    const { definitions, reads } = await recording();
    const once = readOnce(definitions);
    for (const _ of [1, 2]) expect((await once.branch?.("new")?.workflow("digest"))?.name).toBe("New");
    expect(once.branch?.("main")).toBe(once);
    expect(once.branch?.("none")).toBeNull();
    expect(reads).toEqual(["new/digest"]);
  });
});
