import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

type Step = Workflow["steps"][number];

/** The parts of a workflow's file that the tests change. */
interface Workflow {
  steps: { ref: string; template: Record<string, unknown>; conditions?: unknown; settings: Record<string, unknown> }[];
}

const COMMENT = ["notify", "new-comment", "--actor", "lin", "--set", "page=Home"];

const TRIGGERS = [
  { at: "2026-03-03T09:00:00+01:00", key: "invite", recipients: ["grace"], actor: "alan", data: { project: "Apollo" } },
  { at: "2026-03-02T10:00:00Z", key: "new-comment", recipients: ["alan"], actor: "lin", data: { page: "Home" } },
];

/** Sends two comments: Grace sees hers, Ada receives no emails, and Alan gets an email half an hour later. */
async function sendComments(collab: Sample): Promise<void> {
  await collab.knock(["clock", "freeze", "2026-03-02T10:00:00Z"]);
  await collab.knock([...COMMENT, "--recipients", "grace"]);
  const { stdout: id } = await collab.knock(["messages", "list", "--quiet"]);
  await collab.knock(["clock", "advance", "10m"]);
  await collab.knock([...COMMENT, "--recipients", "ada,alan"]);
  await collab.knock(["messages", "mark", id, "seen"]);
  await collab.knock(["clock", "advance", "2d"]);
}

function changeWorkflow(sample: Sample, key: string, change: (workflow: Workflow) => void): void {
  const file = `knock/workflows/${key}/workflow.json`;
  const workflow = JSON.parse(sample.read(file));
  change(workflow);
  sample.write(file, workflow);
}

/** Returns a workflow with one in-app message. */
const buildWorkflow = (markdown_body: string) => ({
  name: "Fresh",
  steps: [
    {
      ref: "feed_1",
      type: "channel",
      channel_type: "in_app_feed",
      channel_key: "in-app-feed",
      template: { markdown_body },
    },
  ],
});

const MAIN_FILE = "knock/workflows/fresh/workflow.json";
const BRANCH_FILE = "knock/branches/feat-1/workflows/fresh/workflow.json";

async function readSummary(sample: Sample): Promise<unknown> {
  return (await sample.knock(["replay", "--json"])).json.summary;
}

describe.concurrent("knock replay", () => {
  it("runs each trigger on the branch that it was sent to", async ({ collab }) => {
    collab.write(MAIN_FILE, buildWorkflow("From the main files"));
    collab.write(BRANCH_FILE, buildWorkflow("From the branch"));
    await collab.knock(["clock", "freeze", "2026-03-02T10:00:00Z"]);
    await collab.knock(["notify", "fresh", "-r", "grace"]);
    await collab.knock(["notify", "fresh", "-r", "grace", "--branch", "feat-1"]);
    expect(await readSummary(collab)).toMatchObject({ equal: 2, changed: 0, lost: 0, gained: 0 });

    collab.write(BRANCH_FILE, buildWorkflow("Changed on the branch"));
    const { json } = await collab.knock(["replay", "--json"]);
    expect(json).toMatchObject({
      summary: { equal: 1, changed: 1, lost: 0, gained: 0 },
      recipients: [{ changed: [{ before: { title: "From the branch" }, after: { title: "Changed on the branch" } }] }],
    });

    collab.write(BRANCH_FILE, buildWorkflow("From the branch"));
    collab.write(MAIN_FILE, buildWorkflow("Changed in the main files"));
    expect(await readSummary(collab)).toMatchObject({ equal: 1, changed: 1 });
  });

  it("repeats cancellations of one key at their times, each for its recipients", async ({ collab }) => {
    const invite = async (recipients: string) => {
      const words = ["invite", "-r", recipients, "--actor", "lin", "--set", "project=Apollo"];
      await collab.knock(["notify", ...words, "--cancellation-key", "k"]);
    };
    const cancel = async (...args: string[]) => {
      const { json } = await collab.knock(["cancel", "invite", "k", ...args, "--json"]);
      return (json.summary as { cancelled: number }).cancelled;
    };
    await collab.knock(["clock", "freeze", "2026-03-02T10:00:00Z"]);
    await invite("grace,alan,karl");
    await collab.knock(["clock", "advance", "1h"]);
    expect(await cancel("--recipients", "alan")).toBe(1);
    await collab.knock(["clock", "advance", "1h"]);
    expect(await cancel("--recipients", "grace")).toBe(1);
    await invite("grace");
    await collab.knock(["clock", "advance", "1h"]);
    expect(await cancel("--recipients", "grace")).toBe(1);
    expect(await cancel("--recipients", "grace")).toBe(0);
    await invite("grace");
    await collab.knock(["clock", "advance", "3d"]);
    const { json } = await collab.knock(["messages", "list", "--workflow", "invite", "--json"]);
    const sent = (json.items as unknown[]).length;
    expect(await readSummary(collab)).toMatchObject({ triggers: 3, gained: 0, lost: 0, changed: 0, equal: sent });
  });

  it("finds no difference while the files are unchanged, and never writes to the store", async ({ collab }) => {
    await sendComments(collab);
    const digest = collab.storeDigest();
    const { exitCode, stdout, stderr } = await collab.knock(["replay"]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /✓ 2 triggers replayed: 0 recipients with differences \(messages: 0 gained, 0 lost, 0 changed, 4 equal\)$/,
    );
    expect(collab.storeDigest()).toBe(digest);
  });

  it("lists who gains, loses and gets different messages, and exits 1", async ({ collab }) => {
    await sendComments(collab);
    const digest = collab.storeDigest();
    changeWorkflow(collab, "new-comment", (workflow) => {
      const [feed, , email] = workflow.steps as [Step, Step, Step];
      delete feed.template["markdown_body@"];
      feed.template.markdown_body = "{{ actor.name }} wrote on {{ page }}";
      delete email.conditions;
    });
    const { exitCode, stdout, json } = await collab.knock(["replay", "--json"]);
    expect(exitCode, stdout).toBe(1);
    expect(json.summary).toMatchObject({ triggers: 2, gained: 1, lost: 0, changed: 3, equal: 1, recipients: 3 });
    const fields = [{ field: "blocks[0].rendered" }];
    expect(json.recipients).toMatchObject([
      { recipient: "ada", gained: [], changed: [{ before: { step: "in_app_feed_1" }, fields }] },
      { recipient: "alan", gained: [], changed: [{ fields }] },
      { recipient: "grace", gained: [{ step: "email_1", at: "2026-03-02T10:30:00.000Z" }], changed: [{ fields }] },
    ]);
    const text = await collab.knock(["replay"]);
    expect(text.stdout).toContain("+ <p>Lin Huiyin wrote on Home</p>");
    expect(collab.storeDigest()).toBe(digest);

    const markup = `<script>alert("1")</script>`;
    changeWorkflow(collab, "new-comment", (workflow) =>
      Object.assign(workflow.steps[0] as Step, { template: { markdown_body: "Hi", action_url: markup } }),
    );
    await collab.knock(["replay", "--html", "out/replay.html", "--quiet"]);
    const page = collab.read("out/replay.html");
    // It contains messages, also if the file exists with another mode.
    const getMode = () => statSync(collab.path("out/replay.html")).mode & 0o777;
    if (process.platform !== "win32") {
      expect(getMode()).toBe(0o600);
      chmodSync(collab.path("out/replay.html"), 0o644);
      await collab.knock(["replay", "--html", "out/replay.html", "--quiet"]);
      expect(getMode()).toBe(0o600);
    }
    expect(page).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;");
    expect(page).not.toMatch(/<(script|img|link|a)\b/);
    const unwritable = await collab.knock(["replay", "--html", "knock.json/replay.html"]);
    expect(unwritable.exitCode).toBe(3);
    expect(unwritable.stdout).toContain("✗ 2 triggers replayed");
    expect(unwritable.stderr).toContain("the report knock.json/replay.html was not written");
  });

  it("lists messages that a send window now holds", async ({ collab }) => {
    await sendComments(collab);
    const days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    changeWorkflow(collab, "new-comment", ({ steps }) => {
      const send_windows = days.map((day) => ({ day, type: "send", from: "20:00", until: "21:00" }));
      Object.assign(steps[2] as Step, { send_windows });
    });
    const { json, exitCode } = await collab.knock(["replay", "--json"]);
    expect(exitCode).toBe(1);
    expect(JSON.stringify(json)).toContain('"field":"at"');
    expect(await readSummary(collab)).toMatchObject({ changed: 1, gained: 0, lost: 0 });
  });

  it("names workflows that change recipients, because their earlier data is unknown", async ({ shop }) => {
    await shop.knock(["notify", "win-back", "--recipients", "ines"]);
    const { stderr, json } = await shop.knock(["replay", "--json"]);
    expect(json.notes).toEqual([expect.stringMatching(/^win-back changes recipients/)]);
    expect(stderr).toBe("");
  });

  it("compares two revisions without changing the work tree", async ({ collab }) => {
    const git = (...args: string[]) =>
      execFileSync("git", ["-C", collab.dir, "-c", "user.name=a", "-c", "user.email=a@b", ...args], { stdio: "pipe" });
    collab.write("triggers.jsonl", TRIGGERS.map((trigger) => JSON.stringify(trigger)).join("\n"));
    git("init", "-q");
    git("add", "-A");
    git("commit", "-qm", "First");
    const equal = await collab.knock(["replay", "--file", "triggers.jsonl"]);
    expect([equal.exitCode, equal.stderr]).toEqual([0, ""]);
    expect(equal.stdout).toMatch(
      /before: HEAD \(\w{8}\), after: the current files\n\n✓ 2 triggers replayed: .* 5 equal\)$/,
    );

    changeWorkflow(collab, "new-comment", (workflow) => {
      workflow.steps[1]!.settings = { delay_for: { unit: "minutes", value: 45 } };
    });
    git("mv", "knock/workflows/invite", "knock/workflows/invitation");
    const status = git("status", "--porcelain").toString();
    const { exitCode, json } = await collab.knock(["replay", "--file", "triggers.jsonl", "--json"]);
    expect(exitCode).toBe(1);
    expect(json).toMatchObject({
      rejected: [{ side: "after", trigger: "triggers.jsonl:1", workflow: "invite", code: "workflow_missing" }],
      recipients: [
        { recipient: "alan", changed: [{ fields: [{ field: "at", before: "2026-03-02T10:30:00.000Z" }] }] },
        { recipient: "grace", lost: [{ step: "email_1" }, { step: "email_2", at: "2026-03-04T08:00:00.000Z" }, {}] },
      ],
      summary: { rejected: 1, lost: 3, changed: 1, equal: 1 },
    });
    const tolerant = ["replay", "new-comment", "--file", "-", "--against", "HEAD", "--time-tolerance", "15m"];
    expect((await collab.knock(tolerant, { input: collab.read("triggers.jsonl") })).exitCode).toBe(0);
    expect(git("status", "--porcelain").toString()).toBe(status);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith("knock-replay-"))).toEqual([]);

    const unknown = await collab.knock(["replay", "--against", "nope"]);
    expect([unknown.exitCode, unknown.stderr]).toEqual([
      2,
      expect.stringContaining('"nope" is neither a folder with knock.json nor a git revision'),
    ]);
  });

  it("compares with a folder, and needs one outside of a repository", async ({ collab }) => {
    await sendComments(collab);
    cpSync(collab.path("knock"), collab.path("old/knock"), { recursive: true });
    cpSync(collab.path("knock.json"), collab.path("old/knock.json"));
    changeWorkflow(collab, "new-comment", (workflow) => void workflow.steps.splice(1));
    const { exitCode, json } = await collab.knock(["replay", "--against", "old", "--json"]);
    expect(exitCode).toBe(1);
    expect(json).toMatchObject({ before: "old", summary: { lost: 1, gained: 0, changed: 0, equal: 3 } });
    collab.write("t.jsonl", JSON.stringify(TRIGGERS[0]));
    const { stderr } = await collab.knock(["replay", "--file", "t.jsonl"], {
      env: { GIT_CEILING_DIRECTORIES: tmpdir() },
    });
    expect(stderr).toContain("--against: the project is not in a git repository");
  });

  it.for([
    [
      '{"at":"2026-03-02T10:00:00","key":"invite","recipients":["ada"]}',
      't.jsonl:2: "at" has no offset: "2026-03-02T10:00:00"',
    ],
    ['{"key":"invite","recipients":["ada"]}', 't.jsonl:2: "at" is required'],
    ['{"at":"soon","key":"invite","recipients":["ada"]}', '"at" is not a time: "soon"'],
    ['{"at":"2026-03-02T10:00:00Z","recipients":["ada"]}', "t.jsonl:2: key is required"],
    ['{"at":"2026-03-02T10:00:00Z","key":"invite"', "t.jsonl:2:"],
    ['{"at":"2026-03-02T10:00:00Z","key":"invite","recipient":["ada"]}', "t.jsonl:2: "],
  ])("rejects the line %s with its number", async ([line, message], { collab }) => {
    collab.write("t.jsonl", `${JSON.stringify(TRIGGERS[0])}\n${line}\n`);
    const { exitCode, stderr } = await collab.knock(["replay", "--file", "t.jsonl"]);
    expect(stderr).toContain(message);
    expect(exitCode).not.toBe(0);
  });

  it("warns without triggers, and rejects unknown workflows and a reversed range", async ({ collab }) => {
    const empty = await collab.knock(["replay", "--since", "2026-01-01"]);
    expect([empty.exitCode, empty.stderr]).toEqual([
      0,
      expect.stringMatching(/there is no store.*\n.*no triggers in this range/),
    ]);
    const unknown = await collab.knock(["replay", "new-coment"]);
    expect([unknown.exitCode, unknown.stderr]).toEqual([5, expect.stringContaining('Did you mean "new-comment"?')]);
    const reversed = await collab.knock(["replay", "--since", "2026-01-02", "--until", "2026-01-01"]);
    expect([reversed.exitCode, reversed.stderr]).toEqual([2, expect.stringContaining("--until is before --since")]);
  });
});
