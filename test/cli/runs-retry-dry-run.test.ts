import { describe, expect, onTestFinished } from "vitest";
import { withDatabase } from "../../src/store/sqlite/connection/driver.js";
import type { JsonObject } from "../../src/util/json.js";
import { eventually } from "../helpers/eventually.js";
import { startHttpTestServer } from "../helpers/http-test-server.js";
import { createDatabase, describeOnPostgres, dropDatabase, withClient } from "../helpers/postgres-server.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const createWorkflow = (name: string, step: JsonObject): JsonObject => ({
  name,
  steps: [{ ref: "delay_1", type: "delay", settings: { delay_for: { unit: "hours", value: 1 } } }, step],
});

interface StoreOfTest {
  env: Record<string, string>;
  /** Executes SQL on the store. */
  change(sql: string): Promise<unknown>;
  /** A statement after which the store refuses messages to grace. With all messages refused, workers would suspect the store. */
  refuse: string;
}

const MAKE_DUE = "UPDATE recipient_runs SET due_at = due_at - 7200000 WHERE due_at IS NOT NULL";

/** Expects that dry runs select a failed run and leave a due one to workers. */
async function checkDryRuns(sample: Sample, { env, change, refuse }: StoreOfTest): Promise<void> {
  const server = await startHttpTestServer();
  onTestFinished(() => server.close());
  server.respondWith({ json: {} });
  const settings = { method: "get", url: `${server.url}/` };
  const sms = { ref: "sms_1", type: "channel", channel_type: "sms", channel_key: "sms", template: { text_body: "Hi" } };
  sample.write("knock/environment.json", { fetch: { allow: [server.url] }, private_addresses: ["127.0.0.1"] });
  sample.write("knock/workflows/text/workflow.json", createWorkflow("Text", sms));
  sample.write(
    "knock/workflows/fetch/workflow.json",
    createWorkflow("Fetch", { ref: "fetch_1", type: "http_fetch", settings }),
  );
  const knock = (...args: string[]) => sample.knock(args, { env });
  const workUntil = async (isDone: () => Promise<boolean> | boolean) => {
    const worker = sample.start(["worker"], { env });
    await eventually(isDone);
    worker.kill("SIGTERM");
    await worker;
  };

  await knock("notify", "text", "-r", "grace,katherine");
  await change(refuse);
  await change(MAKE_DUE);
  const listFailed = async () => (await knock("runs", "list", "--status", "failed", "--quiet")).stdout;
  await workUntil(async () => (await listFailed()) !== "");
  await knock("notify", "fetch", "-r", "grace");
  await change(MAKE_DUE);

  for (const selected of [await listFailed(), "--failed"]) {
    const dry = await knock("runs", "retry", selected, "--dry-run");
    expect([dry.exitCode, dry.stderr]).toEqual([0, "1 run would be retried"]);
  }
  expect(server.requests).toEqual([]);
  await workUntil(() => server.requests.length > 0);
}

describe("knock runs retry --dry-run", () => {
  it("sends no request, although another run of a file is due", async ({ collab }) => {
    await checkDryRuns(collab, {
      env: {},
      change: async (sql) =>
        withDatabase(collab.path(".knock-local/store.db"), (database) => {
          database.exec(sql);
        }),
      refuse: `
        CREATE TRIGGER refuse BEFORE INSERT ON messages WHEN NEW.recipient = '$users/grace'
        BEGIN SELECT RAISE(ABORT, 'refused'); END`,
    });
  });

  it("does not apply a changed file of recipients", async ({ collab }) => {
    await collab.knock(["clock", "show"]);
    const read = () =>
      withDatabase(collab.path(".knock-local/store.db"), (database) => database.prepare("SELECT * FROM seeds").all());
    const before = read();
    collab.write("knock/recipients/users.json", { users: [{ id: "zoe", name: "Zoe" }] });
    expect((await collab.knock(["runs", "retry", "--failed", "--dry-run"])).stderr).toBe("no run is failed");
    expect(read()).toEqual(before);
    await collab.knock(["runs", "retry", "--failed"]);
    expect(read()).not.toEqual(before);
  });
});

describeOnPostgres("knock runs retry --dry-run", () => {
  it("sends no request, although another run of a database is due", async ({ collab }) => {
    const location = await createDatabase();
    onTestFinished(() => dropDatabase(location));
    await checkDryRuns(collab, {
      env: { KNOCK_STORE: location },
      change: (sql) => withClient(location, (client) => client.query(sql)),
      refuse: `
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE check_violation; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW WHEN (NEW.recipient = '$users/grace') EXECUTE FUNCTION refuse()`,
    });
  });
});
