import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { type OpenedEmulator, withApi } from "../helpers/open-emulator.js";

const RUN = join(dirname(createRequire(import.meta.url).resolve("@knocklabs/cli/package.json")), "bin/run.js");

interface Ran {
  exitCode?: number;
  stdout: string;
  stderr: string;
}

/** Runs the official command against the emulator, with a home of its own and nowhere else to go. */
async function official({ url }: OpenedEmulator, args: readonly string[], token = "knock_st_x"): Promise<Ran> {
  const home = mkdtempSync(join(tmpdir(), "knock-official-"));
  try {
    const env = { PATH: process.env.PATH ?? "", HOME: home, KNOCK_CONFIG_DIR: home, XDG_CACHE_HOME: home, CI: "1" };
    const all = [RUN, ...args, "--service-token", token, "--api-origin", url];
    return await execa(process.execPath, all, { cwd: home, env, extendEnv: false, reject: false, stdin: "ignore" });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

const RUN_HELLO = ["workflow", "run", "hello", "--recipients", "u1,u2"];

describe("the official command (cli-compat, section 5)", () => {
  it("runs a workflow (CLI-300, CLI-304, CLI-305)", () =>
    withApi(async (api) => {
      const { exitCode, stdout } = await official(api, [...RUN_HELLO, "--data", '{"n":7}', "--tenant", "acme"]);
      expect(exitCode).toBe(0);
      expect(stdout).toContain("‣ Successfully ran `hello` workflow in `development` environment");
      const [, id] = /Workflow run id: ([0-9a-f-]{36})$/m.exec(stdout) ?? [];
      const runs = (await api.ask("GET /v1/workflow_recipient_runs")).rows;
      expect(runs.map(({ workflow_run_id, tenant }) => [workflow_run_id, tenant])).toEqual([
        [id, "acme"],
        [id, "acme"],
      ]);
      const [mail] = await api.harness.messages("u2");
      expect(mail?.content).toMatchObject({ html_body: "<p>7</p>" });
    }));

  it("passes a run's settings, objects and an actor on", () =>
    withApi(async (api) => {
      const recipients = '{"id":"p1","collection":"projects"}';
      api.harness.branches.set("feature-one", new Map()); // as the command writes it (CLI-010)
      const { exitCode, stderr } = await official(api, [
        ...["workflow", "run", "hello", "--recipients", recipients, "--actor", "u1", "--branch", "feature one"],
      ]);
      expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
      expect(await api.harness.messages("u2")).toMatchObject([{ actor: "$users/u1" }, { actor: "$users/u1" }]);
    }));

  it.each([
    [["workflow", "run", "hallo", "--recipients", "u1"], "knock_st_x", /ApiError: .*"hallo"/],
    [RUN_HELLO, "sk_dev", /ApiError: The bearer token is not known/],
    [["workflow", "run", "hello", "--recipients", "a,b,c,d,e,f"], "knock_st_x", /at\s+most\s+5/],
  ])("shows a refusal as its own errors (CLI-040): %j %s", (args, token, expected) =>
    withApi(async (api) => {
      const { exitCode, stderr } = await official(api, args, token);
      expect([exitCode, stderr]).toEqual([expect.any(Number), expect.stringMatching(expected)]);
      expect(exitCode).not.toBe(0);
      expect(await api.harness.messages()).toEqual([]);
    }),
  );

  it("knows who it is (CLI-167)", () =>
    withApi(async (api) => {
      expect((await official(api, ["whoami"])).stdout).toContain("Account name: Local");
    }));
});
