import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { ENVIRONMENT, initHello } from "../helpers/hello-project.js";
import { startHttpTestServer } from "../helpers/http-test-server.js";
import { installOfficialCommand } from "../helpers/official-process.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { CommandResult } from "../helpers/run-knock.js";

interface Check {
  name: string;
  status: string;
  message: string;
  hint?: string;
}

const getChecks = ({ json }: CommandResult): Check[] => json.checks as unknown as Check[];
const find = (result: CommandResult, name: string): Check | undefined =>
  getChecks(result).find((check) => check.name === name);

describe.concurrent("knock doctor", () => {
  it("reports a working project, without creating a store", async ({ collab }) => {
    const result = await collab.knock(["doctor", "--json"]);
    expect(result.exitCode).toBe(0);
    expect(getChecks(result).filter(({ status }) => status === "error")).toEqual([]);
    expect(find(result, "store")?.message).toContain("will be created by the first trigger");
    expect((await collab.knock(["doctor", "--json"])).json).toEqual(result.json);
    await collab.knock(["notify", "welcome", "-r", "ada"]);
    expect(find(await collab.knock(["doctor", "--json"]), "store")?.message).toMatch(/store\.db, \d+ kB, mode 0600$/);
  });

  it("says which program the name knock starts, and how to start this one", async ({ empty }) => {
    const official = { PATH: join(await installOfficialCommand(), ".bin") };
    const result = await empty.knock(["doctor", "--json"], { env: official });
    expect([result.exitCode, find(result, "command")]).toEqual([
      0,
      {
        name: "command",
        status: "warning",
        message: expect.stringMatching(/^knock starts the official command, version \d+\.\d+\.\d+: \/.*\.bin\/knock$/),
        hint: "Start this one as `knock-cli` or with `npx knock-cli`, or put its folder first on PATH.",
      },
    ]);
    empty.write("old/package.json", '{"name":"knock-cli","version":"0.0.9"}');
    chmodSync(empty.write("old/bin/knock", "#!/bin/sh\n"), 0o755);
    const other = find(await empty.knock(["doctor", "--json"], { env: { PATH: empty.path("old/bin") } }), "command");
    expect(other?.message).toBe(
      `knock starts another installation of this command, version 0.0.9: ${empty.path("old/bin/knock")}`,
    );
    mkdirSync(empty.path("project/knock"), { recursive: true });
    const tool = empty.path("tools/knock");
    const check = async (script: string) => {
      chmodSync(empty.write("tools/knock", `#!/bin/sh\n${script}\n`), 0o755);
      const path = [empty.path("project"), empty.path("tools")].join(delimiter);
      return find(await empty.knock(["doctor", "--json"], { env: { PATH: path } }), "command");
    };
    expect(await check('echo "knock 0.8"')).toMatchObject({
      status: "warning",
      message: `knock starts another program, version 0.8: ${tool}`,
      hint: expect.stringContaining("put its folder first on PATH"),
    });
    expect(await check("exit 1")).toMatchObject({
      status: "warning",
      message: `knock starts another program, which prints no version: ${tool}`,
    });
    const { stdout: version } = await empty.knock(["--version"]);
    expect(await check(`echo ${version}`)).toMatchObject({ status: "ok", message: `knock starts ${tool}` });
    const none = find(await empty.knock(["doctor", "--json"], { env: { PATH: "" } }), "command");
    expect(none).toMatchObject({ status: "ok", message: "started as knock; no knock is on the search path" });
  });

  it("and results of other commands name the command as it was started in their hints", async ({ collab }) => {
    const run = (...args: string[]) => collab.knock(args, { bin: "knock-cli" });
    const env = { KNOCK_TARGET: "remote" };
    const { json, stdout } = await collab.knock(["doctor", "--json"], { bin: "knock-cli", env });
    expect([json.checks, stdout]).toEqual([expect.anything(), expect.stringContaining("Run `knock-cli auth login`")]);
    expect((await run("auth", "status")).stdout).toContain("run `knock-cli auth login` to create one");
    expect((await run("notify", "new-comment", "-r", "zoe", "--set", "page=Home")).stdout).toContain(
      "(knock-cli users set zoe --file …)",
    );
    expect((await run("help", "clock")).stdout).toMatch(/^ {2}knock-cli clock advance 2d /m);
    const file = "knock/workflows/welcome/workflow.json";
    collab.write(file, collab.read(file).replace('"layout_key": null', '"layout_key": "fancy"'));
    const [text, document] = [await run("validate"), await run("validate", "--json")];
    expect([text.stdout, document.stdout]).toEqual(
      Array(2).fill(expect.stringContaining("`knock-cli new layout fancy`")),
    );
  });

  it("works outside of a project", async ({ empty }) => {
    const result = await empty.knock(["doctor", "--json"]);
    expect([result.exitCode, find(result, "project")?.status]).toEqual([0, "warning"]);
  });

  it("reports an invalid knock.json once", async ({ collab }) => {
    collab.write("knock.json", "{");
    const result = await collab.knock(["doctor", "--json"]);
    const errors = getChecks(result).filter(({ status }) => status === "error");
    expect([result.exitCode, errors.map(({ name }) => name)]).toEqual([1, ["project"]]);
  });

  it("exits 1 for an invalid workflow, and names it", async ({ collab }) => {
    collab.write("knock/workflows/welcome/workflow.json", "{");
    const result = await collab.knock(["doctor", "--json"]);
    expect(result.exitCode).toBe(1);
    expect(find(result, "files")).toMatchObject({ status: "error", message: expect.stringContaining("welcome") });
  });

  it("exits 1 for a file that is not a store", async ({ collab }) => {
    collab.write("store.db", "not a database, but a text of some length that is no SQLite file");
    const result = await collab.knock(["doctor", "--store", "store.db", "--json"]);
    expect([result.exitCode, find(result, "store")?.status]).toEqual([1, "error"]);
  });

  it("names environment variables that are not set, and the channels and other parts that need them", async ({
    empty,
  }) => {
    const hello = await initHello(empty);
    hello.edit(ENVIRONMENT, (environment) => {
      const { channels, variables } = environment as { channels: JsonObject; variables: JsonObject };
      const settings = { from_address: "hello@example.com", api_key: "$MISSING_KEY" };
      channels.email = { type: "email", provider: "postmark", deliver: true, settings };
      channels.other = { type: "email", provider: "postmark", settings };
      variables.token = { value: "$MISSING_TOKEN", secret: true };
      environment.webhooks = [{ url: "http://localhost:1234", signing_key: "$SET_KEY" }];
    });
    const env = { SET_KEY: "x", MISSING_TOKEN: "" };
    const result = await empty.knock(["doctor", "--json"], { env });
    expect(result.exitCode).toBe(0);
    expect(find(result, "variables")).toEqual({
      name: "variables",
      status: "warning",
      message: `not set: MISSING_KEY (settings.api_key of channel "email"), MISSING_TOKEN (variables.token)`,
      hint: "Set MISSING_KEY, MISSING_TOKEN, for example with `export MISSING_KEY=…`.",
    });
    const all = { ...env, MISSING_KEY: "x", MISSING_TOKEN: "x" };
    expect(find(await empty.knock(["doctor", "--json"], { env: all }), "variables")?.status).toBe("ok");
  });

  it("exits 1 for a file in place of the folder of the store", async ({ empty }) => {
    const hello = await initHello(empty);
    hello.write(".knock-local", "");
    for (const args of [[], ["--store", ".knock-local/a/b/store.db"]]) {
      const result = await empty.knock(["doctor", ...args, "--json"]);
      expect([result.exitCode, find(result, "store")]).toEqual([
        1,
        {
          name: "store",
          status: "error",
          message: `the folder ${empty.path(".knock-local")} for the store cannot be created: a file is in its place`,
          hint: "Use another store with --store, or move the file away.",
        },
      ]);
    }
  });

  it("exits 1 for keys that others can read, and for keys of another form, without printing them", async ({
    empty,
  }) => {
    const env = { KNOCK_CONFIG_DIR: empty.path("config") };
    mkdirSync(empty.path("config"));
    const file = empty.path("config/profiles.json");
    const write = (key: string): void => writeFileSync(file, JSON.stringify({ profiles: { a: { api_key: key } } }));
    write("sk_test_secret1234");
    chmodSync(file, 0o644);
    const open = await empty.knock(["doctor", "--json"], { env });
    expect([open.exitCode, find(open, "credentials")?.hint]).toEqual([1, `Run \`chmod 600 ${file}\`.`]);
    chmodSync(file, 0o600);
    expect((await empty.knock(["doctor"], { env })).exitCode).toBe(0);
    write("knock_st_secret1234");
    const wrong = await empty.knock(["doctor", "--json"], { env });
    expect([wrong.exitCode, find(wrong, "credentials")?.status]).toEqual([1, "error"]);
    expect(open.stdout + wrong.stdout).not.toContain("secret1234");
  });

  it("sends a request only for the remote target", async ({ collab }) => {
    const server = await startHttpTestServer();
    server.respondWith({ status: 401, json: {} });
    try {
      const env = { KNOCK_API_KEY: "sk_test_1234", KNOCK_BASE_URL: server.url };
      expect((await collab.knock(["doctor"], { env })).exitCode).toBe(0);
      expect(server.requests).toEqual([]);
      const result = await collab.knock(["doctor", "--remote", "--json"], { env });
      expect([result.exitCode, find(result, "reachability")?.status]).toEqual([1, "error"]);
      expect(find(result, "settings")?.message).toMatch(/, no recipient guard$/);
      await collab.knock(["config", "set", "recipients.allow", "user:qa-*"]);
      const guarded = await collab.knock(["doctor", "--remote", "--json"], { env });
      expect(find(guarded, "settings")?.message).toContain(", recipients limited by recipients.allow of profile");
      expect(server.requests.length).toBeGreaterThan(0);
      // The other checks are about the local files and store.
      await collab.knock(["notify", "welcome", "-r", "ada"]);
      const all = getChecks(await collab.knock(["doctor", "--remote", "--json"], { env }));
      expect(all.filter(({ status }) => status === "error").map(({ name }) => name)).toEqual(["reachability"]);
    } finally {
      await server.close();
    }
  });
});
