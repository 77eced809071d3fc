import { existsSync, rmSync } from "node:fs";
import { describe, expect } from "vitest";
import { eventually } from "../helpers/eventually.js";
import { hasTerminal, cliTest as it, type Sample } from "../helpers/run-knock.js";

const DEV = ["dev", "--port", "0", "--store", ":memory:", "--exec"];
/** Exits with 5 shortly after a signal, and writes which signals it got until then. */
const COUNTS = `const { writeFileSync } = require("node:fs");
const seen = [];
const end = (signal) => { if (seen.push(signal) === 1) setTimeout(() => { console.log("seen: " + seen + "."); process.exit(5); }, 300); };
process.on("SIGINT", end).on("SIGTERM", end);
setInterval(() => {}, 1000);
writeFileSync("pid", String(process.pid));
console.log("it runs");`;

const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Returns the number in the file `pid`, as soon as the command has written it. */
const readPid = (sample: Sample): Promise<number> =>
  eventually(() => (existsSync(sample.path("pid")) ? Number(sample.read("pid")) : null));

describe("knock dev -- <command>", () => {
  const devWith = (...words: string[]): string[] => [...DEV.slice(0, -1), "--", ...words];

  it("runs the arguments without a shell, unchanged, and exits with the command's code", async ({ collab }) => {
    collab.write("args.cjs", "console.log(JSON.stringify(process.argv.slice(2))); process.exit(7);");
    const words = ["a b", "$HOME", "'quoted'", "*", "--json", "-q", "—dash"];
    const { stdout, exitCode } = await collab.knock(devWith("node", "args.cjs", ...words));
    expect(JSON.parse(stdout)).toEqual(words);
    expect(exitCode).toBe(7);
  });

  it("passes the address and a key in environment variables", async ({ collab }) => {
    const print = "console.log(process.env.KNOCK_BASE_URL, process.env.KNOCK_API_KEY)";
    const { stdout, exitCode } = await collab.knock(devWith("node", "-e", print));
    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+ sk_local$/);
    expect(exitCode).toBe(0);
  });

  it("names itself to clients of the management API, and leaves the user's settings alone", async ({ collab }) => {
    const print = `const { readFileSync, readdirSync } = require("node:fs");
const { KNOCK_MGMT_BASE_URL, KNOCK_SERVICE_TOKEN, KNOCK_CONFIG_DIR, KNOCK_PROFILES_DIR } = process.env;
const config = JSON.parse(readFileSync(KNOCK_CONFIG_DIR + "/config.json", "utf8"));
console.log(JSON.stringify([KNOCK_MGMT_BASE_URL === config.apiOrigin, KNOCK_SERVICE_TOKEN, KNOCK_CONFIG_DIR, KNOCK_PROFILES_DIR]));`;
    collab.write("print.cjs", print);
    const settings = { KNOCK_CONFIG_DIR: collab.path("settings") };
    const { stdout } = await collab.knock(devWith("node", "print.cjs"), { env: settings });
    const [isSame, token, configFolder, profilesFolder] = JSON.parse(stdout);
    expect([isSame, token, profilesFolder]).toEqual([true, "knock_st_local", settings.KNOCK_CONFIG_DIR]);
    expect(existsSync(configFolder)).toBe(false);
    expect(existsSync(settings.KNOCK_CONFIG_DIR)).toBe(false);
  });

  it("forwards a signal once, and exits with the command's code", async ({ collab }) => {
    collab.write("counts.cjs", COUNTS);
    const running = collab.start(devWith("node", "counts.cjs"));
    await readPid(collab);
    running.kill("SIGTERM");
    const { exitCode, stdout } = await running;
    expect([exitCode, stdout]).toEqual([5, expect.stringContaining("seen: SIGTERM.")]);
  });
});

describe("a signal to knock dev --exec", () => {
  it("also ends the command's child processes", async ({ collab }) => {
    const running = collab.start([...DEV, "sh -c 'echo $$ > pid; sleep 600; true'; true"]);
    const pid = await readPid(collab);
    running.kill("SIGTERM");
    expect((await running).exitCode).toBe(143);
    await eventually(() => !isThere(pid));
  });

  it.for(["SIGINT", "SIGTERM"] as const)(
    "reaches the command once, and the command's exit code is returned: %s",
    async (signal, { collab }) => {
      collab.write("counts.cjs", COUNTS);
      const running = collab.start([...DEV, "cd . && node counts.cjs"]);
      await readPid(collab);
      running.kill(signal);
      const { exitCode, stdout } = await running;
      expect([exitCode, stdout]).toEqual([5, expect.stringContaining(`seen: ${signal}.`)]);
    },
  );

  it("reaches the command once if its whole process group is signaled, as by timeout", async ({ collab }) => {
    collab.write("counts.cjs", COUNTS);
    const knock = [...DEV, "'node counts.cjs'"].join(" ");
    // The three processes of the group get the signal in any order.
    const line = `knock ${knock} & while [ ! -f pid ]; do sleep 0.05; done; trap : TERM; kill -TERM 0; wait $!; wait $!; echo code $?`;
    const { stdout } = await collab.shell(`setsid sh -c ${JSON.stringify(line).replaceAll("$", "\\$")}`);
    expect(stdout).toContain("seen: SIGTERM.");
    expect(stdout).toContain("code 5");
  });

  it("kills the command if it is the second one", async ({ collab }) => {
    const signalTwice = async (): Promise<number | undefined> => {
      const running = collab.start([...DEV, "trap '' TERM; echo $$ > pid; while :; do sleep 0.1; done"]);
      const pid = await readPid(collab);
      running.kill("SIGTERM");
      // Signals that arrive at the same moment count as one.
      await new Promise((resolve) => setTimeout(resolve, 500));
      running.kill("SIGTERM");
      const { exitCode } = await running;
      await eventually(() => !isThere(pid));
      rmSync(collab.path("pid"));
      return exitCode;
    };
    let exitCode = await signalTwice();
    // 137: on a busy machine, the grace period of five seconds can end before the second signal arrives.
    for (let retries = 5; exitCode === 137 && retries > 0; retries--) exitCode = await signalTwice();
    expect(exitCode).toBe(143);
  });
});

describe.runIf(hasTerminal)("knock dev --exec on a terminal", () => {
  it("forwards Ctrl-C to the command once, and exits with its code", async ({ collab }) => {
    collab.write("counts.cjs", COUNTS);
    const { stdout, exitCode } = await collab.onTerminal([...DEV, "node counts.cjs; echo more"], {
      type: [/it runs/, "\u0003"],
    });
    expect(stdout).toContain("seen: SIGINT.");
    expect(stdout).not.toContain("more");
    expect(exitCode).toBe(5);
  });

  it("lets the command read input from the terminal", async ({ collab }) => {
    const command = "printf 'name? '; read name; echo hello $name; exit 4";
    const { stdout, exitCode } = await collab.onTerminal([...DEV, command], { type: [/name\? /, "ada\n"] });
    expect([exitCode, stdout]).toEqual([4, expect.stringContaining("hello ada")]);
  });
});
