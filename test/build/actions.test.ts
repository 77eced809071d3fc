import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { checkAction, toWorkflow } from "../../scripts/check-actions.mjs";

interface Action {
  inputs: Record<string, { description: string; default?: string }>;
  runs: { steps: { run?: string; env?: Record<string, string> }[] };
}

const ACTIONS = resolve("actions");
const { version: VERSION } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const readText = (key: string): string => readFileSync(join(ACTIONS, key, "action.yml"), "utf8");
const readAction = (key: string): Action => parse(readText(key)) as Action;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "knock-actions-"));
  mkdirSync(join(folder, "programs"));
  // A program that prints its arguments, one per line, and exits with $EXIT.
  writeFileSync(join(folder, "programs/knock"), '#!/bin/sh\nprintf "%s\\n" "$@"\nexit "${EXIT:-0}"\n', { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function runScript(script: string, env: Record<string, string>) {
  const output = join(folder, `output-${Math.random()}`);
  const { exitCode, stdout, stderr } = await execa("bash", [join(ACTIONS, script)], {
    env: { GITHUB_OUTPUT: output, RUNNER_TEMP: folder, RUNNER_OS: "Linux", RUNNER_ARCH: "X64", ...env },
    reject: false,
    timeout: 60_000,
  });
  const read = (): string => {
    try {
      return readFileSync(output, "utf8");
    } catch {
      return "";
    }
  };
  const outputs = Object.fromEntries(
    read()
      .trimEnd()
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  return { exitCode, lines: stdout.split("\n"), stderr, outputs };
}

const REVIEW_ENV = {
  INPUT_ARTIFACT: "knock-review",
  INPUT_BASE: "",
  INPUT_FILE: "",
  INPUT_FAIL_ON: "",
  INPUT_MAX_LOST: "",
  INPUT_MAX_GROWTH: "",
  INPUT_BUDGET: "",
  INPUT_PRICES: "",
  INPUT_ENVIRONMENT: "",
  INPUT_ARGS: "",
  GITHUB_SERVER_URL: "https://github.com",
  GITHUB_REPOSITORY: "example/app",
  GITHUB_RUN_ID: "7",
};
const review = (env: Record<string, string>) =>
  runScript("review/review.sh", { COMMAND_PROGRAMS: join(folder, "programs"), ...REVIEW_ENV, ...env });

describe("the actions", () => {
  it.each(readdirSync(ACTIONS))("%s has no faults", (key) => {
    expect(checkAction(readText(key))).toEqual([]);
    expect(Object.keys(parse(toWorkflow(readText(key))).on.workflow_call.inputs)).toEqual(
      Object.keys(readAction(key).inputs),
    );
  });

  it("with faults are rejected", () => {
    const text = readText("setup");
    const listFaults = (from: string | RegExp, to: string): string[] => {
      expect(text).toMatch(from);
      return checkAction(text.replace(from, to));
    };
    expect(listFaults(/@[0-9a-f]{40} # v/, "@v")).toEqual([
      'step "Restore the command": pin actions/cache@v4.2.3 to a commit',
    ]);
    expect(listFaults('bash "$GITHUB_ACTION_PATH/prepare.sh"', "bash ${{ inputs.version }}")).toEqual([
      'step "Find the version": pass values to run in env',
    ]);
    expect(listFaults("      shell: bash\n", "")).toEqual([
      'step "Find the version": a step of an action needs a shell',
    ]);
    expect(listFaults("inputs:", "input:")).toContain('action: unknown key "input"');
  });

  it("pass each input to the command", () => {
    for (const key of readdirSync(ACTIONS)) {
      const steps = readText(key).slice(readText(key).indexOf("\nruns:"));
      for (const input of Object.keys(readAction(key).inputs))
        expect(steps, input).toContain(`\${{ inputs.${input} }}`);
    }
  });
});

describe("the action review", () => {
  it("passes only the inputs that are set", async () => {
    const { exitCode, lines, outputs } = await review({});
    const page = join(folder, "knock-review/review.html");
    expect([exitCode, outputs]).toEqual([0, { page }]);
    expect(lines).toEqual(["review", "--post", "github", "--html", page]);
  });

  it("passes inputs as values of options, whatever they contain", async () => {
    const { lines } = await review({
      INPUT_BASE: "--help",
      INPUT_FILE: "a b.jsonl\n$(touch hacked).jsonl\n",
      INPUT_MAX_GROWTH: "10%",
      INPUT_ARGS: "--verbose\n--store\n:memory:",
    });
    expect(lines.slice(5)).toEqual([
      "--base=--help",
      "--max-growth=10%",
      "--file=a b.jsonl",
      "--file=$(touch hacked).jsonl",
      "--verbose",
      "--store",
      ":memory:",
    ]);
  });

  it("uses only options of the command", async () => {
    const script = readFileSync(join(ACTIONS, "review/review.sh"), "utf8");
    const page = readFileSync("docs/reference/commands/review.md", "utf8");
    for (const [option] of script.matchAll(/--[a-z][a-z-]+/g)) expect(page).toMatch(new RegExp(`${option}[ \`]`));
  });

  it("fails as the command does", async () => {
    expect((await review({ EXIT: "1" })).exitCode).toBe(1);
  });
});

describe("the action setup", () => {
  it("installs its own version from npm by default", async () => {
    const { outputs } = await runScript("setup/prepare.sh", { INPUT_VERSION: "", INPUT_SOURCE: "npm" });
    const folderOfVersion = join(process.env.RUNNER_TOOL_CACHE ?? folder, `knock/npm-${VERSION}`);
    expect(outputs).toEqual({
      version: VERSION,
      folder: folderOfVersion,
      programs: `${folderOfVersion}/node_modules/.bin`,
      key: `knock-Linux-X64-npm-${VERSION}`,
    });
  });

  it("names wrong inputs", async () => {
    const run = async (env: Record<string, string>): Promise<string> => {
      const { exitCode, stderr } = await runScript("setup/prepare.sh", {
        INPUT_VERSION: "v1.2.3",
        INPUT_SOURCE: "npm",
        ...env,
      });
      expect(exitCode).toBe(1);
      return stderr;
    };
    expect(await run({ INPUT_VERSION: "latest" })).toBe(
      "::error::version: expected a version such as 1.2.3, found 'latest'",
    );
    expect(await run({ INPUT_SOURCE: "docker" })).toBe("::error::source: expected npm or executable, found 'docker'");
    expect(await run({ INPUT_SOURCE: "executable", RUNNER_OS: "Windows" })).toContain("Use 'source: npm'");
  });
});
