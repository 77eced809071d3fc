import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { startHttpTestServer } from "../helpers/http-test-server.js";
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
