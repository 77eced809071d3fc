import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runShell } from "../../src/app/run-shell.js";
import type { Surroundings } from "../../src/app/surroundings.js";
import { TemporaryProject } from "../helpers/temporary-project.js";

describe("a shell command of knock dev --exec", () => {
  it("does not begin once the stop has been asked for: nobody would end it", async () => {
    const project = new TemporaryProject({});
    try {
      const stop = new AbortController();
      stop.abort();
      const surroundings = { cwd: project.root, signal: stop.signal } as Surroundings;
      expect(await runShell("touch begun", {}, surroundings)).toBe(143);
      expect(existsSync(project.path("begun"))).toBe(false);
    } finally {
      project.remove();
    }
  });
});
