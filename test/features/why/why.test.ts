import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { createInProcessSample } from "../../helpers/run-in-process.js";
import type { Sample, StartedCommand } from "../../helpers/run-knock.js";
import { startDev } from "../mcp/connect-client.js";

let sample: Sample;
beforeAll(() => {
  sample = createInProcessSample("collab");
});
afterAll(() => sample.remove());

const MEMORY = ["--store", ":memory:"];
const toLines = (text: string): string[] =>
  text.split("\n").map((line) => line.replace(/\d{4}-\d\d-\d\d[ T][\d:.]+Z/, "TIME"));

describe("knock why", () => {
  it("prints each step with the rule that decided it, its place and the change", async () => {
    const { stdout, exitCode } = await sample.knock(["why", "new-comment", "ada", "--set", "page=Home", ...MEMORY]);
    expect(exitCode).toBe(0);
    expect(toLines(stdout)).toEqual([
      "new-comment: ada would get a message (tried in memory, nothing was sent)",
      "  in_app_feed_1 in-app: would be sent at TIME",
      "  delay_1: passed",
      "  email_1 email: skipped",
      "    ✗ preferences: categories.collab.channel_types.email = false (preference)",
      "      at knock/recipients/people.json:15:26, the recipient's set default, read at TIME",
      "      to change it: Run `knock preferences set ada --merge --set categories.collab.channel_types.email:=true`, or change the file.",
    ]);
  });

  it("changes the answer as it says, and reads the preference from the store then", async () => {
    const store = ["--store", "changed.db"];
    const change = "preferences set ada --merge --set categories.collab.channel_types.email:=true".split(" ");
    await sample.knock([...change, ...store]);
    const { json } = await sample.knock(["why", "new-comment", "ada", "--json", ...store]);
    expect((json.steps as JsonObject[]).map(({ outcome }) => outcome)).toEqual(["sent", "passed", "sent"]);
    await sample.knock([..."preferences set ada --merge --set workflows.new-comment:=false".split(" "), ...store]);
    const { json: own, exitCode } = await sample.knock(["why", "new-comment", "ada", "--json", ...store]);
    expect({ exitCode, own }).toMatchObject({
      exitCode: 1,
      own: {
        sends: false,
        decision: {
          preference: { set: "recipient", id: "default", path: "workflows.new-comment", value: false },
          place: null,
          source: expect.stringMatching(
            /^the recipient's set default in the store, set by `knock preferences set` at \d{4}-.*Z$/,
          ),
        },
      },
    });
  });

  it("names the file that set a preference, not another one with the same value and a longer name", async () => {
    const store = ["--store", "files.db"];
    const muted = (id: string) => ({
      users: [{ id, email: "lee@example.com", preferences: { default: { channel_types: { email: false } } } }],
    });
    sample.write("knock/recipients/muted.json", JSON.stringify(muted("lee")));
    await sample.knock(["users", "list", ...store]);
    sample.write("knock/recipients/a-muted.json", JSON.stringify(muted("lee")));
    const { json } = await sample.knock(["why", "new-comment", "lee", "--json", ...store]);
    for (const file of ["a-muted.json", "muted.json"]) rmSync(sample.path(`knock/recipients/${file}`));
    const decisions = (json.steps as { decision: JsonObject | null }[]).map(({ decision }) => decision?.source);
    expect(decisions).toContainEqual(expect.stringMatching(/set by muted\.json at/));
  });

  it("writes nothing, and starts at the time of --at", async () => {
    await sample.openStore();
    const before = sample.storeDigest();
    const at = "2030-01-05T08:00:00Z";
    const { json } = await sample.knock(["why", "new-comment", "grace", "--at", at, "--json"]);
    expect(json).toMatchObject({ at: "2030-01-05T08:00:00.000Z", run: null });
    expect((json.steps as JsonObject[])[2]).toMatchObject({ outcome: "sent", at: "2030-01-05T08:30:00.000Z" });
    expect(sample.storeDigest()).toBe(before);
  });

  it("lists the rules that were not reached", async () => {
    const { json } = await sample.knock(["why", "new-comment", "ada", "--all-rules", "--json", ...MEMORY]);
    const email = (json.steps as { ref: string; rules: JsonObject[] }[]).find(({ ref }) => ref === "email_1");
    expect(email?.rules.map(({ rule, state }) => `${rule} ${state}`)).toEqual([
      "channel_configuration passed",
      "step_conditions passed",
      "channel_conditions passed",
      "recipient_data passed",
      "preferences decided",
      "template not_reached",
    ]);
  });

  it("counts the subscribers of an object by result", async () => {
    const users = Array.from({ length: 1_200 }, (_, index) => ({
      id: `u${index}`,
      ...(index % 4 === 0 ? { preferences: { default: { categories: { collab: false } } } } : {}),
    }));
    const object = { collection: "teams", id: "t1" };
    const subscriptions = [...users.map(({ id }) => id), "gone"].map((recipient) => ({ object, recipient }));
    sample.write("knock/recipients/team.json", { users, objects: [{ ...object, name: "Team" }], subscriptions });
    const { json, exitCode } = await sample.knock(["why", "new-comment", "teams/t1", "--json", ...MEMORY]);
    expect({ exitCode, sends: json.sends }).toEqual({ exitCode: 0, sends: true });
    expect(json.subscribers).toMatchObject({
      total: 1_201,
      sends: 900,
      groups: [
        { subscribers: 900, sends: true, decision: null },
        { subscribers: 300, sends: false, decision: { rule: "preferences", code: "preference" } },
        { subscribers: 1, sends: false, decision: null, recipients: ["gone"] },
      ],
    });
    const { stdout } = await sample.knock(["why", "new-comment", "teams/t1", ...MEMORY]);
    expect(stdout).toContain("new-comment: 900 of 1,201 subscribers would get a message");
    expect(stdout).toContain("300 would get nothing (u0, u4, u8 and 297 more)");
  });

  it("explains a run, and the run of a trigger for a recipient", async () => {
    const store = ["--store", "runs.db"];
    const { json } = await sample.knock(
      "notify new-comment -r ada,grace --set page=Home --json".split(" ").concat(store),
    );
    const trigger = String(json.workflow_run_id);
    const { error } = await sample.knock(["why", "--run", trigger, "--json", ...store]);
    expect(error).toMatchObject({ code: "usage", message: `the trigger "${trigger}" has 2 runs` });
    await sample.knock(["clock", "advance", "1h", ...store]);
    const { json: found } = await sample.knock(["why", "new-comment", "ada", "--run", trigger, "--json", ...store]);
    expect(found).toMatchObject({ run: expect.any(String), recipient: "ada", sends: true });
    expect((found.steps as JsonObject[])[2]).toMatchObject({ decision: { rule: "preferences" } });
    const { error: other } = await sample.knock(["why", "welcome", "ada", "--run", trigger, "--json", ...store]);
    expect(other).toMatchObject({ code: "usage" });
  });

  it.each([
    [["why", "new-coment", "ada"], 5, 'Did you mean "new-comment"?'],
    [["why", "new-comment"], 2, "For example"],
    [["why", "new-comment", "ada,grace"], 2, "Give one user"],
    [["why", "--run", "abcdef12"], 5, "knock runs list"],
    [["why", "new-comment", "ada", "--at", "soon"], 2, "--at"],
    [["why", "new-comment", "ada", "--set", "other=1"], 2, "data.page is required"],
  ] as const)("rejects %j", async (args, exitCode, text) => {
    const result = await sample.knock([...args, ...MEMORY]);
    expect({ exitCode: result.exitCode, stdout: result.stdout }).toEqual({ exitCode, stdout: "" });
    expect(result.stderr).toContain(text);
    expect(result.stderr).not.toMatch(/^ +at /m);
  });

  describe("with --remote", () => {
    let dev: StartedCommand;
    let remote: string[];
    beforeAll(async () => {
      const started = await startDev(sample);
      dev = started.process;
      remote = ["--remote", "--base-url", started.url, "--api-key", "sk_test_1"];
    });
    afterAll(async () => {
      dev.kill("SIGTERM");
      await dev;
    });

    it("tries the workflow for a recipient of the account, with GET requests only", async () => {
      const { json, exitCode } = await sample.knock(["why", "new-comment", "ada", "--json", ...remote]);
      expect({ exitCode, json }).toMatchObject({ exitCode: 0, json: { target: "remote", run: null, sends: true } });
      expect((json.steps as JsonObject[])[2]).toMatchObject({
        decision: { rule: "preferences", preference: { set: "recipient", id: "default" } },
      });
      const missing = await sample.knock(["why", "new-comment", "nobody", "--json", ...remote]);
      expect({ exitCode: missing.exitCode, json: missing.json }).toMatchObject({
        exitCode: 1,
        json: { decision: { code: "recipient_not_found", source: "the account" } },
      });
      const { json: runs } = await sample.knock(["runs", "list", "--json", ...remote]);
      expect(runs.items).toEqual([]);
    });

    it("explains a run of the account", async () => {
      const notified = await sample.knock([
        "notify",
        "new-comment",
        "-r",
        "ada",
        "--set",
        "page=Home",
        "--json",
        ...remote,
      ]);
      const { json } = await sample.knock(["why", "--run", String(notified.json.workflow_run_id), "--json", ...remote]);
      expect(json).toMatchObject({ target: "remote", recipient: "ada", sends: true });
    });
  });
});
