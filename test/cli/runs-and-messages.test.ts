import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import { formatOutcome, type Sample } from "../helpers/run-knock.js";

const COMMENT = ["notify", "new-comment", "-r", "ada,grace,lin", "--actor", "alan", "--set", "page=Home"];

interface Page {
  items: JsonObject[];
  page_info: { after: string | null; before: string | null; page_size: number };
}

async function list(sample: Sample, args: readonly string[]): Promise<Page> {
  const { json } = await sample.knock([...args, "--json"]);
  return json as unknown as Page;
}

const ids = (page: Page): unknown[] => page.items.map(({ id }) => id);

describe.concurrent("knock runs list", () => {
  it("shows and filters a paused run as waiting, the word of outcomes, and keeps the API's word in JSON", async ({
    collab,
  }) => {
    const { outcome } = await collab.knock([...COMMENT, "--json"]);
    const { stdout } = await collab.knock(["runs", "list", "--status", "waiting"]);
    expect(stdout.match(/ waiting /g)).toHaveLength(3);
    expect(stdout).not.toContain("paused");
    const waiting = await list(collab, ["runs", "list", "--status", "waiting"]);
    expect(waiting.items.map(({ status }) => status)).toEqual(["paused", "paused", "paused"]);
    expect(ids(await list(collab, ["runs", "list", "--status", "paused"]))).toEqual(ids(waiting));
    const shown = await collab.knock(["runs", "show", String(waiting.items[0]?.id)]);
    expect(shown.stdout).toMatch(/^ {2}status {5}waiting$/m);
    expect(outcome.recipients?.[0]?.status).toBe("paused");
  });
});

describe.concurrent.each(["runs", "messages"])("knock %s list", (what) => {
  it("pages forwards and backwards without a gap", async ({ collab }) => {
    await collab.knock(COMMENT);
    await collab.knock(["notify", "invite", "-r", "grace,lin"]);
    const all = await list(collab, [what, "list"]);
    expect(all.items).toHaveLength(5);
    expect(all.page_info).toEqual({ after: null, before: null, page_size: 50 });
    const first = await list(collab, [what, "--limit", "2"]);
    expect(first.page_info).toEqual({ after: expect.any(String), before: null, page_size: 2 });
    const second = await list(collab, [what, "--limit", "2", "--after", String(first.page_info.after)]);
    const third = await list(collab, [what, "--limit", "2", "--after", String(second.page_info.after)]);
    expect(third.page_info.after).toBeNull();
    expect([first, second, third].flatMap(ids)).toEqual(ids(all));
    const back = await list(collab, [what, "--limit", "2", "--before", String(second.page_info.before)]);
    expect(ids(back)).toEqual(ids(first));
    const human = await collab.knock([what, "--limit", "2"]);
    expect(human.stderr).toBe(`more: --after ${first.page_info.after}`);
    expect(human.stdout.split("\n")).toHaveLength(3);
  });

  it("filters entries", async ({ collab }) => {
    const { outcome } = await collab.knock([...COMMENT, "--tenant", "globex", "--json"]);
    await collab.knock(["notify", "page-shared", "--object", "projects/p1", "--set", "page=x"]);
    const count = async (...args: string[]): Promise<number> =>
      (await list(collab, [what, "list", ...args])).items.length;
    expect(await count("--workflow", "new-comment")).toBe(3);
    expect(await count("--workflow-run", outcome.workflow_run_id)).toBe(3);
    expect(await count("--tenant", "globex")).toBe(3);
    expect(await count("--recipient", "ada")).toBe(1);
    expect(await count("--recipient", "projects/p1")).toBeGreaterThan(0);
    expect((await collab.knock([what, "list", "--recipient", "nobody"])).exitCode).toBe(5);
    expect(await count("--recipient", "ada", "--workflow", "page-shared")).toBe(0);
  });

  it.for<[args: string[], error: RegExp]>([
    [["--limit", "0"], /^error: --limit: "0" must be a whole number from 1 to 50/],
    [["--limit", "51"], /^error: --limit/],
    [["--limit", "two"], /^error: --limit/],
    [["--after", "garbage"], /^error: --after: "garbage" is not a cursor of this list\nhint: Pass page_info/],
    [["--after", "a", "--before", "b"], /^error: --after and --before contradict each other\nhint: Give one of them\./],
    [["--status", "puased"], /^error: --status: there is no "puased"/],
    [["--recipient", "a/b/c"], /^error: --recipient: "a\/b\/c" is not an id or collection\/id/],
    [["--recipient", ""], /^error: --recipient: "" must not be empty/],
  ])("exits 2 for %j", async ([args, error], { collab }) => {
    const { stderr, exitCode } = await collab.knock([what, "list", ...args]);
    expect(stderr).toMatch(error);
    expect(stderr).toMatch(/\nhint: /);
    expect(exitCode).toBe(2);
  });

  it("exits 5 for show with an unknown id", async ({ collab }) => {
    const { error, exitCode } = await collab.knock([what, "show", "nothing", "--json"]);
    expect(error).toMatchObject({ code: "resource_missing", hint: `Run \`knock ${what} list\` to see the IDs.` });
    expect(exitCode).toBe(5);
  });
});

describe.concurrent("knock runs", () => {
  it("list filters by status, and its items are the API's recipient runs", async ({ collab }) => {
    await collab.knock(COMMENT);
    const { items } = await list(collab, ["runs", "list", "--status", "paused"]);
    expect(items).toHaveLength(3);
    expect(items[0]).toMatchObject({
      __typename: "WorkflowRecipientRun",
      workflow: "new-comment",
      status: "paused",
      inserted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    expect((await collab.knock(["runs", "list", "--status", "completed"])).stdout).toBe("no runs");
  });

  it("show accepts the trigger's id, and prints the same as notify", async ({ collab }) => {
    const { outcome } = await collab.knock([...COMMENT, "--cancellation-key", "c1", "--json"]);
    const shown = await collab.knock(["runs", "show", outcome.workflow_run_id, "--json"]);
    expect(shown.outcome).toEqual(outcome);
    const human = await collab.knock(["runs", "show", outcome.workflow_run_id]);
    expect(human.stdout).toMatch(/^‖ new-comment {2}.+ {2}local\n {2}ada {4}‖ in-app delivered · waiting at delay_1/);
  });

  it("show accepts a recipient run's id, and prints its steps and events", async ({ collab }) => {
    const { outcome } = await collab.knock([...COMMENT, "--json"]);
    const ada = outcome.recipients?.[0];
    const { json } = await collab.knock(["runs", "show", String(ada?.recipient_run_id), "--json"]);
    expect(json).toMatchObject({
      id: ada?.recipient_run_id,
      recipient: "ada",
      workflow: "new-comment",
      steps: ada?.steps,
    });
    expect((json.events as JsonObject[]).length).toBeGreaterThan(2);
    const { stdout } = await collab.knock(["runs", "show", String(ada?.recipient_run_id)]);
    expect(stdout).toMatch(/\n {2}in_app_feed_1: delivered {2}\S+\n {2}delay_1: waiting until .*\nevents\n/);
  });

  it("show explains the decision of each step with the compared values, as text and as JSON", async ({ ops }) => {
    const run = async (...args: string[]) => {
      const { outcome } = await ops.knock([
        "notify",
        "--file",
        "payloads/incident.json",
        "-r",
        "olu",
        ...args,
        "--json",
      ]);
      const id = String(outcome.recipients?.find(({ recipient }) => recipient === "olu")?.recipient_run_id);
      const { stdout } = await ops.knock(["runs", "show", id]);
      const { json } = await ops.knock(["runs", "show", id, "--json"]);
      return { stdout, steps: Object.fromEntries((json.steps as JsonObject[]).map((step) => [step.ref, step])) };
    };
    const reached = await run();
    expect(reached.stdout).toContain(
      [
        "  branch_1: passed → Critical",
        '    true: data.severity equal_to "critical" (was "critical")',
        '    – data.severity equal_to "high" (not evaluated)',
        '    – data.customers_affected greater_than_or_equal_to "1000" (not evaluated)',
        "  sms_1: sandboxed  ",
      ].join("\n"),
    );
    expect(reached.stdout).toContain(
      '\n    false: refs.sms_1.delivery_status equal_to $message.skipped (was "queued")\n',
    );
    expect(reached.steps).toMatchObject({ push_2: { conditions: [{ value: "queued", result: false }] } });

    const muted = await run("--set", "service=search");
    const compared = 'recipient.muted_services not_contains "search" (was ["search"])';
    expect(muted.stdout).toContain(
      [
        `  in_app_feed_1: skipped (preference: workflows.incident conditions not met in the environment's defaults: ${compared})`,
        "    ✗ the environment's defaults: workflows.incident.conditions",
        `      false: ${compared}`,
        "  branch_1: passed → Critical",
      ].join("\n"),
    );
    expect(muted.steps.in_app_feed_1?.preference).toEqual({
      set: "environment_default",
      id: null,
      path: "workflows.incident.conditions",
      conditions: [
        {
          variable: "recipient.muted_services",
          operator: "not_contains",
          argument: "search",
          value: ["search"],
          result: false,
        },
      ],
    });
  });
});

describe.concurrent("knock messages", () => {
  it("show prints the rendered content, as text and as the API's document", async ({ collab }) => {
    await collab.knock([...COMMENT, "--skip-delay"]);
    const { items } = await list(collab, ["messages", "list", "--recipient", "grace", "--channel", "sendgrid"]);
    expect(items).toHaveLength(1);
    const id = String(items[0]?.id);
    const human = await collab.knock(["messages", "show", id]);
    expect(human.stdout).toContain("subject: Alan Turing commented on Home");
    expect(human.stdout).toContain("to: grace@example.com");
    const { json } = await collab.knock(["messages", "show", id, "--json"]);
    expect(json).toMatchObject({ id, status: "not_sent", channel: { key: "sendgrid" } });
    expect(json.content).toMatchObject({ data: { __typename: "MessageEmailContent", to: "grace@example.com" } });
  });

  it("list filters by --status and --channel, by key and by id", async ({ collab }) => {
    await collab.knock([...COMMENT, "--skip-delay"]);
    const feed = await list(collab, ["messages", "list", "--channel", "in-app-feed"]);
    expect(feed.items).toHaveLength(3);
    const id = String((feed.items[0] as { channel: JsonObject }).channel.id);
    expect(ids(await list(collab, ["messages", "list", "--channel", id]))).toEqual(ids(feed));
    expect(ids(await list(collab, ["messages", "list", "--status", "delivered"]))).toEqual(ids(feed));
  });

  it("mark as seen prevents the email to that user", async ({ collab }) => {
    const started = await collab.knock([...COMMENT, "--json"]);
    const grace = started.outcome.recipients?.[1]?.steps[0]?.message_id ?? "";
    const marked = await collab.knock(["messages", "mark", grace, "seen"]);
    expect(marked.stdout).toBe(`✓ ${grace}  in-app-feed  delivered, seen`);
    // --status accepts the labels in the status column, those of deliveries and of engagement.
    expect(ids(await list(collab, ["messages", "list", "--status", "seen"]))).toEqual([grace]);
    expect(ids(await list(collab, ["messages", "list", "--status", "unseen"]))).toHaveLength(2);
    await collab.knock(["clock", "advance", "30m"]);
    const ended = await collab.knock(["runs", "show", started.outcome.workflow_run_id, "--json"]);
    expect(formatOutcome(ended.outcome)).toEqual([
      "ada completed: in_app_feed_1 sent, delay_1 passed, email_1 skipped (preference)",
      "grace completed: in_app_feed_1 sent, delay_1 passed, email_1 skipped (condition)",
      "lin completed: in_app_feed_1 sent, delay_1 passed, email_1 sent",
    ]);
  });

  it("mark several messages and reverse it, and print JSON", async ({ collab }) => {
    await collab.knock(COMMENT);
    const all = ids(await list(collab, ["messages", "list"])).map(String);
    const read = await collab.knock(["messages", "mark", ...all, "read", "--json"]);
    const statuses = (read.json.items as JsonObject[]).map(({ engagement_statuses }) => engagement_statuses);
    expect(statuses).toEqual([0, 1, 2].map(() => expect.arrayContaining(["read"])));
    const unread = await collab.knock(["messages", "mark", String(all[0]), "unread", "--json"]);
    expect((unread.json.items as JsonObject[])[0]?.engagement_statuses).not.toContain("read");
  });

  it("E-226 mark interacted accepts metadata, and exits 2 without an effect if it is invalid", async ({ collab }) => {
    await collab.knock(COMMENT);
    const id = String((await list(collab, ["messages", "list"])).items[0]?.id);
    const before = collab.storeDigest();
    const bad: [status: string, metadata: string, error: RegExp][] = [
      ["interacted", '{"a":{"b":1}}', /metadata\.a must be text, a number, true, false or null/],
      ["seen", '{"a":1}', /is only allowed with the status interacted, not with seen/],
      ["interacted", "{a:1}", /--metadata/],
    ];
    for (const [status, metadata, error] of bad) {
      const refused = await collab.knock(["messages", "mark", id, status, "--metadata", metadata]);
      expect(refused.stderr).toMatch(error);
      expect(refused.stderr).toMatch(/\nhint: /);
      expect(refused.exitCode).toBe(2);
    }
    expect(collab.storeDigest()).toBe(before);
    const marked = await collab.knock(["messages", "mark", id, "interacted", "--metadata", '{"button":"approve"}']);
    expect(marked.stdout).toBe(`✓ ${id}  in-app-feed  delivered, read, interacted`);
  });

  it("mark changes nothing if one of the messages does not exist", async ({ collab }) => {
    await collab.knock(COMMENT);
    const { items } = await list(collab, ["messages", "list"]);
    const before = collab.storeDigest();
    const { stderr, exitCode } = await collab.knock(["messages", "mark", String(items[0]?.id), "nothing", "seen"]);
    expect(exitCode).toBe(5);
    expect(stderr).toContain("Nothing was changed");
    expect(collab.storeDigest()).toBe(before);
  });
});

describe.concurrent("truncated ids", () => {
  const begun = (id: unknown, length: number): string => String(id).slice(0, length);

  it("find a run and a message by a unique prefix, and list the matches of an ambiguous one", async ({ collab }) => {
    const { outcome } = await collab.knock([...COMMENT, "--json"]);
    const run = String(outcome.recipients?.[0]?.recipient_run_id);
    expect((await collab.knock(["runs", "show", begun(run, 8), "--json"])).json.id).toBe(run);
    expect((await collab.knock(["runs", "show", `${begun(run, 12)}…`, "--json"])).json.id).toBe(run);
    const trigger = outcome.workflow_run_id;
    const shown = await collab.knock(["runs", "show", begun(trigger, 20), "--json"]);
    expect(shown.outcome.workflow_run_id).toBe(trigger);
    expect((await list(collab, ["runs", "--workflow-run", begun(trigger, 20)])).items).toHaveLength(3);

    const messages = ids(await list(collab, ["messages"])).sort();
    const [first] = messages;
    expect((await collab.knock(["messages", "show", begun(first, 20), "--json"])).json.id).toBe(first);
    const marked = await collab.knock(["messages", "mark", begun(first, 20), "seen", "--json"]);
    expect(marked.json.items).toMatchObject([{ id: first }]);
    expect((await list(collab, ["messages", "--workflow-run", begun(trigger, 20)])).items).toHaveLength(3);

    const another = async () => (await collab.knock([...COMMENT, "--json"])).outcome.workflow_run_id;
    // IDs start with the time: two consecutive runs share a prefix unless the prefix changed between them.
    let [earlier, later] = [trigger, await another()];
    while (begun(earlier, 8) !== begun(later, 8)) [earlier, later] = [later, await another()];
    const several = await collab.knock(["runs", "show", begun(later, 8)]);
    expect(several.exitCode).toBe(2);
    expect(several.stderr).toBe(
      `error: several runs have IDs that start with "${begun(later, 8)}"\nhint: Use a longer prefix or one of these: ${earlier}, ${later}.`,
    );
  });

  it("are as long in a narrow table as needed to be unique", async ({ collab }) => {
    await collab.knock(["notify", "page-shared", "--object", "projects/p1", "--set", "page=Plan"]);
    for (const columns of [52, 60, 70, 78, 79, 80, 81])
      expect((await collab.onTerminal(["messages", "list"], { columns })).stdout).toMatch(/^\w{8,}…? +in-app/m);
  });

  it("distinguish a run from a message", async ({ collab }) => {
    await collab.knock(["notify", "invite", "-r", "lin"]);
    const [run] = ids(await list(collab, ["runs"]));
    const [message] = ids(await list(collab, ["messages"]));
    expect((await collab.knock(["messages", "show", String(run)])).stderr).toBe(
      `error: there is no message "${run}"\nhint: It is a run: knock runs show ${run}`,
    );
    expect((await collab.knock(["runs", "show", String(message)])).stderr).toBe(
      `error: there is no run "${message}"\nhint: It is a message: knock messages show ${message}`,
    );
    expect((await collab.knock(["messages", "mark", "read", String(message)])).stderr).toBe(
      `error: the status "read" must come after the message IDs\nhint: Run \`knock messages mark ${message} read\`.`,
    );
  });

  it("are rejected with fewer than eight characters or without a match", async ({ collab }) => {
    const { outcome } = await collab.knock([...COMMENT, "--json"]);
    const run = outcome.recipients?.[0]?.recipient_run_id;
    const tooShort = await collab.knock(["runs", "show", `${begun(run, 7)}…`]);
    expect([tooShort.exitCode, tooShort.stderr]).toEqual([
      5,
      `error: there is no run "${begun(run, 7)}…"\nhint: Use at least 8 characters of the ID. Run \`knock runs list\` to see the IDs.`,
    ]);
    for (const id of ["00000000", "%%%%%%%%"]) {
      const { stderr, exitCode } = await collab.knock(["runs", "show", id]);
      expect([exitCode, stderr]).toEqual([
        5,
        `error: there is no run "${id}"\nhint: Run \`knock runs list\` to see the IDs.`,
      ]);
    }
  });
});
