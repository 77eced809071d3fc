import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import { formatOutcome, type RunOptions, type Sample } from "../helpers/run-knock.js";

/** Returns the body that `--dry-run --json` shows, which combines all flags. */
async function readRequestBody(sample: Sample, args: readonly string[], options?: RunOptions): Promise<JsonObject> {
  const { json } = await sample.knock(["notify", ...args, "--dry-run", "--json"], options);
  return json.body as JsonObject;
}

const PAGE = ["--set", "page=Home"];

describe.concurrent("the workflow's key after a variadic option", () => {
  it.for<[args: string[], path: string, recipients: unknown[]]>([
    [["--recipients", "ada", "new-comment", ...PAGE], "new-comment", ["ada"]],
    [["-r", "ada", "grace", "invite", "--cancellation-key", "k"], "invite", ["ada", "grace"]],
    [["--recipient", "ada", "invite", "-r", "lin"], "invite", ["lin", "ada"]],
    [["--object", "projects/p1", "page-shared", ...PAGE], "page-shared", [{ collection: "projects", id: "p1" }]],
    [["-r", "ada", "--expect", "no-failures", "invite"], "invite", ["ada"]],
    // If two arguments are keys, the first one is the workflow's key, as without the option.
    [["invite", "-r", "ada", "new-comment"], "invite", ["ada", "new-comment"]],
  ])("is found in %j, which triggers %s", async ([args, key, recipients], { collab }) => {
    const { json } = await collab.knock(["notify", ...args, "--dry-run", "--json"]);
    expect(json).toMatchObject({ path: `/v1/workflows/${key}/trigger`, body: { recipients } });
  });
});

describe.concurrent("--recipients", () => {
  it.for<[args: string[], recipients: unknown[]]>([
    [
      ["-r", "ada,grace"],
      ["ada", "grace"],
    ],
    [
      ["-r", " ada , grace "],
      ["ada", "grace"],
    ],
    [
      ["-r", "ada", "grace", "-r", "lin"],
      ["ada", "grace", "lin"],
    ],
    [
      ["--recipient", "ada", "--recipients", "grace"],
      ["grace", "ada"],
    ],
    [["-r", "42"], ["42"]],
    [["-r", '{"id":"p1","collection":"projects"}'], [{ id: "p1", collection: "projects" }]],
    [
      ["-r", '["ada",{"id":"zoe","email":"zoe@example.com"}]', "lin"],
      ["ada", { id: "zoe", email: "zoe@example.com" }, "lin"],
    ],
    [
      ["-r", "@people.json"],
      ["ada", { id: "kim", name: "Kim" }],
    ],
    [
      ["--object", "projects/p1", "projects/p2"],
      [
        { collection: "projects", id: "p1" },
        { collection: "projects", id: "p2" },
      ],
    ],
    [
      ["-r", "ada", "--object", "projects/p1"],
      ["ada", { collection: "projects", id: "p1" }],
    ],
  ])("accepts %j", async ([args, recipients], { collab }) => {
    collab.write("people.json", '["ada", { "id": "kim", "name": "Kim" }]');
    expect(await readRequestBody(collab, ["new-comment", ...args, ...PAGE])).toEqual({
      recipients,
      data: { page: "Home" },
    });
  });

  it("reads standard input for @-", async ({ collab }) => {
    const body = await readRequestBody(collab, ["new-comment", "-r", "@-", ...PAGE], { input: '"ada"' });
    expect(body.recipients).toEqual(["ada"]);
  });

  it("identifies inline recipients, with preferences, channel data and trigger data", async ({ collab }) => {
    const zoe = {
      id: "zoe",
      name: "Zoe",
      email: "zoe@example.com",
      preferences: { default: { channel_types: { in_app_feed: false } } },
      channel_data: { fcm: { tokens: ["t1"] } },
      $trigger_data: { page: "Zoe's" },
    };
    const args = ["new-comment", "-r", JSON.stringify([zoe, "lin"]), ...PAGE, "--skip-delay", "--json"];
    const { outcome } = await collab.knock(["notify", ...args]);
    expect(formatOutcome(outcome)).toEqual([
      "zoe completed: in_app_feed_1 skipped (preference), delay_1 skipped (skip_delay), email_1 sent",
      "lin completed: in_app_feed_1 sent, delay_1 skipped (skip_delay), email_1 sent",
    ]);
    const shown = async (recipient: number): Promise<string> => {
      const id = outcome.recipients?.[recipient]?.steps.at(-1)?.message_id ?? "";
      return (await collab.knock(["messages", "show", id])).stdout;
    };
    expect(await shown(0)).toContain("subject: Someone commented on Zoe's");
    expect(await shown(1)).toContain("subject: Someone commented on Home");
    const again = await collab.knock(["notify", "new-comment", "-r", "zoe", ...PAGE]);
    expect(again.exitCode).toBe(0);
  });

  it("combines with --actor and --tenant by id, inline, and from a file, and a tenant's preferences apply", async ({
    collab,
  }) => {
    collab.write("actor.json", { id: "bot", name: "Robot" });
    const args = ["product-news", "-r", "grace", "--set", "headline=H", "--set", "summary=S", "--actor", "@actor.json"];
    const { outcome } = await collab.knock(["notify", ...args, "--json"]);
    expect(formatOutcome(outcome)[0]).toContain("email_1 sent");
    const tenant = await collab.knock(["notify", ...args, "--tenant", "acme", "--json"]);
    expect(formatOutcome(tenant.outcome)[0]).toContain("email_1 skipped (preference)");
    await collab.knock(["notify", "new-comment", "-r", "grace", ...PAGE, "-t", "acme", "-a", "bot"]);
    const { json } = await collab.knock(["messages", "list", "--tenant", "acme", "--json"]);
    expect((json.items as JsonObject[])[0]).toMatchObject({ recipient: "grace", tenant: "acme", actors: ["bot"] });
    const body = await readRequestBody(collab, [
      "welcome",
      "-r",
      "mary",
      "-t",
      '{"id":"new","name":"New"}',
      "-a",
      "alan",
    ]);
    expect(body).toEqual({ recipients: ["mary"], actor: "alan", tenant: { id: "new", name: "New" } });
  });
});

describe.concurrent("--data and --set", () => {
  it.for<[args: string[], data: unknown]>([
    [["-d", '{"a":{"b":1},"l":[1]}', "-d", '{"a":{"c":2},"l":[2]}'], { a: { b: 1, c: 2 }, l: [2] }],
    [["--set", "a.b[1].c=x"], { a: { b: [null, { c: "x" }] } }],
    [["--set", "count:=3", "--set", "list:=[1,2]", "--set", "none:=null"], { count: 3, list: [1, 2], none: null }],
    [["--set", "count=3", "--set", "empty="], { count: "3", empty: "" }],
    [["--set", "url=https://x.test/?a=b"], { url: "https://x.test/?a=b" }],
    [["--set", "a\\.b=dot"], { "a.b": "dot" }],
    [["-d", '{"a":1}', "--set", "a:=2"], { a: 2 }],
    [["-d", "@data.json", "--set", "deep.more=x"], { deep: { one: 1, more: "x" } }],
  ])("accept %j", async ([args, data], { collab }) => {
    collab.write("data.json", { deep: { one: 1 } });
    expect(await readRequestBody(collab, ["welcome", "-r", "ada", ...args])).toEqual({ recipients: ["ada"], data });
  });

  it("read standard input for -d @-, only once", async ({ collab }) => {
    expect(await readRequestBody(collab, ["welcome", "-r", "ada", "-d", "@-"], { input: '{"a":1}' })).toMatchObject({
      data: { a: 1 },
    });
    const twice = await collab.knock(["notify", "welcome", "-r", "@-", "-d", "@-"], { input: '{"a":1}' });
    expect(twice.exitCode).toBe(2);
    expect(twice.stderr).toMatch(/^error: --data: standard input was already read for --recipients\nhint: Only one/);
  });
});

describe.concurrent("--file", () => {
  it("reads a payload with its own key, and flags override its fields and merge into its data", async ({ collab }) => {
    const file = ["--file", "payloads/new-comment.json"];
    expect(await readRequestBody(collab, file)).toMatchObject({ recipients: ["ada", "grace"], actor: "alan" });
    const body = await readRequestBody(collab, [
      ...file,
      "-r",
      "lin",
      "-d",
      '{"page":"Plan"}',
      "--set",
      "more.x=1",
      "--sandbox-mode",
    ]);
    expect(body).toEqual({
      recipients: ["lin"],
      actor: "alan",
      data: {
        page: "Plan",
        page_url: "https://app.collab.example.com/pages/home",
        comment: "Shall we move the launch date up?",
        more: { x: "1" },
      },
      settings: { sandbox_mode: true },
    });
  });

  it("reads standard input, a byte order mark, and a single recipient without a list", async ({ collab }) => {
    const input = '\ufeff{"key":"welcome","recipients":"lin"}';
    expect(await readRequestBody(collab, ["--file", "-"], { input })).toEqual({ recipients: ["lin"] });
  });

  it("reads JSON Lines: one document per line, equal lines are two triggers, blank lines none", async ({ collab }) => {
    const line = JSON.stringify({ key: "new-comment", recipients: ["lin"], data: { page: "x" } });
    const { documents, exitCode } = await collab.knock(["notify", "-f", "-", "--format", "jsonl", "--json"], {
      input: `${line}\n\n${line}\r\n`,
    });
    expect(exitCode).toBe(0);
    expect(new Set(documents.map(({ workflow_run_id }) => workflow_run_id)).size).toBe(2);
  });

  it("runs the sample's seven triggers, and one unknown recipient makes the result partial", async ({ collab }) => {
    const all = await collab.knock(["notify", "--file", "payloads/triggers.jsonl", "--json"]);
    expect(all.exitCode).toBe(0);
    expect(all.documents.map(({ workflow }) => workflow)).toEqual([
      ...["new-comment", "new-comment", "page-shared", "welcome", "invite", "product-news", "order-placed"],
    ]);
    const lines = `{"key":"invite","recipients":["lin"]}\n{"key":"invite","recipients":["nobody"]}\n`;
    const partial = await collab.knock(["notify", "-f", "-", "--format", "jsonl"], { input: lines });
    expect(partial.exitCode).toBe(9);
  });
});
