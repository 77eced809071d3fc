import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { expect } from "vitest";
import { PROGRAM } from "../../src/app/program.js";
import type { JsonObject } from "../../src/util/json.js";
import { startHttpTestServer } from "../helpers/http-test-server.js";
import { openProjectApi, readProjectFiles } from "../helpers/project-emulator.js";
import { type CommandResult, cliTest as it, type RunOptions, type Sample } from "../helpers/run-knock.js";

const DIST = resolve(import.meta.dirname, "../../dist");

/** Parts of the build that need a terminal or a server of their own, with the test that runs them. */
const RUN_ELSEWHERE: Record<string, string> = {
  "compile-linear-pattern.cjs": "slow-pattern.test.ts",
  "recipient-guard.cjs": "recipient-guard.test.ts",
  "refuse-delivery.cjs": "real-delivery.test.ts",
  "start-fake-provider.cjs": "../build/testing-modules.test.ts",
  "testing.cjs": "testing-modules.test.ts",
  "testing/jest.cjs": "testing-modules.test.ts",
  "testing/playwright.cjs": "testing-modules.test.ts",
  "testing/testing.cjs": "testing-modules.test.ts",
  "monitoring-parts.cjs": "../reliability/faults.test.ts",
  "vendor/jose.cjs": "real-delivery.test.ts",
  "vendor/nodemailer.cjs": "real-delivery.test.ts",
  "vendor/ora.cjs": "terminal.test.ts",
  "vendor/ws.cjs": "dev.test.ts",
};

/** The first message of a client of `knock mcp`. */
const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } },
};

/** Runs commands of a sample in sequence, and records which parts of the build they load. */
class Commands {
  private readonly hook: string;
  /** The first words of the commands. */
  readonly names = new Set<string>();

  constructor(private readonly sample: Sample) {
    const file = JSON.stringify(sample.path("loaded.txt"));
    this.hook = sample.write(
      "hook.cjs",
      `process.on("exit", () => require("node:fs").appendFileSync(${file}, Object.keys(require.cache).join("\\n") + "\\n"));`,
    );
  }

  async run(
    args: readonly string[],
    stdout: RegExp | string,
    { exit = 0, ...options }: RunOptions & { exit?: number } = {},
  ): Promise<CommandResult> {
    this.names.add(args[0] ?? "");
    const env = { NODE_OPTIONS: `--require ${this.hook}`, ...options.env };
    const ran = await this.sample.knock(args, { ...options, env });
    const said = `${args.join(" ")}\n${ran.stdout}\n${ran.stderr}`;
    expect(ran.exitCode, said).toBe(exit);
    if (typeof stdout === "string") expect(ran.stdout, said).toContain(stdout);
    else expect(ran.stdout, said).toMatch(stdout);
    return ran;
  }

  /** The files of dist/ that were loaded. */
  loaded(): string[] {
    const files = new Set(this.sample.read("loaded.txt").split("\n"));
    return [...files].flatMap((file) => /\/dist\/(.+)$/.exec(file)?.[1] ?? []);
  }
}

/** Every command once, with the sample collab. */
async function runCommands(collab: Sample): Promise<Commands> {
  const knock = new Commands(collab);
  const zoe = '{"id":"zoe","email":"zoe@example.com","timezone":"Europe/Paris"}';
  const json = await knock.run(
    ["notify", "new-comment", "-r", zoe, "-r", "ada", "--set", "page=Home", "--cancellation-key", "c1", "--json"],
    '"waiting": 2',
  );
  await knock.run(["runs", "show", json.outcome.workflow_run_id], "2 delivered · 2 waiting");
  await knock.run(["cancel", "new-comment", "c1", "-r", "zoe"], "canceled");
  await knock.run(["prune", "--older-than", "1d"], "deleted runs that ended before");
  await knock.run(["store", "migrate"], "up to date");
  await knock.run(["store", "migrate", "--store", "postgres://127.0.0.1:1/knock"], "", { exit: 7 });
  await knock.run(
    ["store", "copy", "--from", ".knock-local/store.db", "--to", "copy.db"],
    /copied \d+ rows from .*store\.db to .*copy\.db/,
  );
  await knock.run(["keys", "create"], /^sk_/);
  await knock.run(["serve", "--port", "none"], "", { exit: 2 });
  await knock.run(["channels"], /sendgrid +email +sendgrid +sandboxed/);
  await knock.run(["users", "set", "bo", "--set", "name=Bo"], "name        Bo");
  await knock.run(["users", "set", "bob", "--set", "plan=pro"], "plan        pro");
  await knock.run(["users", "merge", "bo", "bob"], "plan        pro");
  await knock.run(["objects", "set", "projects", "p9", "--set", "name=P"], "projects/p9  object");
  await knock.run(["tenants", "set", "globe", "--set", "name=Globe"], "globe  tenant");
  await knock.run(["preferences", "set", "ada", "--set", "workflows.invite:=false"], "workflows.invite");
  const schedule = {
    workflow: "welcome",
    recipients: ["ada"],
    repeats: [{ frequency: "weekly", days: ["mon"], hours: 9 }],
  };
  await knock.run(["schedules", "create", "--data", JSON.stringify(schedule)], /09:00 +mon/);
  await knock.run(["subscriptions", "add", "projects", "p9", "-r", "ada"], "projects/p9  ada");
  await knock.run(["audiences", "add", "vip", "-r", "ada"], "✓ vip: added ada");
  await knock.run(["sources", "send", "billing", "--file", "payloads/plan-changed.json"], "✓ users_identify grace");
  await knock.run(["broadcasts", "send", "history-launch", "--all-users"], "in-app delivered");
  await knock.run(["notify", "page-created", "-r", "grace"], "guide added to first-page");
  await knock.run(["clock", "advance", "1h"], "new-comment  ada");
  const tracing = { env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" } };
  await knock.run(["worker", "--once", "--json"], '"ran": []', tracing);
  await knock.run(["logs", "--workflow", "new-comment"], "run completed");
  const { stdout: id } = await knock.run(["messages", "--limit", "1", "--channel", "sendgrid", "--quiet"], /^\w{27}$/);
  await knock.run(["messages", "mark", id, "read"], "read");
  await knock.run(["messages", "show", id, "--raw"], "MIME-Version: 1.0");
  await knock.run(["messages", "show", id, "--open"], /\.html$/m, { env: { BROWSER: "/bin/true" } });
  await knock.run(["feed", "list", "ada"], "commented");
  await knock.run(["preview", "storage-low", "--all", "-r", "ada"], "email_1  sendgrid");
  await knock.run(["test", "--filter", "seen"], "1 passed");
  const comment = "{ recipients: [ada], actor: alan, data: { page: Home } }";
  const expected = String.raw`{ messages: [{ to: ada, channel: in-app, body: "one\ntwo" }] }`;
  const steps = `[{ notify: ${comment}, expect: ${expected} }]`;
  collab.write("fails.test.yaml", `workflow: new-comment\nscenarios: { fails: { steps: ${steps} } }\n`);
  await knock.run(["test", "fails.test.yaml"], "- expected  + found", { exit: 1 });
  await knock.run(["why", "welcome", "ada"], "welcome: ada would get a message");
  await knock.run(["replay", "--no-content"], "0 recipients with differences");
  await knock.run(["review", "--base", ".", "--format", "markdown", "--html", "review.html"], "Nothing changes");
  await knock.run(["workflows"], /^new-comment +New comment/m);
  await knock.run(["validate"], /^0 errors, .* files$/m);
  await knock.run(["types", "--language", "python"], "class NewCommentData:");
  await knock.run(["dev", "--port", "0", "--exec", "knock users get ada -q --remote"], /^ada$/m);
  const api = await openProjectApi(readProjectFiles(collab.dir), { isComplete: true });
  const env = { KNOCK_API_KEY: "sk_test_1", KNOCK_BASE_URL: api.url };
  await knock.run(["diff", "welcome", "-r", "ada"], "0 of 1 recipient with differences", { env });
  await knock.run(["audit", "-r", "ada"], "8 workflows checked", { env });
  const account = { KNOCK_SERVICE_TOKEN: "knock_st_local", KNOCK_MGMT_BASE_URL: api.url };
  await knock.run(["plan"], /^✓ no differences/m, { env: account });
  await knock.run(["pull"], /^✓ 0 written/m, { env: account });
  await knock.run(["push"], /^✓ nothing to push/m, { env: account });
  await knock.run(["promote"], "nothing to promote", { env: account });
  await knock.run(["branches", "create", "x"], "✓ branch x created", { env: account });
  await api.close();
  await knock.run(["init", "more"], "✓ more/knock.json");
  await knock.run(["new", "layout", "promo"], "✓ knock/layouts/promo/layout.json");
  await knock.run(["auth", "login", "--with-key"], "stored", { input: "sk_test_0123456789abcdefghij\n" });
  const line = '{"at":"2026-03-01T23:00:00Z","key":"storage-low","recipients":["ada"],"data":{"percent":95}}';
  await knock.run(["forecast", "-"], "1 trigger ·", { input: line });
  const rows = collab.write("many.csv", "key,recipients\nwelcome,lin\n");
  await knock.run(["notify", "--file", rows, "--output", collab.path("results.jsonl")], "1 of 1 lines triggered");
  await knock.run(["doctor"], "file_modes");
  await knock.run(["docs", "move", "the", "clock"], /^guide\/time-and-batches#move-the-clock /);
  await knock.run(["completion", "bash"], "knock completion-server");
  await knock.run(["mcp"], '"name":"knock"', { input: `${JSON.stringify(INITIALIZE)}\n` });
  await knock.run(["help", "error", "actor_missing"], "actor_missing (exit code 5)");
  await knock.run(["config", "list"], /^api_key +sk_…redacted +profile$/m);
  return knock;
}

/** Workflows of the sample shop that each need another part of the build. */
async function runParts(shop: Sample, url: string): Promise<Commands> {
  const knock = new Commands(shop);
  await knock.run(["notify", "spring-sale", "-f", "payloads/spring-sale.json"], "email sandboxed");
  await knock.run(["notify", "parcel-status", "-r", "ines", "--set", "parcel=PX-7"], "in-app delivered");
  const environment = JSON.parse(shop.read("knock/environment.json"));
  const channels = {
    ...environment.channels,
    text: {
      type: "sms",
      provider: "twilio",
      deliver: true,
      settings: { account_sid: "AC1", auth_token: "$TWILIO", from: "+15550009999", base_url: url },
    },
    slack: {
      type: "chat",
      provider: "slack",
      deliver: true,
      settings: { base_url: url, bot_token: "$SLACK", email_based_user_id_resolution: true },
    },
  };
  const tracking = { base_url: "https://links.example.com" };
  shop.write("knock/environment.json", { ...environment, channels, tracking, fetch: { allow: [url] } });
  const channel = (
    ref: string,
    channel_type: string,
    channel_key: string,
    template: JsonObject,
    more: JsonObject = {},
  ) => ({
    ref,
    type: "channel",
    channel_type,
    channel_key,
    template,
    ...more,
  });
  const days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
  const send_windows = days.map((day) => ({ day, type: "send", from: "00:00", until: "23:59" }));
  shop.write("knock/workflows/parts/workflow.json", {
    name: "Parts",
    steps: [
      { ref: "fetch_1", type: "http_fetch", settings: { method: "get", url: `${url}/items` } },
      channel("chat_1", "chat", "slack", { markdown_body: "One" }),
      channel("chat_2", "chat", "slack", { markdown_body: "Two", settings: { reply_to_step_ref: "chat_1" } }),
      channel("feed_1", "in_app_feed", "inbox", {
        markdown_body: "Fish &amp; „**chips**“ at https://www.bücher.example",
      }),
      channel("sms_1", "sms", "text", { text_body: "Hi {{ recipient.emial }}" }),
      channel("email_1", "email", "mail", { subject: "Soon", html_body: "<p>a.example.com</p>" }, { send_windows }),
    ],
  });
  const rita = '{"id":"rita","email":"rita@example.com","phone_number":"+15550000001","timezone":"Nowhere/Land"}';
  const tenant = '{"id":"corner","channel_data":{"slack":{"token":{"access_token":"xoxb-2"}}}}';
  const env = { TWILIO: "twilio-token", SLACK: "xoxb-1" };
  const ran = await knock.run(
    ["notify", "parts", "-r", rita, "--tenant", tenant],
    "chat_1 sent · chat_2 sent · in-app delivered · sms sent",
    { env },
  );
  expect(ran.stderr).toContain('recipient.emial is undefined; did you mean "recipient.email"?');
  expect(ran.stderr).toContain('timezone "Nowhere/Land" is not a known time zone');
  await knock.run(["clock", "advance", "1h"], "", { env });
  shop.write("knock/workflows/parts/workflow.json", '{ "steps":\n  5 }');
  const refused = await knock.run(["notify", "parts", "-r", "ines"], "", { exit: 3 });
  expect(refused.stderr).toContain("knock/workflows/parts/workflow.json:2:3");
  return knock;
}

it("every command and every part of the build works in its own process", async ({ collab, shop }) => {
  const target = await startHttpTestServer();
  target.respondWith(({ path }) => {
    if (path.startsWith("/2010-04-01/")) return { status: 201, json: { sid: "SM1", status: "sent" } };
    if (path.startsWith("/api/users.")) return { json: { ok: true, user: { id: "U7" } } };
    return { json: path.startsWith("/api/") ? { ok: true, ts: "1.2" } : {} };
  });
  try {
    const commands = await runCommands(collab);
    expect([...commands.names].sort()).toEqual(Object.keys(PROGRAM.commands).sort());
    const parts = await runParts(shop, target.url);
    const loaded = new Set([...commands.loaded(), ...parts.loaded(), ...Object.keys(RUN_ELSEWHERE)]);
    const built = readdirSync(DIST, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".cjs") && !name.startsWith("main"))
      .sort();
    expect(built.filter((name) => !loaded.has(name))).toEqual([]);
  } finally {
    await target.close();
  }
});
