import { describe, expect } from "vitest";
import { hasTerminal, cliTest as it } from "../helpers/run-knock.js";

const COMMENT = ["notify", "new-comment", "-r", "ada", "--set", "page=Home"];
const TOKYO = { env: { TZ: "Asia/Tokyo" } };

/** Runs every command that prints times, after a trigger at 23:40 UTC that waits until 00:10. */
const COMMANDS: [args: string[], utc: string, tokyo: string][] = [
  [["clock"], "2030-01-01 23:40:00Z", "2030-01-02 08:40:00+09:00"],
  [["runs", "list"], "2030-01-01 23:40:00Z", "2030-01-02 08:40:00+09:00"],
  [["messages", "list"], "2030-01-01 23:40:00Z", "2030-01-02 08:40:00+09:00"],
  [["users", "list"], "2030-01-01 23:40:00Z", "2030-01-02 08:40:00+09:00"],
  [["users", "get", "ada"], "2030-01-01 23:40:00Z", "2030-01-02 08:40:00+09:00"],
  [["feed", "list", "ada"], "2030-01-01 23:40:00Z", "2030-01-02 08:40:00+09:00"],
  [["broadcasts", "list"], "2030-06-04 18:00:00Z", "2030-06-05 03:00:00+09:00"],
  [["schedules", "list"], "2030-06-04 18:00:00Z", "2030-06-05 03:00:00+09:00"],
  [COMMENT, "waiting at delay_1 until 2030-01-02 00:10Z (in 30m)", "at delay_1 until 09:10+09:00 (in 30m)"],
];

describe.concurrent("printed times", () => {
  it("are UTC with Z in pipes, in any time zone", async ({ collab }) => {
    await collab.knock(["clock", "freeze", "2030-01-01T23:40:00Z"]);
    await collab.knock(["broadcasts", "schedule", "history-launch", "--at", "2030-06-04T18:00:00Z", "--all-users"]);
    const schedule = { workflow: "welcome", recipients: ["ada"], scheduled_at: "2030-06-04T18:00:00Z" };
    await collab.knock(["schedules", "create", "--data", JSON.stringify(schedule)]);
    await collab.knock(["users", "set", "ada", "--set", "plan=team"]);
    await collab.knock(COMMENT);
    for (const [args, utc] of COMMANDS) {
      const { stdout, stderr } = await collab.knock(args, TOKYO);
      expect(stdout, `${args.join(" ")}\n${stderr}`).toContain(utc);
      expect(stdout).not.toContain("+09:00");
    }
    const run = (await collab.knock(["runs", "list", "--quiet", "--limit", "1"])).stdout;
    const shown = await collab.knock(["runs", "show", run], TOKYO);
    expect(shown.stdout).toContain("delay_1: waiting until 2030-01-02 00:10:00Z");
    expect(shown.stdout).toContain("until=2030-01-02 00:10:00Z");
    expect(shown.stdout).not.toContain("+09:00");
    const json = await collab.knock(["runs", "list", "--json"], TOKYO);
    expect(json.stdout).toContain("2030-01-01T23:40:00.000Z");
    const back = await collab.knock(["clock", "set", "2030-01-01"], TOKYO);
    expect(back.stderr).toContain("the clock is at 2030-01-01 23:40:00Z; 2030-01-01 00:00:00Z is before that");
    const moved = await collab.knock(["clock", "advance", "30m"], TOKYO);
    expect(moved.stdout).toMatch(/^ {2}2030-01-02 00:10:00Z {2}new-comment/);
  });

  it.runIf(hasTerminal)("are local with their zone on a terminal, and are accepted as input", async ({ collab }) => {
    await collab.knock(["clock", "freeze", "2030-01-01T23:40:00Z"]);
    await collab.knock(["broadcasts", "schedule", "history-launch", "--at", "2030-06-04T18:00:00Z", "--all-users"]);
    const schedule = { workflow: "welcome", recipients: ["ada"], scheduled_at: "2030-06-04T18:00:00Z" };
    await collab.knock(["schedules", "create", "--data", JSON.stringify(schedule)]);
    await collab.knock(["users", "set", "ada", "--set", "plan=team"]);
    await collab.knock(COMMENT);
    for (const [args, , tokyo] of COMMANDS) {
      const { stdout } = await collab.onTerminal(args, { ...TOKYO, columns: 200 });
      expect(stdout, args.join(" ")).toContain(tokyo);
    }
    const back = await collab.onTerminal(["clock", "set", "2030-01-01"], { ...TOKYO, columns: 200 });
    expect(back.stdout).toContain("the clock is at 2030-01-02 08:40:00+09:00; 2030-01-01 09:00:00+09:00 is before");
    const json = await collab.onTerminal(["runs", "list", "--json"], { ...TOKYO, columns: 200 });
    expect(json.stdout).toContain("2030-01-01T23:40:00.000Z");
    const utc = await collab.onTerminal(["clock"], { columns: 200 });
    expect(utc.stdout).toContain("2030-01-01 23:40:00Z");
    const set = await collab.knock(["clock", "set", "2030-01-02 08:50:00+09:00"]);
    expect(set.stdout).toContain("2030-01-01 23:50:00Z");
  });

  it.runIf(hasTerminal)("are omitted from a table that is too narrow for them, in any zone", async ({ collab }) => {
    await collab.knock(COMMENT);
    const { stdout } = await collab.onTerminal(["runs", "list"], { ...TOKYO, columns: 60 });
    expect(stdout).toContain("STATUS");
    expect(stdout).not.toContain("+09:00");
  });
});
