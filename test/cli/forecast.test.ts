import { rmSync } from "node:fs";
import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

interface Line {
  at: string;
  key: string;
  recipients: unknown[];
  data?: object;
}

const write = (sample: Sample, lines: readonly unknown[]): string =>
  sample.write("triggers.jsonl", lines.map((line) => `${JSON.stringify(line)}\n`).join(""));

const comment = (at: string, recipients: unknown[] = ["ada"]): Line => ({
  at,
  key: "new-comment",
  recipients,
  data: { page: "Home" },
});

describe.concurrent("knock forecast", () => {
  it("counts messages per recipient, day and channel, and the sizes of batches, at the times of the triggers", async ({
    collab,
  }) => {
    const times = ["2026-03-02T09:00:00Z", "2026-03-02T09:01:00Z", "2026-03-02T09:02:00Z", "2026-03-10T09:00:00Z"];
    // The lines are not in order.
    write(
      collab,
      times.toReversed().map((at) => comment(at)),
    );
    const { json, exitCode, stderr } = await collab.knock(["forecast", "triggers.jsonl", "--json"]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(json.summary).toMatchObject({ triggers: 4, rejected: 0, recipients: 1 });
    expect([json.from, json.until]).toEqual(["2026-03-02T09:00:00.000Z", "2026-04-01T09:00:00.000Z"]);
    const { recipients, channels, days, batches } = json as unknown as {
      recipients: { recipient: string; messages: number; days: { day: string; channels: object }[] }[];
      channels: { channel: string; messages: number }[];
      days: { day: string; messages: number }[];
      batches: { min: number; max: number }[];
    };
    expect(recipients.map(({ recipient }) => recipient)).toEqual(["ada"]);
    expect(recipients[0]?.days.map(({ day }) => day)).toEqual(days.map(({ day }) => day));
    const total = channels.reduce((sum, { messages }) => sum + messages, 0);
    expect([total, days.reduce((sum, { messages }) => sum + messages, 0)]).toEqual([
      recipients[0]?.messages,
      recipients[0]?.messages,
    ]);
    expect(total).toBeGreaterThan(0);
    expect(batches).toEqual([]);
  });

  it("reports the sizes of batches", async ({ collab }) => {
    collab.write("knock/workflows/digest/workflow.json", {
      name: "Digest",
      steps: [
        { ref: "batch_1", type: "batch", settings: { batch_window: { unit: "hours", value: 1 } } },
        {
          ref: "email_1",
          type: "channel",
          channel_type: "email",
          channel_key: "sendgrid",
          template: { subject: "News", html_body: "<p>{{ total_activities }}</p>" },
        },
      ],
    });
    const digest = (at: string): Line => ({ at, key: "digest", recipients: ["ada"] });
    const times = ["2026-03-02T09:00:00Z", "2026-03-02T09:30:00Z", "2026-03-02T09:59:00Z", "2026-03-02T11:00:00Z"];
    write(collab, times.map(digest));
    const { json } = await collab.knock(["forecast", "triggers.jsonl", "--json"]);
    expect(json.batches).toEqual([{ workflow: "digest", step: "email_1", messages: 2, min: 1, median: 1, max: 3 }]);
  });

  it("exits 1 if a recipient gets more messages on a day than the budget", async ({ collab }) => {
    const times = ["2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z", "2026-03-04T10:00:00Z"];
    write(
      collab,
      times.map((at) => ({ at, key: "storage-low", recipients: ["ada"], data: { percent: 95 } })),
    );
    const run = (max: number) => collab.knock(["forecast", "triggers.jsonl", "--max-per-day", `${max}`, "--json"]);
    const exceeded = await run(0);
    expect([exceeded.exitCode, exceeded.json.over_budget]).toEqual([
      1,
      [
        { recipient: "ada", day: "2026-03-02", messages: 2 },
        { recipient: "ada", day: "2026-03-04", messages: 1 },
      ],
    ]);
    expect([(await run(2)).exitCode, (await run(1)).exitCode]).toEqual([0, 1]);
  });

  it("lists messages in quiet hours of the recipient's time zone, without in-app messages", async ({ collab }) => {
    const user = (id: string, timezone: string): object => ({ id, email: `${id}@example.com`, timezone });
    // 20:30 UTC is 21:30 in Paris and 05:30 in Tokyo.
    const recipients = [user("paris", "Europe/Paris"), user("tokyo", "Asia/Tokyo")];
    write(collab, [{ at: "2026-01-02T20:30:00Z", key: "storage-low", recipients, data: { percent: 95 } }]);
    const run = async (hours: string): Promise<string[]> => {
      const { json } = await collab.knock(["forecast", "triggers.jsonl", "--quiet-hours", hours, "--json"]);
      const messages = json.quiet_messages as { recipient: string; channel: string; local_time: string }[];
      expect(messages.every(({ channel }) => channel !== "in-app-feed")).toBe(true);
      return [...new Set(messages.map(({ recipient, local_time }) => `${recipient} ${local_time}`))];
    };
    expect(await run("22:00-08:00")).toEqual(["tokyo 2026-01-03 05:30"]);
    expect(await run("21:00-21:31")).toEqual(["paris 2026-01-02 21:30"]);
    expect(await run("05:31-21:30")).toEqual([]);
  });

  it("writes a plot whose text is escaped", async ({ collab }) => {
    const lines = [comment("2026-03-02T09:00:00Z")];
    collab.write("a<b>&.jsonl", `${JSON.stringify(lines[0])}\n`);
    const { exitCode } = await collab.knock(["forecast", "a<b>&.jsonl", "--svg", "plot.svg"]);
    const svg = collab.read("plot.svg");
    expect([exitCode, svg.startsWith("<svg ")]).toEqual([0, true]);
    expect(svg).toContain("a&lt;b&gt;&amp;.jsonl");
    expect(svg).not.toContain("a<b>");
    expect(svg).toMatch(/<rect [^>]*><title>2026-03-02 /);
    expect((await collab.knock(["forecast", "a<b>&.jsonl", "--svg", "."])).exitCode).toBeGreaterThan(0);
  });

  it("rejects an unknown workflow, a missing time and invalid limits, with the line", async ({ collab }) => {
    write(collab, [comment("2026-03-02T09:00:00Z"), { ...comment("2026-03-02T09:00:00Z"), key: "new-coment" }]);
    const unknown = await collab.knock(["forecast", "triggers.jsonl"]);
    expect([unknown.exitCode, unknown.stderr]).toEqual([5, expect.stringMatching(/triggers\.jsonl:2: .*new-coment/)]);
    write(collab, [{ key: "new-comment", recipients: ["ada"] }]);
    const timeless = await collab.knock(["forecast", "triggers.jsonl"]);
    expect([timeless.exitCode, timeless.stderr]).toEqual([2, expect.stringContaining("triggers.jsonl:1")]);
    collab.write("knock/workflows/welcome/workflow.json", "{");
    write(collab, [{ ...comment("2026-03-02T09:00:00Z"), key: "welcome" }]);
    expect((await collab.knock(["forecast", "triggers.jsonl"])).exitCode).toBe(3);
    write(collab, []);
    for (const args of [[], ["--quiet-hours", "22-8"], ["--quiet-hours", "22:00-22:00"], ["--max-per-day", "many"]])
      expect((await collab.knock(["forecast", "triggers.jsonl", ...args])).exitCode).toBe(2);
  });

  it("warns about recipients without an identity, and about steps that fail", async ({ collab }) => {
    collab.write("knock/workflows/sync/workflow.json", {
      name: "Sync",
      steps: [{ ref: "http_1", type: "http_fetch", settings: { method: "get", url: "https://lark.test/" } }],
    });
    const at = "2026-03-02T09:00:00Z";
    write(collab, [comment(at, ["grce", "ada"]), { at, key: "sync", recipients: ["ada", "grace"] }]);
    const { exitCode, stderr } = await collab.knock(["forecast", "triggers.jsonl"]);
    expect(stderr.split("\n")).toEqual([
      'warning: recipient "grce" was never identified and would receive nothing; did you mean "grace"?',
      expect.stringMatching(/^hint: Add them to a file in recipients\//),
      expect.stringMatching(
        /^warning: 2 steps failed, so their messages are missing: workflow "sync", step http_1: .*no response is declared/,
      ),
    ]);
    expect(exitCode).toBe(0);
  });

  it("prints what messages cost, in total and by price, and what has no price", async ({ collab }) => {
    const lines = ["2026-03-02T09:00:00Z", "2026-03-10T09:00:00Z"].map((at) => ({
      at,
      key: "storage-low",
      recipients: ["ada", "grace"],
      data: { percent: 95 },
    }));
    write(collab, lines);
    const args = ["forecast", "triggers.jsonl"];
    const counts = await collab.knock(args);
    collab.write("knock/prices.json", {
      currency: "EUR",
      messages: [{ channel_type: "email", per: "message", tiers: [{ up_to: 1, price: 0 }, { price: 0.0011 }] }],
      plan: { per: "recipient", price: 0.01 },
    });
    const { json } = await collab.knock([...args, "--json"]);
    const emails = (json.channels as { type: string; messages: number }[]).find(({ type }) => type === "email");
    expect(emails?.messages).toBe(4);
    expect(json.cost).toEqual({
      currency: "EUR",
      total: "0.0233",
      prices: [{ channel_type: "email", provider: null, country: null, per: "message", units: 4, amount: "0.0033" }],
      plan: { per: "recipient", units: 2, amount: "0.02" },
      unpriced: [],
    });
    const { stdout } = await collab.knock(args);
    expect(stdout).toMatch(
      /COST +UNITS +AMOUNT\nemail +4 messages +EUR 0\.0033\nplan +2 recipients +EUR 0\.02\ntotal +EUR 0\.0233\n/,
    );
    // Other prices, and none at all.
    collab.write("other.json", { currency: "USD", messages: [] });
    const other = await collab.knock([...args, "--prices", "other.json"]);
    expect(other.stdout).toMatch(/NOT PRICED +MESSAGES\nemail messages \(\w+\) +4\n/);
    expect(other.stdout).toContain("· USD 0.00");
    collab.write("knock/prices.json", '{\n  "currency": "EUR",\n  "mesages": []\n}\n');
    const invalid = await collab.knock(args);
    expect([invalid.exitCode, invalid.stderr]).toEqual([3, expect.stringMatching(/prices\.json:3:\d+: .*"mesages"/)]);
    const validated = await collab.knock(["validate"]);
    expect([validated.exitCode, validated.stdout]).toEqual([1, expect.stringMatching(/prices\.json:3:\d+/)]);
    rmSync(collab.path("knock/prices.json"));
    expect((await collab.knock(args)).stdout).toBe(counts.stdout);
  });

  it("lists triggers that are not accepted, and exits 9", async ({ collab }) => {
    write(collab, [comment("2026-03-02T09:00:00Z"), { ...comment("2026-03-02T10:00:00Z"), data: { page: 5 } }]);
    const { json, exitCode } = await collab.knock(["forecast", "triggers.jsonl", "--json"]);
    expect([exitCode, json.rejected]).toEqual([
      9,
      [expect.objectContaining({ trigger: "triggers.jsonl:2", code: "invalid_params" })],
    ]);
  });

  it("ends for a workflow that starts itself again and again", async ({ collab }) => {
    collab.write("knock/workflows/again/workflow.json", {
      name: "Again",
      steps: [
        { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "hours", value: 12 } } },
        {
          ref: "trigger_1",
          type: "trigger_workflow",
          settings: { workflow_key: "again", recipients: "{{ recipient.id }}" },
        },
      ],
    });
    write(collab, [{ at: "2026-03-02T09:00:00Z", key: "again", recipients: ["ada"] }]);
    const { exitCode, json } = await collab.knock(["forecast", "triggers.jsonl", "--json"]);
    expect([exitCode, json.until]).toEqual([0, "2026-04-01T09:00:00.000Z"]);
    const shorter = await collab.knock(["forecast", "triggers.jsonl", "--duration", "2d", "--json"]);
    expect(shorter.json.until).toBe("2026-03-04T09:00:00.000Z");
  });

  it("ends with the last trigger if that is later, and reads up to 100,000 triggers", async ({ collab }) => {
    write(collab, [comment("2026-03-02T09:00:00Z"), comment("2026-05-09T12:00:00Z")]);
    const { json } = await collab.knock(["forecast", "triggers.jsonl", "--json"]);
    expect([json.until, json.summary]).toEqual(["2026-05-09T12:00:00.000Z", expect.objectContaining({ triggers: 2 })]);
    write(collab, Array(100_001).fill(comment("2026-03-02T09:00:00Z")));
    const { exitCode, stderr } = await collab.knock(["forecast", "triggers.jsonl"]);
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringContaining("triggers.jsonl:100001: more than 100,000 triggers"),
    ]);
  });
});
