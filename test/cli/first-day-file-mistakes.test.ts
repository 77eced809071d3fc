import { describe, expect } from "vitest";
import { initHello, RECIPIENTS, WORKFLOW } from "../helpers/hello-project.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const SCENARIO = "knock/workflows/hello/hello.test.yaml";
const scenario = (...lines: string[]): string => ["workflow: hello", "scenarios:", ...lines].join("\n");
const workflow = (step: string): string =>
  `{ "name": "Hello", "steps": [${step}, { "ref": "in_app_feed_1", "type": "channel", "channel_type": "in_app_feed", "channel_key": "in-app-feed", "template": { "markdown_body": "Hello" } }] }`;
const EMAIL_STEP =
  '{ "ref": "email_1", "type": "channel", "channel_type": "email", "channel_key": "email", "template": { "subject": "Hi", "html_body": "<p>Hi</p>", "settings": { "layout_key": "fancy" } } }';

interface Mistake {
  mistake: string;
  /** The file with its content. */
  file: string;
  text: string;
  command: string;
  exit?: number;
  /** Parts of the output. */
  expected: string[];
  /** The fix that the output suggests: texts to replace in the file, or a command to run. After that, the command succeeds. */
  fix: [from: string, to: string][] | string;
}

const MISTAKES: Mistake[] = [
  {
    mistake: "other names of the keys of an expected message",
    file: SCENARIO,
    text: scenario(
      "  a:",
      "    steps:",
      "      - notify: { recipients: [ada] }",
      '        expect: { messages: [{ recipient: ada, channel: email, title: "Hello, Ada" }] }',
    ),
    command: "test hello",
    exit: 3,
    expected: ['unknown key "recipient"; did you mean "to"?', 'unknown key "title"; did you mean "subject"?'],
    fix: [
      ["recipient:", "to:"],
      ["title:", "subject:"],
    ],
  },
  {
    mistake: "a short unit",
    file: WORKFLOW,
    text: workflow('{ "ref": "d", "type": "delay", "settings": { "delay_for": { "unit": "mins", "value": 5 } } }'),
    command: "validate hello",
    expected: ['found "mins"; did you mean "minutes"?'],
    fix: [["mins", "minutes"]],
  },
  {
    mistake: "the limit of a throttle",
    file: WORKFLOW,
    text: workflow(
      '{ "ref": "t", "type": "throttle", "settings": { "limit": 2, "throttle_window": { "unit": "days", "value": 1 } } }',
    ),
    command: "validate hello --strict",
    expected: ['unknown key "limit"; did you mean "throttle_limit"?'],
    fix: [['"limit"', '"throttle_limit"']],
  },
  {
    mistake: "a table whose rows have the same name",
    file: SCENARIO,
    text: scenario(
      "  sends to ${user}:",
      "    each:",
      "      - { user: ada, channel: email }",
      "      - { user: ada, channel: in-app }",
      "    steps:",
      "      - notify: { recipients: ['${user}'] }",
      "        expect: { messages: [{ to: ada }] }",
    ),
    command: "test hello",
    exit: 3,
    expected: ['the second scenario with the name "sends to ada". Use ${column} in the name'],
    fix: [
      ["sends to ${user}", "sends to ${user} by ${channel}"],
      ["{ to: ada }", "{ to: ada, channel: '${channel}' }"],
    ],
  },
  {
    mistake: "one token of a push channel",
    file: RECIPIENTS,
    text: '{ "users": [{ "id": "ada", "channel_data": { "email": { "token": "t1" } } }] }',
    command: "validate",
    expected: ['token must be an object, found a string; did you mean "tokens", the list of a push channel?'],
    fix: [['"token": "t1"', '"tokens": ["t1"]']],
  },
  {
    mistake: "a comma after a comma",
    file: RECIPIENTS,
    text: '{ "users": [{ "id": "ada",, "name": "Ada" }] }',
    command: "notify hello -r ada",
    exit: 3,
    expected: [`${RECIPIENTS}:1:27: invalid JSON: unexpected comma`, "hint: Remove this comma."],
    fix: [[",,", ","]],
  },
  {
    mistake: "a layout that does not exist",
    file: WORKFLOW,
    text: workflow(EMAIL_STEP),
    command: "validate hello",
    expected: ['is not a layout of this project: "fancy"', "or run `knock new layout fancy`"],
    fix: "new layout fancy",
  },
];

describe("mistakes of a first day in files", () => {
  it.for(MISTAKES)("have a hint that works: $mistake", async (given, { empty }) => {
    const { file, text, command, exit = 1, expected, fix } = given;
    const { knock, write } = await initHello(empty);
    write(file, text);
    const { stdout, stderr, exitCode } = await knock(command.split(" "));
    for (const part of expected) expect.soft(`${stdout}\n${stderr}`).toContain(part);
    expect.soft(exitCode).toBe(exit);
    if (typeof fix === "string") await knock(fix.split(" "));
    else
      write(
        file,
        fix.reduce((before, [from, to]) => before.replace(from, to), text),
      );
    expect(await knock(command.split(" "))).toMatchObject({ exitCode: 0 });
  });

  it("include kinds of resources that knock new does not create", async ({ empty }) => {
    const { knock } = await initHello(empty);
    const { stderr, exitCode } = await knock(["new", "channel", "sms"]);
    expect(stderr).toContain("hint: Channels are defined in environment.json. Run `knock channels list` to see them.");
    expect(exitCode).toBe(2);
    expect((await knock(["new", "workflw", "w"])).stderr).toContain('hint: Did you mean "workflow"?');
  });
});
