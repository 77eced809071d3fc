import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OfficialProcess } from "../../../helpers/official-process.js";
import { type TestEmulator, withApi } from "../../../helpers/test-emulator.js";

let process: OfficialProcess;
beforeAll(async () => {
  process = await OfficialProcess.start();
});
afterAll(() => process.stop());

const official = ({ url }: TestEmulator, args: readonly string[], token?: string) =>
  process.run(url, args, token === undefined ? {} : { token });

const RUN_HELLO = ["workflow", "run", "hello", "--recipients", "u1,u2"];

describe("the official command (cli-compat, section 5)", () => {
  it("runs a workflow (CLI-300, CLI-304, CLI-305)", () =>
    withApi(async (api) => {
      const { exitCode, stdout } = await official(api, [...RUN_HELLO, "--data", '{"n":7}', "--tenant", "acme"]);
      expect(exitCode).toBe(0);
      expect(stdout).toContain("‣ Successfully ran `hello` workflow in `development` environment");
      const [, id] = /Workflow run id: ([0-9a-f-]{36})$/m.exec(stdout) ?? [];
      const runs = (await api.request("GET /v1/workflow_recipient_runs")).rows;
      expect(runs.map(({ workflow_run_id, tenant }) => [workflow_run_id, tenant])).toEqual([
        [id, "acme"],
        [id, "acme"],
      ]);
      const [mail] = await api.harness.listMessages("u2");
      expect(mail?.content).toMatchObject({ html_body: "<p>7</p>" });
    }));

  it("passes a run's settings, objects and an actor to the emulator", () =>
    withApi(async (api) => {
      const recipients = '{"id":"p1","collection":"projects"}';
      api.harness.branches.set("feature-one", new Map()); // in the format of the official command (CLI-010)
      const { exitCode, stderr } = await official(api, [
        ...["workflow", "run", "hello", "--recipients", recipients, "--actor", "u1", "--branch", "feature one"],
      ]);
      expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
      expect(await api.harness.listMessages("u2")).toMatchObject([{ actor: "$users/u1" }, { actor: "$users/u1" }]);
    }));

  it.each([
    [["workflow", "run", "hallo", "--recipients", "u1"], "knock_st_x", /ApiError: .*"hallo"/],
    [RUN_HELLO, "sk_dev", /ApiError: The bearer token is unknown/],
    [["workflow", "run", "hello", "--recipients", "a,b,c,d,e,f"], "knock_st_x", /at\s+most\s+5/],
  ])("shows an error in its own format (CLI-040): %j %s", (args, token, expected) =>
    withApi(async (api) => {
      const { exitCode, stderr } = await official(api, args, token);
      expect([exitCode, stderr]).toEqual([expect.any(Number), expect.stringMatching(expected)]);
      expect(exitCode).not.toBe(0);
      expect(await api.harness.listMessages()).toEqual([]);
    }),
  );

  it("identifies the account (CLI-167)", () =>
    withApi(async (api) => {
      expect((await official(api, ["whoami"])).stdout).toContain("Account name: Local");
    }));
});
