import type { Command } from "commander";
import { describe, expect } from "vitest";
import { HELP_TOPICS } from "../../src/commands/help-topics/topics.js";
import { ENVIRONMENT_VARIABLES } from "../../src/commands/shared/environment-variables.js";
import { ERROR_CODES, EXIT } from "../../src/errors/error-codes.js";
import { listLeaves, loadCommands } from "../helpers/load-commands.js";
import { inProcessTest as it, runInProcess } from "../helpers/run-in-process.js";

interface Parameter {
  name: string;
  default: string | null;
  choices: string[] | null;
  repeatable: boolean;
}
interface Description {
  name: string;
  aliases: string[];
  arguments: Parameter[];
  options: Parameter[];
  examples: string[];
}

const leaves = listLeaves(await loadCommands()).map(({ words, command }): [name: string, command: Command] => [
  words.join(" "),
  command,
]);

describe.concurrent("knock help --json", () => {
  it("describes every command with its arguments and options", async ({ empty }) => {
    const { json, stderr } = await empty.knock(["help", "--json"]);
    expect(stderr).toBe("");
    const commands = json.commands as unknown as Description[];
    const names = (command: Command): string[] =>
      command.options.filter(({ hidden }) => !hidden).map(({ long, flags }) => long ?? flags);
    expect(commands.map(({ name, options }) => [name, options.map((option) => option.name)])).toEqual(
      leaves.map(([name, command]) => [name, names(command)]),
    );
    const find = (name: string) => commands.find((command) => command.name === name);
    const findOption = (name: string, option: string) => find(name)?.options.find((one) => one.name === option);
    expect([find("runs list")?.aliases, find("notify")?.aliases]).toEqual([["runs"], ["trigger"]]);
    expect(find("users get")?.arguments).toMatchObject([{ name: "id", required: true, repeatable: false }]);
    expect(findOption("notify", "--recipients")).toMatchObject({ short: "-r", value: "required", repeatable: true });
    expect(findOption("notify", "--target")).toMatchObject({ choices: ["local", "remote"], default: "local" });
    expect(findOption("messages list", "--status")?.choices).toContain("undelivered");
    expect(findOption("logs", "--limit")?.default).toMatch(/^\d+$/);
    expect(findOption("prune", "--older-than")).toMatchObject({ required: true });
    const withoutJson = commands.filter(({ options }) => !options.some(({ name }) => name === "--json"));
    expect(withoutJson.map(({ name }) => name)).toEqual(["mcp"]); // it writes the messages of its protocol
  });

  it("lists exit codes with their error codes, variables and topics", async ({ empty }) => {
    const { json } = await empty.knock(["help", "--json"]);
    const exits = json.exit_codes as unknown as { code: number; error_codes: (keyof typeof ERROR_CODES)[] }[];
    expect(exits.map(({ code }) => code)).toEqual(Object.values(EXIT));
    expect(exits.flatMap((exit) => exit.error_codes).sort()).toEqual(Object.keys(ERROR_CODES).sort());
    for (const { code, error_codes } of exits)
      for (const name of error_codes) expect(ERROR_CODES[name].exit).toBe(code);
    expect((json.environment_variables as unknown as { name: string }[]).map(({ name }) => name)).toEqual(
      ENVIRONMENT_VARIABLES.map(({ name }) => name),
    );
    const topics = (json.help_topics as unknown as { name: string }[]).map(({ name }) => name);
    expect(topics).toEqual(expect.arrayContaining(Object.keys(HELP_TOPICS)));
  });

  it("describes a command or the commands of a group, with the names of the project", async ({ collab }) => {
    const { json } = await collab.knock(["help", "clock", "--json"]);
    const commands = json.commands as unknown as Description[];
    expect(commands.map(({ name }) => name)).toEqual(
      leaves.map(([name]) => name).filter((name) => /^clock /.test(name)),
    );
    const { json: one } = await collab.knock(["help", "users", "get", "--json"]);
    expect(one.commands).toMatchObject([
      { name: "users get", examples: expect.arrayContaining(["knock users get ada"]) },
    ]);
  });

  it("contains the page of a topic and of an error code", async ({ empty }) => {
    for (const name of ["exit-codes", "error actor_missing"]) {
      const words = ["help", ...name.split(" ")];
      const { stdout } = await empty.knock(words);
      expect((await empty.knock([...words, "--json"])).json).toEqual({ name, text: `${stdout}\n` });
    }
  });
});

describe("without a terminal", () => {
  /** Commands that run until they are stopped. */
  const UNTIL_STOPPED: Readonly<Record<string, readonly string[]>> = {
    dev: ["--port", "0"],
    mcp: [],
    serve: ["--port", "0"],
    worker: [],
  };

  it("no command reads standard input unless an option says so", async ({ collab }) => {
    const readers: string[] = [];
    for (const [name, command] of leaves) {
      const required = command.registeredArguments.filter((argument) => argument.required).map(() => "x");
      await runInProcess({
        args: [...name.split(" "), ...required, ...(UNTIL_STOPPED[name] ?? [])],
        cwd: collab.dir,
        env: { HOME: collab.home },
        onRead: () => readers.push(name),
        ...(name in UNTIL_STOPPED ? { signal: AbortSignal.timeout(200) } : {}),
      });
    }
    expect(readers).toEqual([]);
  });

  it("a command reads standard input if an option says so", async ({ collab }) => {
    const readers: string[] = [];
    for (const args of [
      ["notify", "--file", "-"],
      ["users", "set", "--file", "-"],
      ["notify", "invite", "-r", "@-"],
    ])
      await runInProcess({
        args,
        cwd: collab.dir,
        env: { HOME: collab.home },
        onRead: () => readers.push(args.join(" ")),
      });
    expect(readers).toEqual(["notify --file -", "users set --file -", "notify invite -r @-"]);
  });
});
