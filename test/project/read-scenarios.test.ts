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

  const BLOCK_STYLE = `workflow: a
scenarios:
  # sends nothing: a comment
  sends a text (long):
    description: |
      sends:
      waits:
    steps: []

  waits for \${name}, \${verb}:
    each:
      - { name: ada, verb: sends }
  waits, then sends:
    steps: []
given:
  time: sends
`;
  it.each([
    ["block style", BLOCK_STYLE],
    ["a name in quotes", BLOCK_STYLE.replace("waits, then sends:", '"waits: then sends":')],
    ["a value on the line of its name", BLOCK_STYLE.replace("(long):", "(long): # a comment")],
    ["Windows line ends", BLOCK_STYLE.replaceAll("\n", "\r\n")],
    ["an escaped name", BLOCK_STYLE.replace("waits, then sends:", "? waits, then sends\n  :")],
  ])("has the names that the parser finds: %s", (_, text) => {
    const project = new TemporaryProject({ "a.test.yaml": text });
    const file = { path: project.path("a.test.yaml"), displayPath: "a" };
    try {
      const parsed = readScenarioNames(file);
      expect(parsed).toHaveLength(3);
      expect(parsed).toContain("waits for ada, sends");
      for (const start of ["s", "sends a text", "waits", "waits for ada", "waits, t", "x"]) {
        const isFitting = (name: string): boolean => name.startsWith(start);
        expect([start, readScenarioNames(file, start).filter(isFitting)]).toEqual([start, parsed.filter(isFitting)]);
      }
    } finally {
      project.remove();
    }
  });

  it("has the names that complete a text, also those with values of rows", () => {
    const project = new TemporaryProject({
      "a.test.yaml": "scenarios:\n  sends an email: { each: [{ n: 1 }, { n: 2 }] }\n  skips a push: {}\n",
      "b.test.yaml": 'scenarios:\n  "${verb} a reminder": { each: [{ verb: sends }, { verb: skips }] }\n',
      "c.test.yaml": "scenarios: { waits: {} }\n",
    });
    const list = (start?: string) =>
      ["a", "b", "c"].flatMap((name) =>
        readScenarioNames({ path: project.path(`${name}.test.yaml`), displayPath: name }, start),
      );
    try {
      const all = list();
      expect(all).toHaveLength(6);
      for (const start of ["sends", "sends an email [2", "sends a r", "skips a", "w", "x", ""]) {
        const isFitting = (name: string): boolean => name.startsWith(start);
        expect([start, list(start).filter(isFitting)]).toEqual([start, all.filter(isFitting)]);
      }
      expect(list("waits")).not.toContain("skips a push");
    } finally {
      project.remove();
    }
  });

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
