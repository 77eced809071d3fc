import { describe, expect } from "vitest";
import { PROGRAM } from "../../src/app/program.js";
import { KNOWN_WORDS } from "../../src/app/unknown-command.js";
import type { JsonObject } from "../../src/util/json.js";
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
  ["messages list 3A5xTbVfQmCeyhjhqpUNsbWNjqB", "", "Did you mean `knock messages show 3A5xTbVfQmCeyhjhqpUNsbWNjqB`?"],
  ["users ada", "", "Did you mean `knock users get ada`?"],
];

/** A workflow with required data of a type other than text, and a delay before a time of the data. */
const REMINDER: JsonObject = {
  name: "Reminder",
  trigger_data_json_schema: {
    type: "object",
    required: ["page_id"],
    additionalProperties: false,
    properties: {
      page_id: { type: "integer" },
      title: { type: "string" },
      is_urgent: { type: "boolean" },
      due_at: { type: "string" },
    },
  },
  steps: [
    {
      ref: "delay_1",
      type: "delay",
      settings: { delay_until_field_path: "data.due_at", delay_for: { value: -1, unit: "days" } },
      conditions: { all: [{ variable: "data.due_at", operator: "not_empty" }] },
    },
    {
      ref: "in_app_feed_1",
      type: "channel",
      channel_key: "in-app-feed",
      channel_type: "in_app_feed",
      template: { markdown_body: "Page {{ data.page_id }}" },
    },
  ],
};

interface Mistake {
  /** The command as it is typed, in which single quotes group words. */
  typed: string;
  exit?: number;
  error: string;
  /** A part of the hint. The words between « and » are typed to follow it. */
  hint: string;
  /** The command after the hint is followed, and its exit code. */
  follow: string;
  followExit?: number;
}

const MISTAKES: Mistake[] = [
  {
    typed: "notify reminder -r ada --set pageId=5",
    error: 'data.page_id is required, but the data has "pageId"; did you mean "page_id"?',
    hint: 'Rename "pageId" to "page_id": «--set page_id:=5»',
    follow: "notify reminder -r ada --set page_id:=5",
  },
  {
    typed: `notify reminder -r ada --data '{"pageId":5}'`,
    error: 'data.pageId is not a known property; did you mean "page_id"?',
    hint: 'Rename "pageId" to "«page_id»".',
    follow: `notify reminder -r ada --data '{"page_id":5}'`,
  },
  {
    typed: "notify reminder -r ada --set page_id=5",
    error: 'data.page_id must be integer, found "5"',
    hint: "Use := for JSON: «--set page_id:=5»",
    follow: "notify reminder -r ada --set page_id:=5",
  },
  {
    typed: "notify reminder -r ada",
    error: "data.page_id is required",
    hint: "Add «--set page_id:=»… to set the missing data.",
    follow: "notify reminder -r ada --set page_id:=5",
  },
  {
    typed: "notify hello -r ada --set from: Grace",
    error: "too many arguments: expected 1, found 2",
    hint: "Did you mean «--set from=Grace»?",
    follow: "notify hello -r ada --set from=Grace",
  },
  {
    typed: "notify hello -r ada --set from = Grace",
    error: "too many arguments: expected 1, found 3",
    hint: "Did you mean «--set from=Grace»?",
    follow: "notify hello -r ada --set from=Grace",
  },
  {
    typed: "notify hello -r ada --set from:= Grace",
    error: "too many arguments: expected 1, found 2",
    hint: "Did you mean «--set from=Grace»?",
    follow: "notify hello -r ada --set from=Grace",
  },
  {
    typed: "notify reminder -r ada --set page_id:= 5",
    error: "too many arguments: expected 1, found 2",
    hint: "Did you mean «--set page_id:=5»?",
    follow: "notify reminder -r ada --set page_id:=5",
  },
  {
    typed: "notify hello -r ada --set from:Grace",
    error: '--set: "from:Grace" has no "="',
    hint: "Did you mean «--set from=Grace»?",
    follow: "notify hello -r ada --set from=Grace",
  },
  {
    typed: "messages list ada",
    error: "too many arguments: expected 0, found 1",
    hint: "Did you mean `«knock messages list --recipient ada»`?",
    follow: "messages list --recipient ada",
  },
  {
    typed: "notify hello -r Grace@example.com",
    exit: 1,
    error: 'received nothing; did you mean "grace", the user with this email address?',
    hint: "Use the ID instead of the email address: «grace»",
    follow: "notify hello -r grace",
  },
  {
    typed: "messages list --recipient ada@example.com",
    exit: 5,
    error: 'user "ada@example.com" was never identified',
    hint: 'Did you mean "«ada»"?',
    follow: "messages list --recipient ada",
  },
];

/** Splits a command as a shell does that knows only single quotes. */
const split = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "");

describe("mistakes of a first day", () => {
  it("have a message and a hint, and the command of the hint works", async ({ empty }) => {
    const { knock, write } = await initHello(empty);
    write("knock/workflows/reminder/workflow.json", REMINDER);
    for (const { typed, exit = 2, error, hint, follow, followExit = 0 } of MISTAKES) {
      const { stderr, exitCode } = await knock(split(typed));
      const [message = "", printed = ""] = stderr.split("\nhint: ");
      expect.soft(message, typed).toContain(error);
      expect.soft(printed, typed).toContain(hint.replaceAll(/[«»]/g, ""));
      expect.soft(exitCode, typed).toBe(exit);
      for (const [, words = ""] of hint.matchAll(/«(?:knock )?(.*?)»/g)) expect.soft(follow, typed).toContain(words);
      const followed = await knock(split(follow));
      expect.soft(followed, follow).toMatchObject({ exitCode: followExit });
    }
  });

  it("include -r, which works like --recipient in every list", async ({ empty }) => {
    const { knock } = await initHello(empty);
    await knock(["notify", "hello", "-r", "ada,grace", "--quiet"]);
    for (const list of ["runs", "messages", "schedules", "subscriptions"]) {
      const [short, long] = await Promise.all(
        ["-r", "--recipient"].map((option) => knock([list, "list", option, "ada", "--json"])),
      );
      expect.soft(short?.exitCode, list).toBe(0);
      expect.soft(short?.stdout, list).toBe(long?.stdout);
    }
  });
});

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
