import { describe, expect } from "vitest";
import { PROGRAM } from "../../src/app/program.js";
import { KNOWN_WORDS } from "../../src/app/unknown-command.js";
import type { JsonObject } from "../../src/util/json.js";
import { initHello } from "../helpers/hello-project.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

/** Commands of the official command line and of other tools, with a part of the hint. */
const CASES: [words: string, error: string, hint: string][] = [
  ["puhs", 'there is no command "puhs"', 'Did you mean "push"?'],
  [
    "commit -m x",
    '"commit" is a command of the service',
    "Run `npx @knocklabs/cli commit -m x` for your Knock account.",
  ],
  ["commit promote --to production", '"commit" is', "`knock promote --help` to promote commits."],
  ["branch", '"branch" is', "Run `knock branches --help` to list, create, merge and delete branches"],
  ["deploy", 'there is no command "deploy"', "Run `knock push --help` to send the project's"],
  ["environment list", '"environment" is', "Add --environment <name> to a command to use another one."],
  ["channel list", '"channel" is', "Channels are defined in environment.json. Run `knock channels list`"],
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
    typed: "notfy hello -r ada",
    error: 'there is no command "notfy"',
    hint: 'Did you mean "«notify»"?',
    follow: "notify hello -r ada",
  },
  {
    typed: "hello -r ada",
    error: 'there is no command "hello"',
    hint: "Did you mean `«knock notify hello -r ada»`?",
    follow: "notify hello -r ada",
  },
  {
    typed: "run hello -r ada",
    error: 'knock runs has no command "hello"',
    hint: "Did you mean `«knock notify hello -r ada»`?",
    follow: "notify hello -r ada",
  },
  {
    typed: "whoami",
    error: '"whoami" is a command of the service',
    hint: "Run `«knock auth status»` to see the API key in use.",
    follow: "auth status",
  },
  {
    typed: "layout push default",
    error: '"layout" is a command of the service',
    hint: "Run `«knock validate»` to check them.",
    follow: "validate",
  },
  {
    typed: "notify helo -r ada",
    exit: 5,
    error: 'there is no workflow "helo"',
    hint: 'Did you mean "«hello»"?',
    follow: "notify hello -r ada",
  },
  {
    typed: "notify hello",
    error: "recipients is required",
    hint: "Add «--recipients ada,grace»",
    follow: "notify hello --recipients ada,grace",
  },
  {
    typed: "notify hello ada",
    error: "too many arguments: expected 1, found 2",
    hint: "Did you mean «--recipients ada»?",
    follow: "notify hello --recipients ada",
  },
  {
    typed: "notify hello --to ada",
    error: 'unknown option "--to"',
    hint: "Did you mean «--recipients»?",
    follow: "notify hello --recipients ada",
  },
  {
    typed: "notify hello -r ada, grace",
    error: '--recipients: an ID is empty in "ada,"',
    hint: "without spaces or a comma at the start or end: «--recipients ada,grace»",
    follow: "notify hello --recipients ada,grace",
  },
  {
    typed: "notify hello -r adda",
    exit: 1,
    error: 'recipient "adda" was never identified and received nothing; did you mean "ada"?',
    hint: "Identify recipients with `knock users set <id> --file …`",
    follow: "notify hello -r ada",
  },
  {
    typed: "notify hello -r ada --from Grace",
    error: 'unknown option "--from"',
    hint: "Did you mean «--set from=Grace», or the option --format?",
    follow: "notify hello -r ada --set from=Grace",
  },
  {
    typed: "notify hello -r ada --set from=Grace Hopper",
    error: "too many arguments: expected 1, found 2",
    hint: "Put the value in quotes: «--set 'from=Grace Hopper'»",
    follow: "notify hello -r ada --set 'from=Grace Hopper'",
  },
  {
    typed: "notify hello -r ada --data {from:Grace}",
    error: "--data: invalid JSON: unexpected word (line 1, column 2)",
    hint: 'The shell removed the quotes of the JSON. Quote it: «--data \'{"from":"Grace"}\'»',
    follow: 'notify hello -r ada --data \'{"from":"Grace"}\'',
  },
  {
    typed: "notify hello -r ada --data from:Grace",
    error: "--data: invalid JSON: unexpected word (line 1, column 1)",
    hint: 'Quote it: «--data \'{"from":"Grace"}\'»',
    follow: 'notify hello -r ada --data \'{"from":"Grace"}\'',
  },
  {
    typed: 'notify hello -r ada --data \'{"from":"Grace",}\'',
    error: "unexpected comma before } (line 1, column 17)",
    hint: "Remove the comma before this }.",
    follow: 'notify hello -r ada --data \'{"from":"Grace"}\'',
  },
  {
    typed: "notify hello -r ada --data data.json",
    error: "--data: invalid JSON: unexpected word",
    hint: "Did you mean «--data @data.json»?",
    follow: "notify hello -r ada --data @data.json",
  },
  {
    typed: "notify hello -r ada --data @date.json",
    error: "--data: date.json does not exist",
    hint: "Give the path of a readable UTF-8 text file. Paths are relative to the working directory.",
    follow: "notify hello -r ada --data @data.json",
  },
  {
    typed: "notify hello.json",
    error: '"hello.json" is a file, not the key of a workflow',
    hint: "Did you mean «--file hello.json»?",
    follow: "notify --file hello.json",
  },
  {
    typed: "notify hello -r ada --file data.json",
    error: 'data.json:2:11: unknown key "from"',
    hint: "Did you mean «--data @data.json»? --file reads a whole payload.",
    follow: "notify hello -r ada --data @data.json",
  },
  {
    typed: "notify hello -r ada --wait 10",
    error: '--wait: "10" is not a duration',
    hint: "Add a unit: «10s», 10m, 10h or 10d.",
    follow: "notify hello -r ada --wait 10s",
  },
  {
    typed: "clock advance 2 hours",
    error: "too many arguments: expected 1, found 2",
    hint: 'Did you mean "«2h»"?',
    follow: "clock advance 2h",
  },
  {
    typed: "clock 2h",
    error: 'knock clock has no command "2h"',
    hint: "Did you mean `«knock clock advance 2h»`?",
    follow: "clock advance 2h",
  },
  {
    typed: "clock set tomorrow",
    error: '"tomorrow" is not a time',
    hint: "Use ISO 8601, for example «2030-06-04T10:00:00Z».",
    follow: "clock set 2030-06-04T10:00:00Z",
  },
  {
    typed: "clock set 2030-12-24 09:00",
    error: "too many arguments: expected 1, found 2",
    hint: 'Did you mean "«2030-12-24T09:00»"?',
    follow: "clock set 2030-12-24T09:00",
  },
  {
    typed: "runs list --status done",
    error: '--status: there is no "done"',
    hint: 'Did you mean "«completed»"?',
    follow: "runs list --status completed",
  },
  {
    typed: "runs show 12345678",
    exit: 5,
    error: 'there is no run "12345678"',
    hint: "Run `«knock runs list»` to see the IDs.",
    follow: "runs list",
  },
  {
    typed: "users set ada --email ada@x.org",
    error: 'unknown option "--email"',
    hint: "Did you mean «--set email=ada@x.org»?",
    follow: "users set ada --set email=ada@x.org",
  },
  {
    typed: "users get grace@example.com",
    exit: 5,
    error: 'there is no user "grace@example.com"',
    hint: 'Did you mean "«grace»"?',
    follow: "users get grace",
  },
  {
    typed: "users delete adda",
    exit: 5,
    error: 'there is no user "adda"',
    hint: 'Did you mean "«ada»"?',
    follow: "users get ada",
  },
  {
    typed: "feed ada",
    error: 'knock feed has no command "ada"',
    hint: "Did you mean `«knock feed list ada»`?",
    follow: "feed list ada",
  },
  {
    typed: "preview hello email",
    exit: 5,
    error: 'workflow "hello" has no step "email"',
    hint: 'Did you mean "«email_1»"?',
    follow: "preview hello email_1",
  },
  {
    typed: "preview hello",
    error: 'workflow "hello" has 2 channel steps',
    hint: "Name a step or use «--all»",
    follow: "preview hello --all",
  },
  {
    typed: "test helo",
    exit: 5,
    error: 'there is no file, folder or workflow "helo"',
    hint: 'Did you mean "«hello»"?',
    follow: "test hello",
  },
  {
    typed: "validate knock/workflow",
    exit: 5,
    error: 'there is no workflow "knock/workflow"',
    hint: "Workflows: hello, reminder.",
    follow: "validate hello",
  },
  {
    typed: "notify hello -r ada --env development",
    error: 'unknown option "--env"',
    hint: "Did you mean «--environment»?",
    follow: "notify hello -r ada --environment development",
  },
  {
    typed: "notify hello -r ada --environment staging",
    exit: 5,
    error: 'there is no environment "staging"',
    hint: "Environments: «development».",
    follow: "notify hello -r ada --environment development",
  },
  {
    typed: "notify hello -r ada --remote",
    exit: 4,
    error: "no API key for the remote target",
    hint: "Set KNOCK_API_KEY, or run `knock auth login` to store a key.",
    follow: "notify hello -r ada --local",
  },
  {
    typed: "config set target cloud",
    error: 'target: "cloud" is not a target',
    hint: "Use «local» or remote.",
    follow: "config set target local",
  },
  {
    typed: "notify hello -r ada --project knock",
    exit: 3,
    error: "knock/knock.json does not exist",
    hint: "Did you mean «--project .»?",
    follow: "notify hello -r ada --project .",
  },
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
    typed: "messages list --recipient grace@example.com",
    exit: 5,
    error: 'user "grace@example.com" was never identified',
    hint: 'Did you mean "«grace»"?',
    follow: "messages list --recipient grace",
  },
];

/** Splits a command as a shell does that knows only single quotes. */
const split = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "");

describe("mistakes of a first day", () => {
  it("have a message and a hint, and the command of the hint works", async ({ empty }) => {
    const { knock, write } = await initHello(empty);
    write("knock/workflows/reminder/workflow.json", REMINDER);
    write("data.json", { from: "Grace" });
    write("hello.json", { key: "hello", recipients: ["ada"], data: { from: "Grace" } });
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
