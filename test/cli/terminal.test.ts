import { describe, expect } from "vitest";
import { inProcessTest } from "../helpers/run-in-process.js";
import { hasTerminal, cliTest as it } from "../helpers/run-knock.js";

const ESC = "\u001b[";
const COMMENT = ["notify", "new-comment", "-r", "ada", "--set", "page=Home"];

describe.concurrent("color", () => {
  inProcessTest.for<[env: Record<string, string>, colour: boolean]>([
    [{}, false],
    [{ FORCE_COLOR: "1" }, true],
    [{ FORCE_COLOR: "" }, true],
    [{ FORCE_COLOR: "0" }, false],
    [{ FORCE_COLOR: "1", NO_COLOR: "1" }, true],
    [{ CLICOLOR_FORCE: "0" }, false],
  ])("is in a pipe with %j: %s", async ([env, colour], { collab }) => {
    const { stdout } = await collab.knock(COMMENT, { env });
    expect(stdout.includes(ESC)).toBe(colour);
    const failed = await collab.knock(["notify", "nothing", "-r", "ada"], { env });
    expect(failed.stderr.includes(ESC)).toBe(colour);
  });

  inProcessTest("is never in JSON", async ({ collab }) => {
    const { stdout, outcome } = await collab.knock([...COMMENT, "--json"], { env: { FORCE_COLOR: "1" } });
    expect(outcome.workflow).toBe("new-comment");
    expect(stdout).not.toContain(ESC);
  });
});

describe.runIf(hasTerminal).concurrent("knock on a terminal", () => {
  it.for<[env: Record<string, string>, colour: boolean]>([
    [{}, true],
    [{ NO_COLOR: "1" }, false],
    [{ NO_COLOR: "" }, true],
    [{ NO_COLOR: "1", FORCE_COLOR: "1" }, true],
    [{ FORCE_COLOR: "0" }, false],
    [{ TERM: "dumb" }, false],
  ])("colors with %j: color %s", async ([env, colour], { collab }) => {
    const { stdout, exitCode } = await collab.onTerminal(COMMENT, { env });
    expect(exitCode).toBe(0);
    expect(stdout.includes(ESC)).toBe(colour);
  });

  it("draws the progress of a wait and removes it", async ({ collab }) => {
    const args = [...COMMENT, "--wait", "400ms"];
    const { stdout } = await collab.onTerminal(args, { env: { NO_COLOR: "1" }, columns: 80 });
    expect(stdout).toContain("waiting for new-comment");
    expect(stdout).toMatch(/1 delivered · 1 waiting\n/);
    const quiet = await collab.onTerminal([...args, "--quiet"], { env: { NO_COLOR: "1" }, columns: 80 });
    expect(quiet.stdout).toMatch(/^[0-9a-f-]{36}\nwarning: timed out while waiting: 1 of 1 run has not ended$/);
  });

  it("shows the progress of a file of triggers, with the rate, the failures and the remaining time", async ({
    collab,
  }) => {
    const lines = Array.from({ length: 12 }, () => '{"key":"invite","recipients":["ada"]}');
    collab.write("triggers.jsonl", ["oops", ...lines].join("\n"));
    const args = ["notify", "--file", "triggers.jsonl", "--rate", "20", "--output", "results.jsonl"];
    const { stdout, exitCode } = await collab.onTerminal(args, { env: { NO_COLOR: "1" }, columns: 100 });
    // All bytes of a short file are read at once, but the percentage is that of the handled lines.
    expect(stdout).toMatch(/[1-9]\d % · \d+ lines · 1 failed · \d+\/s · \S+ left/);
    expect(stdout).toContain("✗ 12 of 13 lines triggered · 1 failed");
    expect(exitCode).toBe(9);
  });

  it("draws no progress and complete tables if the width is unknown", async ({ collab }) => {
    const { stdout } = await collab.onTerminal(["clock", "advance", "1h"], { env: { NO_COLOR: "1" }, columns: 0 });
    expect(stdout).toMatch(/^[^\n]+\(running, .+ ahead of real time\)$/);
    await collab.knock(COMMENT);
    const list = await collab.onTerminal(["runs", "list"], { env: { NO_COLOR: "1" }, columns: 0 });
    expect(list.stdout).toContain("new-comment  ada        waiting");
  });

  it("truncates tables to the width, and never in a pipe", async ({ collab }) => {
    await collab.knock(COMMENT);
    const narrow = await collab.onTerminal(["runs", "list"], { columns: 42, env: { NO_COLOR: "1" } });
    const lines = narrow.stdout.split("\n");
    expect(lines.every((line) => line.length <= 42)).toBe(true);
    expect(lines[0]).toBe("RECIPIEN…  WORKFLOW     RECIPIENT  STATUS");
    expect(lines[1]).toMatch(/^[0-9a-f]{8}… {2}new-comment {2}ada {8}waiting$/);
    expect((await collab.knock(["runs", "list"])).stdout).not.toContain("…");
  });

  it("asks about a live key, and sends nothing after no: exit 6", async ({ collab }) => {
    const env = { KNOCK_API_KEY: "sk_live_0123456789", KNOCK_BASE_URL: "https://knock.invalid", NO_COLOR: "1" };
    const { stdout, exitCode } = await collab.onTerminal([...COMMENT, "--remote"], {
      env,
      type: [/Continue\?/, "n\n"],
    });
    expect(stdout).toContain("This command uses a live API key at knock.invalid. Continue? [y/N]");
    expect(stdout).toContain("error: the API key is a live key");
    expect(exitCode).toBe(6);
    expect(stdout).not.toContain("0123456789");
  });

  it("ends a wait on Ctrl-C and reports what was done: exit 130", async ({ collab }) => {
    const { stdout, exitCode } = await collab.onTerminal([...COMMENT, "--wait"], {
      type: [/0 of 1 runs ended/, "\u0003"],
      columns: 80,
      env: { NO_COLOR: "1" },
    });
    expect(exitCode).toBe(130);
    expect(stdout).toContain("waiting at delay_1");
  });

  it.for<[key: string, name: string, exit: number, told: RegExp]>([
    ["\u0003", "Ctrl-C", 130, /error: interrupted\nhint: Nothing was changed\.$/],
    ["\u0004", "Ctrl-D", 2, /error: no API key given\nhint: /],
  ])("handles %j (%s) at a prompt: exit %i", async ([key, , exit, told], { collab }) => {
    const { stdout, exitCode } = await collab.onTerminal(["auth", "login"], {
      type: [/API key: /, key],
      env: { NO_COLOR: "1" },
    });
    expect(stdout).toMatch(told);
    expect(exitCode).toBe(exit);
  });

  it("hides the key that auth login asks for", async ({ collab }) => {
    const env = { NO_COLOR: "1" };
    const { stdout, exitCode } = await collab.onTerminal(["auth", "login"], {
      env,
      type: [/API key: /, "sk_test_typed0123456\n"],
    });
    expect(exitCode).toBe(0);
    expect(stdout).toContain("API key: ");
    expect(stdout).toContain('✓ key stored in profile "default"');
    const { json } = await collab.knock(["auth", "status", "--json"]);
    expect(json.items).toMatchObject([{ name: "default", is_default: true }]);
    expect(JSON.stringify(json)).not.toContain("typed0123456");
  });
});

describe.concurrent("closed and full outputs", () => {
  it.for([
    ["knock notify new-comment -r ada --set page=x | head -c 0"],
    ["knock notify new-comment -r ada --set page=x >&-"],
    ["knock notify new-comment -r ada --set page=x --json >&- 2>&-"],
    ["knock --help | head -c 0"],
  ])("cause no error after the work is done: %s", async ([line = ""], { collab }) => {
    const { stderr, stdout, exitCode } = await collab.shell(`set -o pipefail 2>/dev/null; ${line}`);
    expect({ stderr, stdout, exitCode }).toEqual({ stderr: "", stdout: "", exitCode: 0 });
    const runs = await collab.knock(["runs", "list", "--quiet"]);
    expect(runs.stdout === "").toBe(line.includes("--help"));
  });

  it("keep the exit code of an error while standard error is closed", async ({ collab }) => {
    expect((await collab.shell("knock notify nothing -r ada 2>&-")).exitCode).toBe(5);
  });

  it("cause one line and exit 1 without a stack trace for a full disk", async ({ collab }) => {
    const { stderr, exitCode } = await collab.shell("knock notify new-comment -r ada --set page=x >/dev/full");
    expect(stderr).toMatch(/^error: the result could not be written to standard output \(ENOSPC\)\nhint: [^\n]+$/);
    expect(exitCode).toBe(1);
  });

  it("include closed and empty standard input, which is reported", async ({ collab }) => {
    for (const from of ["<&-", "</dev/null"]) {
      const { stderr, exitCode } = await collab.shell(`knock notify --file - ${from}`);
      expect(stderr).toMatch(/^error: standard input: invalid JSON: it is empty \(line 1, column 1\)\nhint: /);
      expect(exitCode).toBe(2);
    }
  });
});
