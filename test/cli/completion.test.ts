import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import { cliTest, hasTerminal, type Sample } from "../helpers/run-knock.js";

/** Returns the words that complete a line whose cursor is at its end. */
async function complete(sample: Sample, line: string, shell = "bash"): Promise<string[]> {
  const env = { COMP_LINE: line, COMP_POINT: String(Buffer.byteLength(line)), SHELL: shell };
  const { stdout, stderr, exitCode } = await sample.knock(["completion-server", "--"], { env });
  expect([exitCode, stderr]).toEqual([0, ""]);
  return stdout === "" ? [] : stdout.split("\n");
}

function isInstalled(shell: string): boolean {
  try {
    execFileSync(shell, ["-c", "true"], { stdio: "ignore" });
    return true;
  } catch {
    console.warn(`${shell} is not installed: its completion is not tested`);
    return false;
  }
}

describe.concurrent("the words of a completion", () => {
  it("include IDs in the store, and no store is created", async ({ collab }) => {
    expect(await complete(collab, "knock runs show ")).toEqual([]);
    expect(existsSync(join(collab.dir, ".knock-local"))).toBe(false);
    const { json } = await collab.knock(["notify", "new-comment", "-r", "ada", "--set", "page=Home", "--json"]);
    const id = String(json.workflow_run_id);
    expect(await complete(collab, `knock runs show ${id.slice(0, 4)}`)).toEqual([id]);
    expect(await complete(collab, "knock runs list --workflow-run ", "zsh")).toEqual([`${id}:new-comment to ada`]);
    const { stdout } = await collab.knock(["messages", "list", "--quiet"]);
    expect(await complete(collab, "knock messages mark ")).toEqual(stdout.split("\n").sort());
  });

  it.for<[line: string, words: string[]]>([
    ["knock noti", ["notify"]],
    ["knock runs ", ["list", "rerun", "retry", "show"]],
    ["knock clock fr", ["freeze"]],
    ["knock notify new", ["new-comment"]],
    ["knock notify new-comment --recipients ada,al", ["ada,alan"]],
    ["knock notify new-comment --set ", ["comment=", "page=", "page_url="]],
    ["knock notify page-shared --set quiet:=", ["false", "true"]],
    ["knock notify new-comment --target ", ["local", "remote"]],
    ["knock notify new-comment --target=re", ["remote"]],
    ["knock preview new-comment em", ["email_1"]],
    ["knock messages list --channel in-app-f", ["in-app-feed"]],
    ["knock objects get projects p", ["p1", "p2"]],
    ["knock audit --collection pro", ["projects"]],
    ["knock completion z", ["zsh"]],
    ["knock help exit", ["exit-codes"]],
    ["knock help error actor", ["actor_missing"]],
    ["knock help runs s", ["show"]],
    ["knock test knock/workflows/invite", ["knock/workflows/invite/invite.test.yaml"]],
    ["knock test invi", ["invite"]],
    ["knock test --reporter ju", ["junit"]],
    ["knock runs list --status ", ["canceled", "completed", "failed", "processing", "queued", "waiting"]],
    ["knock messages --status unde", ["undelivered"]],
    ["knock feed list ada --archived=", ["exclude", "include", "only"]],
    ["knock help error silent", ["silent_drop"]],
    ["knock notify new-comment --recipients ada,l", ["ada,lin"]],
    ["knock notify new-comment --recipients lin,l", []],
    ["knock test --filter 'sends no r", ["sends no reminder for an accepted invitation"]],
    ["knock test --filter skips\\ email\\ for", ["skips\\ email\\ for\\ a\\ recipient\\ without\\ an\\ address"]],
    ["knock validate pag", ["page-created", "page-shared"]],
    ["KNOCK_TARGET=remote knock noti", ["notify"]],
    ["knock notify new-comment --set page=é --target l", ["local"]],
    ["knock notify 'new-com", ["new-comment"]],
    ["knock notify --file ", []],
    ["knock nothing ", []],
  ])("complete the line: %s", async ([line, words], { collab }) => {
    expect(await complete(collab, line)).toEqual(words);
  });

  it("have descriptions in zsh and fish", async ({ collab }) => {
    expect(await complete(collab, "knock messages list --channel send", "zsh")).toEqual(["sendgrid:email"]);
    expect(await complete(collab, "knock messages list --channel send", "fish")).toEqual(["sendgrid\temail"]);
    expect(await complete(collab, "knock notify invi", "fish")).toEqual(["invite\t"]);
  });

  it("contain no name that a shell would interpret", async ({ collab }) => {
    collab.write("knock/recipients/odd.json", { users: [{ id: "ada$(date)" }, { id: "ada x" }] });
    expect(await complete(collab, "knock notify welcome --recipients ada")).toEqual(["ada", "ada\\ x"]);
  });

  it("are commands and options only, without errors, in an invalid project and outside of one", async ({
    collab,
    empty,
  }) => {
    collab.write("knock/workflows/invite/workflow.json", "{");
    collab.write("knock/recipients/users.json", "[");
    expect(await complete(collab, "knock preview invite ")).toEqual([]);
    expect(await complete(collab, "knock notify invite -r ")).toEqual([]);
    expect(await complete(collab, "knock notify inv")).toEqual(["invite"]);
    collab.write("knock.json", "{");
    for (const sample of [empty, collab]) {
      expect(await complete(sample, "knock notify ")).toEqual([]);
      expect(await complete(sample, "knock noti")).toEqual(["notify"]);
      expect(await complete(sample, "knock notify --recipients=a --sandb")).toEqual(["--sandbox-mode"]);
    }
  });
});

/**
 * Types a line and Tab in an interactive shell, and returns the completed line. The shell writes it to a file, because
 * the output of a terminal contains the editor's control sequences.
 */
async function completeOnTerminal(sample: Sample, shell: string, setup: string, line: string): Promise<string> {
  const file = sample.path("completed.txt");
  // Ctrl-A moves to the start of the line.
  const input = `${setup}\n${line}\t\u0001echo > ${file} \nexit\n`;
  const { stdout } = await sample.shell(`script -qec "${shell}" /dev/null`, { input });
  expect(existsSync(file), stdout).toBe(true);
  return readFileSync(file, "utf8").trimEnd();
}

describe("knock completion", () => {
  cliTest("completes the name by which the command was started", async ({ empty }) => {
    const bin = join(import.meta.dirname, "../../bin/knock-cli.js");
    for (const shell of ["bash", "zsh", "fish", "powershell"]) {
      const { stdout } = await empty.knock(["completion", shell], { bin });
      expect(stdout, shell).toContain("knock-cli");
      expect(stdout, shell).not.toMatch(/\bknock\b(?!-cli)/);
    }
  });

  it.for(["bash", "zsh", "fish", "powershell"])("prints a script for %s", async (shell, { empty }) => {
    const { stdout, exitCode } = await empty.knock(["completion", shell]);
    expect([exitCode, stdout.includes("completion-server")], stdout).toEqual([0, true]);
  });

  cliTest.skipIf(!isInstalled("bash") || !hasTerminal)("completes in bash", async ({ collab }) => {
    const setup = "source <(knock completion bash)";
    expect(await completeOnTerminal(collab, "bash --norc -i", setup, "knock notify new-comment --set pa")).toBe(
      "knock notify new-comment --set page",
    );
  });

  cliTest.skipIf(!isInstalled("zsh") || !hasTerminal)("completes in zsh", async ({ collab }) => {
    const setup = "autoload -U compinit && compinit -u && source <(knock completion zsh)";
    expect(await completeOnTerminal(collab, "zsh -f -i", setup, "knock notify --set page= new-c")).toBe(
      "knock notify --set page= new-comment",
    );
  });

  cliTest.skipIf(!isInstalled("fish"))("completes in fish, without running what was typed", async ({ collab }) => {
    const line = `knock notify new-comment --data '(touch ran)' --target `;
    const { stdout } = await collab.shell(`fish -c 'knock completion fish | source; complete -C "$LINE"'`, {
      env: { LINE: line },
    });
    expect(stdout.split("\n")).toEqual(["local", "remote"]);
    expect(existsSync(collab.path("ran"))).toBe(false);
  });
});
