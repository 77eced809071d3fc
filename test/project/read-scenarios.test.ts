import { afterEach, describe, expect, it, vi } from "vitest";
import { readScenarioNames } from "../../src/features/test/read-scenario-names.js";
import { readScenarios, type ScenarioFileContent } from "../../src/scenarios/read-scenarios.js";
import { catchRejection } from "../helpers/catch-error.js";
import { TemporaryProject } from "../helpers/temporary-project.js";

async function readText(text: string, name = "a.test.yaml"): Promise<ScenarioFileContent> {
  const project = new TemporaryProject({ [name]: text });
  try {
    return await readScenarios({ path: project.path(name), displayPath: name });
  } finally {
    project.remove();
  }
}

describe("a file of scenarios", () => {
  it("names an alias without an anchor", async () => {
    expect((await catchRejection(readText("scenarios: *cases\n"))).message).toContain(
      "the alias *cases has no anchor &cases before it",
    );
  });

  it.each([
    ["a: [1,\nb: 2", 2, 1, '"]" is missing before this place'],
    ["{a: 1", 1, 6, '"}" is missing before this place'],
    ["a: b: c", 1, 4, 'this value contains another key with a ":"'],
    ["a:\n\tb: 1", 2, 1, "a tab is used as indentation"],
    ['a: "x', 1, 6, 'the closing quote " is missing'],
    ["a: 1\na: 2", 2, 1, 'the key "a" is defined twice'],
    ["a b: 1\na b: 2", 2, 1, 'the key "a b" is defined twice'],
    ["{ \"ab\": 1, 'ab': 2 }", 1, 12, 'the key "ab" is defined twice'],
    ["a:\n  - b\n c", 3, 1, "the indentation differs from that of the lines before"],
    ["a: 'it's'", 1, 8, '"s\'" is unexpected here'],
    ["a: @b", 1, 4, "a value without quotes cannot start with @"],
    ['a: "\\q"', 1, 5, "\\q is not an escape sequence"],
    ["a: 1\n---\nb: 2", 2, 1, "the file contains more than one YAML document"],
    ["a: 1\nb", 2, 1, 'a ":" is missing after this key'],
    ["a: {b: 1 c: 2}", 1, 8, "a list or object in brackets contains one without brackets"],
    ['a: ["b" "c"]', 1, 9, '"," is missing before this value'],
    ["a: [{b: 1} {c: 2}]", 1, 12, '"{" is unexpected here'],
  ])("names the place and the fix of invalid YAML: %j", async (text, line, column, message) => {
    const error = await catchRejection(readText(text));
    expect(error.message).toBe(`a.test.yaml:${line}:${column}: invalid YAML: ${message}`);
    expect(error.hint).toMatch(/^[A-Z].*\.$/);
  });

  it.each([
    ['{"scenarios": {},}', 1, 18, "Remove the comma before this"],
    ["{'scenarios': {}}", 1, 2, "JSON strings need double quotes (\"), not single quotes (')"],
    ["scenarios: {}", 1, 1, "unexpected word"],
  ])("reads a file with the ending .json as JSON: %j", async (text, line, column, message) => {
    const error = await catchRejection(readText(text, "a.test.json"));
    expect([error.code, error.message]).toEqual([
      "scenario_invalid",
      expect.stringMatching(`^a\\.test\\.json:${line}:${column}: .*JSON: `),
    ]);
    expect(`${error.message} ${error.hint}`).toContain(message);
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
  ])("has the names that the parser finds: %s", async (_, text) => {
    const project = new TemporaryProject({ "a.test.yaml": text });
    const file = { path: project.path("a.test.yaml"), displayPath: "a" };
    try {
      const parsed = await readScenarioNames(file);
      expect(parsed).toHaveLength(3);
      expect(parsed).toContain("waits for ada, sends");
      for (const start of ["s", "sends a text", "waits", "waits for ada", "waits, t", "x"]) {
        const isFitting = (name: string): boolean => name.startsWith(start);
        const found = await readScenarioNames(file, start);
        expect([start, found.filter(isFitting)]).toEqual([start, parsed.filter(isFitting)]);
      }
    } finally {
      project.remove();
    }
  });

  it("has the names that complete a text, also those with values of rows", async () => {
    const project = new TemporaryProject({
      "a.test.yaml": "scenarios:\n  sends an email: { each: [{ n: 1 }, { n: 2 }] }\n  skips a push: {}\n",
      "b.test.yaml": 'scenarios:\n  "${verb} a reminder": { each: [{ verb: sends }, { verb: skips }] }\n',
      "c.test.yaml": "scenarios: { waits: {} }\n",
    });
    const list = async (start?: string): Promise<string[]> => {
      const names: string[] = [];
      for (const name of ["a", "b", "c"])
        names.push(...(await readScenarioNames({ path: project.path(`${name}.test.yaml`), displayPath: name }, start)));
      return names;
    };
    try {
      const all = await list();
      expect(all).toHaveLength(6);
      for (const start of ["sends", "sends an email [2", "sends a r", "skips a", "w", "x", ""]) {
        const isFitting = (name: string): boolean => name.startsWith(start);
        expect([start, (await list(start)).filter(isFitting)]).toEqual([start, all.filter(isFitting)]);
      }
      expect(await list("waits")).not.toContain("skips a push");
    } finally {
      project.remove();
    }
  });

  it("causes no warning of Node, which would print its keys unescaped", async () => {
    const emitWarning = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const project = new TemporaryProject({ "a.test.yaml": "scenarios:\n  ? [a\u202eb, \u0090]\n  : { steps: [] }\n" });
    try {
      const file = { path: project.path("a.test.yaml"), displayPath: "a.test.yaml" };
      expect((await readScenarios(file)).error?.code).toBe("scenario_invalid");
      await readScenarioNames(file);
      expect(emitWarning).not.toHaveBeenCalled();
    } finally {
      project.remove();
    }
  });
});
