import { describe, expect } from "vitest";
import type { AdvancedRun } from "../../src/ports/operations.js";
import { ENVIRONMENT, initHello } from "../helpers/hello-project.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const near = (iso: unknown, offset = 0): boolean => Math.abs(Date.parse(String(iso)) - Date.now() - offset) < 20_000;
const DAY = 86_400_000;

describe.concurrent("knock clock", () => {
  it("shows real time until it is moved", async ({ collab }) => {
    const { json } = await collab.knock(["clock", "--json"]);
    expect(json).toEqual({ now: expect.any(String), frozen: false, offset_ms: 0, ran: [] });
    expect(near(json.now)).toBe(true);
    expect((await collab.knock(["clock"])).stdout).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}\(real time\)$/);
  });

  it.for<[duration: string, milliseconds: number]>([
    ["30s", 30_000],
    ["1h30m", 5_400_000],
    ["2d", 2 * DAY],
    ["1w", 7 * DAY],
    ["PT90M", 5_400_000],
    ["P1DT12H", 1.5 * DAY],
  ])("advance moves the clock by %s", async ([duration, milliseconds], { collab }) => {
    const { json } = await collab.knock(["clock", "advance", duration, "--json"]);
    expect(json.offset_ms).toBeGreaterThan(milliseconds - 5_000);
    expect(json.offset_ms).toBeLessThan(milliseconds + 5_000);
    const after = await collab.knock(["clock"]);
    expect(after.stdout).toMatch(/\(running, .+ ahead of real time\)$/);
  });

  it("advance next moves to the next due time, and reports when nothing is due", async ({ collab }) => {
    await collab.knock(["notify", "invite", "-r", "grace"]);
    const { stdout } = await collab.knock(["clock", "advance", "next"]);
    expect(stdout).toMatch(/^ {2}\S+ \S+Z {2}invite {2}grace {2}/);
    expect(stdout).toMatch(
      /\n\S+ \S+ {2}\(running, .*1d ahead of real time\)$|\(running, 23h 59m ahead of real time\)$/,
    );
    const { stderr, exitCode } = await collab.knock(["clock", "advance", "next"]);
    expect(stderr).toMatch(/^error: nothing is scheduled\nhint: Run `knock runs list --status waiting`/);
    expect(exitCode).toBe(2);
  });

  it("advance prints a run with a fetch step once", async ({ empty }) => {
    const { edit, addStep, knock } = await initHello(empty);
    const url = "https://api.example.com/a";
    edit(ENVIRONMENT, (environment) => void Object.assign(environment, { fetch: { answers: [{ url, body: {} }] } }));
    addStep("http_fetch", { method: "get", url });
    addStep("delay", { delay_for: { unit: "hours", value: 1 } });
    await knock(["notify", "hello", "-r", "ada", "--quiet"]);
    const { stdout } = await knock(["clock", "advance", "1h"]);
    expect(stdout).toMatch(/^ {2}\S+ \S+ {2}hello {2}ada {2}in-app delivered · email sandboxed\n\S+ \S+ {2}\(running/);
  });

  it("advance by zero does not reset the clock", async ({ collab }) => {
    await collab.knock(["clock", "advance", "1h"]);
    const { stdout, exitCode } = await collab.knock(["clock", "advance", "0s"]);
    expect(stdout).toMatch(/ahead of real time\)$/);
    expect(exitCode).toBe(0);
  });

  it("advance runs due work in order, each at its own time", async ({ collab }) => {
    await collab.knock(["clock", "freeze", "2030-01-01T10:00:00Z"]);
    await collab.knock(["notify", "invite", "-r", "grace", "--set", "project=Apollo"]);
    await collab.knock(["notify", "new-comment", "-r", "ada,lin", "--set", "page=Home"]);
    const { json } = await collab.knock(["clock", "advance", "2d", "--json"]);
    expect(json).toMatchObject({ now: "2030-01-03T10:00:00.000Z", frozen: true });
    const ran = json.ran as unknown as AdvancedRun[];
    expect(ran.map(({ at, workflow, recipient }) => [at, workflow, recipient])).toEqual([
      ["2030-01-01T10:30:00.000Z", "new-comment", "ada"],
      ["2030-01-01T10:30:00.000Z", "new-comment", "lin"],
      ["2030-01-02T10:00:00.000Z", "invite", "grace"],
    ]);
    expect(ran[1]).toEqual({
      recipient_run_id: expect.any(String),
      recipient: "lin",
      workflow: "new-comment",
      at: "2030-01-01T10:30:00.000Z",
      steps: [
        { ref: "delay_1", type: "delay", outcome: "passed", reason: null },
        expect.objectContaining({ ref: "email_1", outcome: "sent" }),
      ],
    });
    const { json: messages } = await collab.knock(["messages", "list", "--recipient", "lin", "--json"]);
    expect(messages.items).toMatchObject([
      { inserted_at: expect.stringMatching(/^2030-01-01T10:30:00/) },
      { inserted_at: expect.stringMatching(/^2030-01-01T10:00:00/) },
    ]);
  });

  it("advance prints what ran, then the time", async ({ collab }) => {
    await collab.knock(["clock", "freeze", "2030-01-01T10:00:00Z"]);
    await collab.knock(["notify", "new-comment", "-r", "lin", "--set", "page=Home"]);
    const { stdout } = await collab.knock(["clock", "advance", "30m"]);
    expect(stdout).toMatch(
      /^ {2}2030-01-01 10:30:00Z {2}new-comment {2}lin {2}email sandboxed\n2030-01-01 10:30:00Z {2}\(frozen, .+\)$/,
    );
    expect((await collab.knock(["clock", "--quiet"])).stdout).toBe("2030-01-01T10:30:00.000Z");
  });

  it("set moves forward, and back only with --force, and keeps what ran", async ({ collab }) => {
    await collab.knock(["clock", "freeze", "2030-01-01T10:00:00Z"]);
    await collab.knock(["notify", "new-comment", "-r", "lin", "--set", "page=Home"]);
    const forward = await collab.knock(["clock", "set", "2030-01-01T12:00+01:00", "--json"]);
    expect(forward.json).toMatchObject({ now: "2030-01-01T11:00:00.000Z", ran: [{ recipient: "lin" }] });
    const back = await collab.knock(["clock", "set", "2030-01-01 10:15"]);
    expect(back.exitCode).toBe(2);
    expect(back.stderr).toMatch(/^error: the clock is at 2030-01-01 11:00:00Z; 2030-01-01 .*\nhint: Use --force/);
    const forced = await collab.knock(["clock", "set", "2030-01-01 10:15", "--force", "--json"]);
    expect(forced.json).toMatchObject({ now: "2030-01-01T10:15:00.000Z", ran: [] });
    expect((await collab.knock(["runs", "list", "--status", "completed", "--quiet"])).stdout).not.toBe("");
  });

  it("freeze stops the clock at its time, and reset returns to real time", async ({ collab }) => {
    const frozen = await collab.knock(["clock", "freeze", "--json"]);
    expect(frozen.json.frozen).toBe(true);
    expect((await collab.knock(["clock", "--quiet"])).stdout).toBe(frozen.json.now);
    const early = await collab.knock(["clock", "freeze", "2001-01-01", "--json"]);
    expect(early.json).toMatchObject({ now: "2001-01-01T00:00:00.000Z", frozen: true }); // there is no run yet
    await collab.knock(["clock", "advance", "1d"]);
    const reset = await collab.knock(["clock", "reset", "--json"]);
    expect(reset.json).toMatchObject({ frozen: false, offset_ms: 0 });
    expect(near(reset.json.now)).toBe(true);
  });

  it("reset keeps runs waiting until their time", async ({ collab }) => {
    await collab.knock(["clock", "advance", "1d"]);
    await collab.knock(["notify", "new-comment", "-r", "lin", "--set", "page=Home"]);
    await collab.knock(["clock", "reset"]);
    expect((await collab.knock(["worker", "--once"])).stdout).toBe("");
    expect((await collab.knock(["runs", "list", "--status", "paused", "--quiet"])).stdout).not.toBe("");
  });

  it("applies to a time in the data", async ({ ops }) => {
    await ops.knock(["clock", "freeze", "2030-01-10T09:00:00Z"]);
    const { stdout } = await ops.knock(["notify", "--file", "payloads/maintenance-reminder.json"]);
    expect(stdout).toContain("waiting at delay_1 until 2030-01-14 22:00Z (in 4d 13h)");
    const { json } = await ops.knock(["clock", "advance", "5d", "--json"]);
    expect((json.ran as unknown as AdvancedRun[]).map(({ at }) => at)).toEqual([
      ...["2030-01-14T22:00:00.000Z", "2030-01-14T22:00:00.000Z", "2030-01-14T22:00:00.000Z"],
    ]);
  });

  it.for<[args: string[], error: RegExp]>([
    [["advance", "1y"], /^error: "1y" is not a duration\nhint: For example 30s/],
    [["advance", "1 hour"], /\nhint: Did you mean "1h"\?$/],
    [["advance", "30 min"], /\nhint: Did you mean "30m"\?$/],
    [["advance", "2days"], /\nhint: Did you mean "2d"\?$/],
    [["advance", "soon"], /^error: "[^"]*" is not a duration/],
    [["advance", ""], /^error: "[^"]*" is not a duration/],
    [["advance", "99999999999999w"], /^error: "[^"]*" is not a duration/],
    [["advance", "-1d"], /^error: unknown option "-1d"/],
    [["advance"], /^error: missing required argument "duration"/],
    [["set", "yesterday"], /^error: "yesterday" is not a time\nhint: Use ISO 8601/],
    [["set", "2030-02-31"], /^error: ".*" is not a time/],
    [["set", "2030-01-01T25:00:00Z"], /^error: ".*" is not a time/],
    [["freeze", "12"], /^error: ".*" is not a time/],
  ])("rejects %j with exit 2, and the clock stays unchanged", async ([args, error], { collab }) => {
    const { stderr, exitCode } = await collab.knock(["clock", ...args]);
    expect(stderr).toMatch(error);
    expect(stderr).toMatch(/\nhint: /);
    expect(exitCode).toBe(2);
  });

  it("rejects a duration beyond the range of dates", async ({ collab }) => {
    const { stderr, exitCode } = await collab.knock(["clock", "advance", "9999999w"]);
    expect({ exitCode, trace: /\n {4}at /.test(stderr) }).toEqual({ exitCode: 2, trace: false });
    expect((await collab.knock(["clock", "--json"])).json.offset_ms).toBe(0);
  });
});
