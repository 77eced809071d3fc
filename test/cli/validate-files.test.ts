import { describe, expect } from "vitest";
import { getProviderCatalog } from "../../src/providers/catalog.js";
import type { JsonObject } from "../../src/util/json.js";
import { ENVIRONMENT, initHello, RECIPIENTS, WORKFLOW } from "../helpers/hello-project.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const IGNORED =
  "the file is ignored, because the names of scenarios end in .test.yaml, .test.yml or .test.json [ignored_file]";

describe.concurrent("knock validate checks", () => {
  it("repeated keys, and files that look like scenarios", async ({ empty }) => {
    const hello = await initHello(empty);
    hello.write(
      RECIPIENTS,
      '{\n  "users": [{ "id": "ada", "email": "ada@example.com",\n    "email": "a@example.com" }]\n}',
    );
    hello.write(
      "payloads/hello.json",
      '{ "recipients": ["ada"], "data": {"from": "x", "from": "y", "\\u0066rom": {"from": 1} } }',
    );
    hello.write("knock/workflows/hello/hello.yaml", "");
    hello.write("knock/workflows/hello/a/hello_test.json", "{}");
    hello.write("knock/scenarios/a.test.yaml", empty.read("knock/workflows/hello/hello.test.yaml"));
    hello.write("knock/scenarios/b.tests", "");
    for (const other of [
      "scenarios/README.md",
      "workflows/hello/latest.json",
      "other/config.yaml",
      "workflows/hello/.x.yaml",
    ])
      hello.write(`knock/${other}`, "{}");
    expect(await hello.report()).toEqual([
      `${RECIPIENTS}:3:5: the key "email" is repeated, and only its last value is used [duplicate_key]`,
      `knock/scenarios/b.tests:1:1: ${IGNORED}`,
      `knock/workflows/hello/a/hello_test.json:1:1: ${IGNORED}`,
      `knock/workflows/hello/hello.yaml:1:1: ${IGNORED}`,
      `payloads/hello.json:1:48: the key "from" is repeated, and only its last value is used [duplicate_key]`,
      `payloads/hello.json:1:61: the key "from" is repeated, and only its last value is used [duplicate_key]`,
      expect.stringContaining('payloads/hello.json:1:74: data.from must be string, found {"from":1}'),
    ]);
    hello.write(WORKFLOW, empty.read(WORKFLOW).replace('"name"', '"name": "Hi", "name"'));
    expect((await hello.report("hello")).map((line) => line.split(": ")[0])).toEqual([
      "knock/workflows/hello/a/hello_test.json:1:1",
      "knock/workflows/hello/hello.yaml:1:1",
      `${WORKFLOW}:3:17`,
      "payloads/hello.json:1:74",
    ]);
  });

  it("misspelled providers, and those of another channel type, also if the channel does not deliver", async ({
    empty,
  }) => {
    const hello = await initHello(empty);
    const providers = ["twillio", "sms_twillio", "slack", "twilio", "vonage", "sms_sinch", "sms_aws_sns"];
    hello.edit(ENVIRONMENT, ({ channels }) => {
      for (const provider of providers)
        Object.assign(channels as JsonObject, { [`sms-${provider}`]: { type: "sms", provider } });
      Object.assign(channels as JsonObject, {
        ses: { type: "email", provider: "email_ses" },
        sns: { type: "push", provider: "push_aws_sns" },
        "in-app-feed": { type: "in_app_feed", provider: "twillio" },
      });
    });
    const names = getProviderCatalog().flatMap((provider) => (provider.type === "sms" ? provider.names : []));
    const found = `must be a provider for sms (${names.join(", ")}), found`;
    expect((await hello.validate()).map(({ severity, message }) => [severity, message])).toEqual([
      ["error", 'channels.in-app-feed.provider must be in_app_feed_knock or left out, found "twillio"'],
      ["error", `channels.sms-twillio.provider ${found} "twillio"; did you mean "twilio"?`],
      ["error", `channels.sms-sms_twillio.provider ${found} "sms_twillio"; did you mean "sms_twilio"?`],
      ["error", `channels.sms-slack.provider ${found} "slack"`],
    ]);
  });

  it("environments that are not chosen", async ({ empty }) => {
    const hello = await initHello(empty);
    hello.write("knock/environments/production.json", '{ "channels": { "email": { "provider": "sendgird" } } }');
    hello.write("knock/environments/staging.json", '{ "name": "staging", }');
    expect(await hello.report()).toEqual([
      expect.stringMatching(
        /^knock\/environments\/production.json:1:40: channels.email.provider .*did you mean "sendgrid"/,
      ),
      expect.stringMatching(/^knock\/environments\/staging.json:1:22: invalid JSON: unexpected comma before }/),
    ]);
  });

  it("branches with the conditions of an earlier one", async ({ empty }) => {
    const hello = await initHello(empty);
    hello.editWorkflow(({ steps }) => {
      const condition = { variable: "data.from", operator: "equal_to", argument: "x" };
      const { variable, ...rest } = condition;
      const branches: JsonObject[] = [
        { name: "A", conditions: { all: [condition] }, steps: [] },
        { name: "B", conditions: { any: [condition] }, steps: [] },
        { name: "C", conditions: { all: [{ ...rest, variable }] }, steps: [] },
        { name: "Default", steps: [] },
      ];
      steps.push({ ref: "branch_1", type: "branch", branches });
    });
    expect((await hello.validate()).map(({ code, pointer, message }) => [code, pointer, message])).toEqual([
      [
        "unreachable_step",
        "/steps/2/branches/2",
        "steps[2].branches[2] is never taken, because branch 1 has the same conditions",
      ],
    ]);
  });
});
