import { describe, expect } from "vitest";
import { PROGRAM } from "../../src/app/program.js";
import { KNOWN_WORDS } from "../../src/app/unknown-command.js";
import { initHello } from "../helpers/hello-project.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

/** Commands of the official command line and of other tools, with a part of the hint. */
const CASES: [words: string, error: string, hint: string][] = [
  ["pull", '"pull" is a command of the service', "Run `knock workflows list` to see the workflows"],
  ["push --all", '"push" is', "Run `npx @knocklabs/cli push --all` for your Knock account."],
  ["push", '"push" is', "needs no commit. Run `knock validate` to check them."],
  ["puhs", '"push" is', "Run `npx @knocklabs/cli push` for"],
  ["commit promote --to production", '"commit" is', "Run `npx @knocklabs/cli commit promote --to production`"],
  ["branch", '"branch" is', "Run `knock config list` to see the branch in use. Add --branch <slug>"],
  ["branches", '"branch" is', "Run `knock config list`"],
  ["environment list", '"environment" is', "Add --environment <name> to a command to use another one."],
  ["channel list", '"channel" is', "Channels are defined in environment.json. Run `knock validate`"],
  ["layout pull default", '"layout" is', "Layouts are files in layouts/. Run `knock validate`"],
  ["layouts", '"layout" is', "Run `npx @knocklabs/cli layout` for your Knock account."],
  ["email-layout", '"email-layout" is', "Layouts are files in layouts/. Run `knock validate`"],
  ["partial", '"partial" is', "Partials are files in partials/. Run `knock validate`"],
  ["translation list", '"translation" is', "Translations are files in translations/. Run `knock validate`"],
  ["message-type list", '"message-type" is', "Message types are files in message-types/. Run `knock validate`"],
  ["guide list", '"guide" is', "Guides are files in guides/. Run `knock validate`"],
  ["audience list", '"audience" is', "Run `knock audiences list <key>`"],
  ["source list", '"source" is', "Run `knock sources list`"],
  ["broadcast", '"broadcast" is', "Run `knock broadcasts list`"],
  ["whoami", '"whoami" is', "Run `knock auth status` to see the API key in use."],
  ["help whoami", '"whoami" is', "Run `knock auth status`"],
  ["status", 'there is no command "status"', "Run `knock runs list` to see runs, or `knock doctor`"],
  [
    "workflow new",
    '"workflow new" is',
    "Run `npx @knocklabs/cli workflow new` for the workflows in your Knock account.",
  ],
  ["generate-types", 'no command "generate-types"', "Did you mean `knock types`?"],
  ["run hello -r ada", 'knock runs has no command "hello"', "Did you mean `knock notify hello -r ada`?"],
  ["run lst", 'knock runs has no command "lst"', 'Did you mean "list"?'],
  ["runs ada", 'knock runs has no command "ada"', "Did you mean `knock runs list --recipient ada`? For a workflow,"],
  ["messages 3A5xTbVfQmCeyhjhqpUNsbWNjqB", "", "Did you mean `knock messages show 3A5xTbVfQmCeyhjhqpUNsbWNjqB`?"],
  ["runs show0123", "", "Did you mean `knock runs list --recipient show0123`?"],
  ["workflows hello", "", "Did you mean `knock workflows show hello`?"],
  ["users ada", "", "Did you mean `knock users get ada`?"],
];

describe("commands of other tools", () => {
  it("get a hint, whose commands for this project exit with 0", async ({ empty }) => {
    const { knock } = await initHello(empty);
    const followed = new Set<string>();
    for (const [words, error, expectedHint] of CASES) {
      const { stderr, stdout, exitCode } = await knock(words.split(" "));
      const hint = stderr.split("\nhint: ")[1] ?? "";
      expect.soft({ stderr, stdout, exitCode }, words).toMatchObject({ stdout: "", exitCode: 2 });
      expect.soft(stderr, words).toContain(error);
      expect.soft(hint, words).toContain(expectedHint);
      expect.soft(hint.length, words).toBeLessThan(300);
      for (const [, command = ""] of hint.matchAll(/`knock ([^`<]+)`/g))
        if (!/3A5xTbV|show0123/.test(command)) followed.add(command);
    }
    expect(followed.size).toBeGreaterThan(10);
    for (const command of followed)
      expect.soft((await knock(command.split(" "))).exitCode, command).toBe(command === "runs show" ? 2 : 0);
  });

  it("users list finds users by email address and name, on the local target", async ({ empty }) => {
    const { knock } = await initHello(empty);
    const list = async (...args: string[]): Promise<string> =>
      (await knock(["users", "list", "--quiet", ...args])).stdout;
    expect(await list("--email", "GRACE@")).toBe("grace");
    expect(await list("--name", "ad")).toBe("ada");
    expect(await list("--email", "grace@", "--name", "ada")).toBe("");
    const remote = ["--remote", "--api-key", "sk_test_1", "--base-url", "http://127.0.0.1:9"];
    const { stderr, exitCode } = await knock(["users", "list", "--email", "ada@", ...remote]);
    expect(stderr).toContain("hint: Run `knock users get <id>` to show a user, or use the local target.");
    expect(exitCode).toBe(3);
  });

  it("are not commands of this tool", () => {
    expect(KNOWN_WORDS.filter((word) => Object.hasOwn(PROGRAM.commands, word))).toEqual([]);
  });
});
