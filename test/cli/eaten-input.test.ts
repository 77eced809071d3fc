import { describe, expect } from "vitest";
import { inProcessTest } from "../helpers/run-in-process.js";
import { cliTest as it } from "../helpers/run-knock.js";

describe.concurrent("standard input that no flag reads", () => {
  it("is mentioned when recipients or data are missing, with the flags that read it", async ({ collab }) => {
    const payload = await collab.shell(`echo '{"recipients":["ada"]}' | knock notify invite`);
    expect(payload.exitCode).toBe(2);
    expect(payload.stderr).toContain("recipients is required");
    expect(payload.stderr).toContain(
      "hint: Standard input was not read. Read a whole payload with: knock notify invite --file -",
    );
    expect(payload.stderr).toContain("--recipients @-");
    const data = await collab.shell(`echo '{"page":"Home"}' | knock notify new-comment -r ada`);
    expect([data.exitCode, data.stderr]).toEqual([2, expect.stringContaining("--data @-")]);
    const keyless = await collab.shell(`echo '{"key":"invite","recipients":["ada"]}' | knock notify`);
    expect(keyless.stderr).toContain("--file -");
  });

  it("is not mentioned if it is empty or a flag reads it", async ({ collab }) => {
    for (const line of [
      "knock notify invite </dev/null",
      "knock notify invite <&-",
      "echo '{}' | knock notify new-comment -r ada -d @-",
    ])
      expect((await collab.shell(line)).stderr, line).not.toContain("Standard input was not read");
    const works = await collab.shell(`echo '{"recipients":["ada"]}' | knock notify invite --file - --quiet`);
    expect(works.exitCode).toBe(0);
  });

  inProcessTest.for([["-r"], ["--recipients"], ["-a"], ["-t"]])(
    "causes the suggestion @- for %s -",
    async ([flag = ""], { collab }) => {
      const { stderr, exitCode } = await collab.knock(["notify", "invite", flag, "-"]);
      expect(stderr).toMatch(/: "-" is not an ID\nhint: Did you mean --\w+ @-, which reads standard input\?/);
      expect(exitCode).toBe(2);
    },
  );

  inProcessTest("causes the suggestion @- for --data -", async ({ collab }) => {
    const { stderr } = await collab.knock(["notify", "invite", "-r", "ada", "--data", "-"]);
    expect(stderr).toContain("hint: Did you mean --data @-, which reads standard input?");
  });
});

describe.concurrent("JSON whose quotes the shell removed", () => {
  it.for<[typed: string, meant: string]>([
    ['-r ada -d {"from": 5}', `--data '{"from": 5}'`],
    ['-d {"from": 5} -r ada', `--data '{"from": 5}'`],
    ['-r ada -d {"from":5}', `--data '{"from":5}'`],
    ['-r ada --data {"a":"x y", "b": true}', `--data '{"a":"x y", "b": true}'`],
    ['-r ada -d {"nested": {"list": ["a", 2]}}', `--data '{"nested": {"list": ["a", 2]}}'`],
  ])("is quoted in the hint: %s", async ([typed, meant], { collab }) => {
    const { stderr, exitCode } = await collab.shell(`knock notify invite ${typed}`);
    expect(stderr).toContain(`hint: The shell removed the quotes of the JSON. Quote it: ${meant}`);
    expect(exitCode).toBe(2);
  });

  inProcessTest("is also recognized after brace expansion", async ({ collab }) => {
    const { stderr } = await collab.knock(["notify", "invite", "-r", "ada", "-d", "a:1", "b:two"]);
    expect(stderr).toContain(`Quote it: --data '{"a":1,"b":"two"}'`);
  });

  inProcessTest("causes a hint with an example if too much was lost", async ({ collab }) => {
    const { stderr } = await collab.knock(["notify", "invite", "-r", "ada", "-d", "{page:"]);
    expect(stderr).toContain(`The shell removed the quotes of the JSON. For example: --data '{"page":"Home"}'`);
  });
});
