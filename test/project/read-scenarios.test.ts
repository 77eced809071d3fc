import { afterEach, describe, expect, it, vi } from "vitest";
import { readScenarioNames, readScenarios, type ScenarioFileContent } from "../../src/project/read-scenarios.js";
import { catchThrown } from "../helpers/catch-error.js";
import { TemporaryProject } from "../helpers/temporary-project.js";

function readText(text: string): ScenarioFileContent {
  const project = new TemporaryProject({ "a.test.yaml": text });
  try {
    return readScenarios({ path: project.path("a.test.yaml"), displayPath: "a.test.yaml" });
  } finally {
    project.remove();
  }
}

describe("a file of scenarios", () => {
  it("names an alias without an anchor", () => {
    expect(catchThrown(() => readText("scenarios: *cases\n")).message).toContain("Unresolved alias");
  });

  afterEach(() => vi.restoreAllMocks());

  it("causes no warning of Node, which would print its keys unescaped", () => {
    const emitWarning = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const project = new TemporaryProject({ "a.test.yaml": "scenarios:\n  ? [a\u202eb, \u0090]\n  : { steps: [] }\n" });
    try {
      const file = { path: project.path("a.test.yaml"), displayPath: "a.test.yaml" };
      expect(catchThrown(() => readScenarios(file)).code).toBe("scenario_invalid");
      readScenarioNames(file);
      expect(emitWarning).not.toHaveBeenCalled();
    } finally {
      project.remove();
    }
  });
});
