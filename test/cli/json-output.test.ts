import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { PROGRAM } from "../../src/app/program.js";
import { loadOutputDocuments } from "../../src/app/published-schemas.js";
import { printProjectChange } from "../../src/features/dev/print-project-change.js";
import { printWebhookDelivery } from "../../src/features/dev/print-webhook-delivery.js";
import { RequestLog } from "../../src/features/dev/request-log.js";
import { Output } from "../../src/output/output.js";
import { listLeaves } from "../helpers/load-commands.js";
import { checkPrintedDocuments, listDocumentViolations } from "../helpers/output-schemas.js";
import { openProjectApi, SAMPLE_FILES } from "../helpers/project-emulator.js";
import { inProcessTest } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const OUTPUT_DOCUMENTS = await loadOutputDocuments();

const ROOT = join(import.meta.dirname, "../..");
const ALL = OUTPUT_DOCUMENTS.map(({ name }) => name);
/** Documents of commands that run until they are stopped. test/cli/dev.test.ts checks them. */
const LONG_RUNNING = ["dev", "dev-ready-file"];
/** Commands that always use the account. */
const ACCOUNT_ONLY = [
  "audit",
  "diff",
  "plan",
  "pull",
  "push",
  "promote",
  "branches-list",
  "branches-create",
  "branches-merge",
  "branches-delete",
];

interface Schema {
  description?: string;
  $ref?: string;
  const?: unknown;
  properties?: Record<string, Schema>;
  $defs?: Record<string, Schema>;
  anyOf?: Schema[];
  items?: Schema;
}

/** Commands that print no result. The messages of `mcp` are those of its protocol. */
const WITHOUT_JSON: readonly string[] = ["mcp"];

/** Returns the names of all commands with or without `--json`, such as `runs list`. */
async function listCommandNames(hasJson: boolean): Promise<string[]> {
  const program = new Command("knock");
  for (const load of Object.values(PROGRAM.commands)) (await load())(program, {} as never);
  return listLeaves(program.commands)
    .filter(({ command }) => command.options.some(({ long }) => long === "--json") === hasJson)
    .map(({ words }) => words.join(" "));
}

describe("the table of documents", () => {
  it("has a document for every command with --json, and no other commands", async () => {
    const described = new Set(OUTPUT_DOCUMENTS.flatMap(({ command }) => command ?? []));
    expect([...described].sort()).toEqual((await listCommandNames(true)).sort());
    expect(new Set(ALL).size).toBe(ALL.length);
  });

  it("leaves out only commands that have no result", async () => {
    expect((await listCommandNames(false)).sort()).toEqual(WITHOUT_JSON);
  });

  it("is published completely, with a description of every field", () => {
    const files = readdirSync(join(ROOT, "schemas/output"));
    expect(files.sort()).toEqual(ALL.map((name) => `${name}.schema.json`).sort());
    const undescribed: string[] = [];
    const walk = (schema: Schema, at: string): void => {
      for (const [name, field] of Object.entries(schema.properties ?? {})) {
        if (field.description === undefined && field.$ref === undefined && field.const === undefined)
          undescribed.push(`${at}.${name}`);
        walk(field, `${at}.${name}`);
      }
      for (const [name, one] of Object.entries(schema.$defs ?? {})) walk(one, `${at}#${name}`);
      for (const one of schema.anyOf ?? []) walk(one, at);
      if (schema.items !== undefined) walk(schema.items, at);
    };
    for (const file of files)
      walk(JSON.parse(readFileSync(join(ROOT, "schemas/output", file), "utf8")) as Schema, file);
    expect(undescribed).toEqual([]);
  });

  it("has an example for every document on the page, which the document's schema describes", () => {
    const page = readFileSync(join(ROOT, "docs/reference/json-output.md"), "utf8");
    const blocks = page
      .split(/Schema: (?=\[`)/)
      .slice(1)
      .map((part) => [...(/^\[`([\w-]+)\.schema\.json`\].*?```json\n(.*?)\n```/s.exec(part) ?? [])]);
    expect(blocks.map(([, name]) => name).sort()).toEqual([...ALL].sort());
    for (const [, name = "", json = ""] of blocks) {
      const documents = json.startsWith("{\n") ? [json] : json.split("\n");
      for (const document of documents) expect(listDocumentViolations(name, JSON.parse(document))).toEqual([]);
    }
  });
});

describe("checkPrintedDocuments", () => {
  const check = (args: string[], document: unknown) =>
    checkPrintedDocuments(args, { stdout: JSON.stringify(document), stderr: "" });

  it("accepts a declared document", () => {
    expect(check(["config", "path", "--json"], { path: "x" })).toEqual(["config-path"]);
  });

  it.each<[string, string[], unknown]>([
    ["an undeclared field", ["config", "path", "--json"], { path: "x", more: 1 }],
    [
      "an undeclared field of a nested object",
      ["users", "list", "--json"],
      { items: [], page_info: { after: null, before: null, page_size: 1, total: 2 } },
    ],
    ["a missing field", ["config", "path", "--json"], {}],
    ["a command without documents", ["unknown", "--json"], {}],
  ])("rejects %s", (_name, args, document) => {
    expect(() => check(args, document)).toThrow(/printed an undeclared document/);
  });
});

const MESSAGE_LIMIT = ["--limit", "2"];

/** Runs a command with `--json`; `run-in-process.ts` checks its documents. Returns their names. */
async function print(sample: Sample, line: string, json = true): Promise<string[]> {
  const args = [
    ...(line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", "")),
    ...(json ? ["--json"] : []),
  ];
  return checkPrintedDocuments(args, await sample.knock(args));
}

it("describes every line of the log of knock dev", async () => {
  const lines: string[] = [];
  const stream = { write: (text: string) => lines.push(text) > 0 };
  const output = await Output.open({ stdout: stream, stderr: stream, env: {} });
  output.verbosity = { json: true, quiet: false, verbose: true };
  const request = { method: "POST", path: "/v1/users", status: 422, took_ms: 1.5, workflow_run_id: null, error: "no" };
  const log = new RequestLog(output);
  log.add(request);
  log.add({ ...request, warnings: ["w"] });
  const change = { kind: "workflow", key: "w", branch: null, error: null, kept: true };
  printProjectChange({ ...change, change: "fixed" }, output);
  printProjectChange({ ...change, change: "broken", error: "invalid" }, output);
  const attempts = [{ at: "2030-01-01T00:00:00.000Z", status: null, error: "refused", duration_ms: 1 }];
  const delivery = {
    id: "1",
    url: "http://x",
    type: "message.sent",
    state: "pending",
    next_attempt_at: null,
    body: {},
  };
  printWebhookDelivery({ ...delivery, attempts }, output);
  const names = checkPrintedDocuments(["dev", "--json"], { stdout: "", stderr: lines.join("") });
  expect(names).toEqual(Array(5).fill("dev-log"));
});

describe.concurrent("every printed document matches its schema", () => {
  inProcessTest("in an empty store, a filled one, and after errors", async ({ collab }) => {
    const seen = new Set<string>();
    const run = async (line: string, json = true): Promise<void> => {
      for (const name of await print(collab, line, json)) seen.add(name);
    };
    const firstId = async (list: string): Promise<string> =>
      (await collab.knock([...list.split(" "), ...MESSAGE_LIMIT, "--quiet"])).stdout.split("\n")[0] ?? "";

    const lists = [
      "runs list",
      "messages list",
      "users list",
      "objects list projects",
      "tenants list",
      "schedules list",
    ];
    const more = ["feed list ada", "sources events", "broadcasts list", "auth status", "preferences list lin"];
    for (const list of [...lists, ...more, "workflows list", "audiences list beta"]) await run(list);

    await run("notify new-comment -r ada --set page=Home --dry-run");
    await run(
      "notify new-comment -r ada,nobody --object projects/p1 --actor alan --set page=Home --expect sent>=1 failed=0",
    );
    await run("notify --file payloads/triggers.jsonl");
    await run("logs --limit 5");
    await run("notify --file payloads/triggers.jsonl --output results.jsonl");
    for (const line of collab.read("results.jsonl").trimEnd().split("\n"))
      expect(listDocumentViolations("notify-result", JSON.parse(line))).toEqual([]);
    seen.add("notify-result");
    await run("notify invite -r grace --actor ada --cancellation-key k1 --sandbox-mode");
    await run("notify page-shared --object projects/p1 --set page=x");
    await run("notify welcome -r lin --skip-delay --idempotency-key i1");
    await run("notify welcome -r lin --skip-delay --idempotency-key i1");
    await run("cancel invite k1 --expect cancelled>=0");
    await run("cancel invite none");
    await run("clock advance 1h --expect no-failures");
    // The worker prints each advance of a run on a line of its own.
    await collab.knock(["notify", "new-comment", "-r", "ada", "--set", "page=Home", "--quiet"]);
    const advanced = (await collab.knock(["clock", "advance", "1h", "--json"])).json.ran as object[];
    expect(advanced.length).toBeGreaterThan(0);
    const stdout = advanced.map((one) => JSON.stringify(one)).join("\n");
    for (const name of checkPrintedDocuments(["worker", "--json"], { stdout, stderr: "" })) seen.add(name);
    await run("clock set 2031-01-01T00:00:00Z");
    for (const verb of ["show", "freeze", "reset"]) await run(`clock ${verb}`);
    await run("worker --once");

    for (const list of [...lists, ...more.slice(0, 2), "workflows list"]) await run(`${list}`);
    await run(`runs show ${await firstId("runs list")} --expect failed=0`);
    await run("runs list --limit 1");
    await run("runs retry --failed");
    await run(`runs rerun ${await firstId("runs list")}`);
    const { json } = await collab.knock(["runs", "list", "--limit", "1", "--json"]);
    await run(`runs show ${String((json.items as { workflow_run_id: string }[])[0]?.workflow_run_id)}`);
    for (const channel of ["in-app-feed", "sendgrid"]) {
      const message = await firstId(`messages list --channel ${channel}`);
      await run(`messages show ${message}`);
      if (channel === "in-app-feed") await run(`messages show ${message} --raw`);
    }
    await run(`messages mark ${await firstId("messages list")} interacted --metadata {"a":1}`);
    await run("messages list --expect messages>=0");
    await run("messages retry --all");
    await run("preview new-comment --all -r ada --set page=Home");
    await run("preview new-comment --all -r nobody --set page=Home");
    await run("workflows show invite");
    await run("validate");
    await run("test");
    await run("types --output-file types.ts");
    await run("doctor");
    for (const words of ["", " runs", " error usage"]) await run(`help${words}`);
    for (const words of ["", " move the clock", " guide/schedules"]) await run(`docs${words}`);
    collab.write(
      "march.jsonl",
      '{"at":"2026-03-01T23:00:00Z","key":"storage-low","recipients":["ada"],"data":{"percent":95}}',
    );
    await run("why new-comment ada --set page=Home --all-rules");
    await run("forecast march.jsonl --quiet-hours 22:00-08:00 --max-per-day 5");
    await run("completion zsh");

    await run("users set zoe --set email=zoe@example.com --set plan=pro");
    await run("users get zoe");
    await run("users merge grace zoe");
    await run("users set zoe");
    await run("users delete zoe");
    collab.write("rows.jsonl", '{"id":"r1"}\n{"id":"r2"}\n');
    for (const [set, remove] of [
      ["users set", "users delete"],
      ["objects set projects", "objects delete projects"],
      ["tenants set", "tenants delete"],
    ]) {
      await run(`${set} --file rows.jsonl`);
      await run(`${remove} r1 r2`);
    }
    await run("preferences set ada lin --set channel_types.sms:=false");
    await run("objects set projects p9 --set name=Nine");
    await run("objects get projects p9");
    await run("objects delete projects p9");
    await run("tenants set t9 --set settings.branding.primary_color=#112233");
    await run("tenants get t9");
    await run("tenants delete t9");
    await run("preferences set ada --set channel_types.email:=false --set commercial_subscribed:=false");
    await run("preferences get projects/p1 --set-id acme");
    await run("preferences delete ada");
    const body =
      '{"workflow":"product-news","recipients":["ada",{"collection":"projects","id":"p1"}],"actor":"grace","data":{"headline":"New","summary":"Pages"},"repeats":[{"frequency":"weekly","days":"weekdays","hours":9}]}';
    await run(`schedules create --data ${body}`);
    const schedule = await firstId("schedules list");
    await run(`schedules get ${schedule}`);
    await run(`schedules update ${schedule} --set ending_at=2040-01-01T00:00:00Z`);
    await run(`schedules delete ${schedule}`);
    await run("subscriptions list projects p1");
    await run("subscriptions list --recipient grace");
    await run('subscriptions add projects p1 -r alan --properties {"role":"owner"}');
    await run("subscriptions delete projects p1 -r alan");
    await run("audiences add beta -r ada --tenant acme");
    await run("audiences list beta");
    await run("audiences remove beta -r ada,alan --tenant acme");
    await run("feed list ada --status unread");
    await run("sources list");
    await run("sources send billing --file payloads/plan-changed.json");
    await run("sources send billing --file payloads/plan-changed.json");
    await run("sources events");
    await run("broadcasts schedule history-launch --at 2040-01-01T00:00:00Z --all-users");
    await run("broadcasts cancel history-launch");
    await run("broadcasts send history-launch -r ada,nobody");
    await run("broadcasts list");
    await run("replay");
    await run("review --base .");
    await run("prune --older-than 90d");
    await run("store migrate");
    await run("store snapshot save before");
    await run("notify hello -r ada --set n=2");
    await run("store snapshot list");
    await run("store snapshot diff before");
    await run("store snapshot restore before --force");
    await run("store snapshot delete before");
    // The file is still open in this process.
    copyFileSync(collab.path(".knock-local/store.db"), collab.path("stopped.db"));
    await run("store copy --from stopped.db --to copy.db");
    await run("init new-app");
    await run("new layout promo");
    await run("test --project new-app");
    await run("auth login --api-key sk_test_0123456789");
    await run("auth status");
    await run("auth logout");
    await run("auth logout");
    await run("channels");
    await run("channels show sendgrid");
    await run("keys create --name orders");
    await run("keys list");
    const { stdout: key } = await collab.knock(["keys", "list", "--quiet"]);
    await run(`keys rotate ${key.trim()}`);
    await run(`keys revoke ${key.trim()}`);
    await run("config list");
    await run("config get api_key");
    await run("config set branch b");
    await run("config path");
    await run("config set branch ''");

    const mistakes = ["notify new-coment -r ada", "runs list --limit 0", "users get nobody", "messages show 00000000"];
    for (const line of [...mistakes, "notify order-placed --file payloads/order-placed-invalid.json"]) await run(line);
    collab.write("knock/workflows/broken/workflow.json", '{ "name": "Broken", "steps": [ { "ref": 1 } ] }');
    await run("workflows list");
    await run("notify broken -r ada");
    const opened = [
      "messages-show-open",
      "dev-log",
      "worker-log",
      "channels-test",
      "serve-log",
      ...LONG_RUNNING,
      ...ACCOUNT_ONLY,
    ];
    expect([...ALL].filter((name) => !seen.has(name) && !opened.includes(name))).toEqual([]);
  });

  inProcessTest("for the remote target, which the emulator answers", async ({ collab }) => {
    const api = await openProjectApi({});
    const env = { KNOCK_API_KEY: "sk_test_1", KNOCK_BASE_URL: api.url };
    const seen: string[] = [];
    const run = async (line: string): Promise<Record<string, unknown>> => {
      const args = [...line.split(" "), "--remote", "--json"];
      const result = await collab.knock(args, { env });
      seen.push(...checkPrintedDocuments(args, result));
      return result.exitCode === 0 ? result.json : {};
    };
    try {
      await run("notify hello -r ada --set n=1");
      const { workflow_run_id } = await run("notify hello -r ada,bo --set n=1 --wait");
      await run(`runs show ${String(workflow_run_id)}`);
      const { items } = await run("messages list --recipient ada");
      const message = String((items as { id: string }[])[0]?.id);
      await run(`messages show ${message}`);
      await run(`messages mark ${message} seen`);
      const runs = await run("runs list");
      await run(`runs show ${(runs.items as { id: string }[])[0]?.id}`);
      await run("cancel hello none");
      await run("notify absent -r ada");
      await run("users list");
      const hello = "knock/workflows/hello/workflow.json";
      collab.write(hello, SAMPLE_FILES[hello] as never);
      await run("diff hello -r ada --set n=1");
      await run("audit -r ada,ghost");
    } finally {
      await api.close();
    }
    expect(new Set(seen)).toEqual(
      new Set([
        "notify",
        "runs-show-workflow-run",
        "messages-list",
        "messages-show",
        "messages-mark",
        "runs-list",
        "runs-show",
        "cancel",
        "error",
        "users-list",
        "diff",
        "audit",
      ]),
    );
  });
});
