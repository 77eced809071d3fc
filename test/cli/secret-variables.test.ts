import { afterEach, beforeEach, expect, it } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { type HttpTestServer, startHttpTestServer } from "../helpers/http-test-server.js";
import { createInProcessSample as createSample } from "../helpers/run-in-process.js";
import type { CommandResult, Sample } from "../helpers/run-knock.js";

/** Contains characters that JSON and URLs encode. */
const TOKEN = 's3cr3t/of "the" api';
/** Parts of the secret, one of which remains in every encoding. */
const FORMS = ["s3cr3t", "the%22", 'the"', 'the\\"'];

let sample: Sample;
let target: HttpTestServer;

beforeEach(async () => {
  target = await startHttpTestServer();
  sample = createSample(null);
  sample.write("knock.json", { knockDir: "./knock" });
  sample.write("knock/recipients/people.json", { users: [{ id: "ada", email: "ada@example.com" }] });
  sample.write("knock/environment.json", {
    variables: { api_token: { value: "$API_TOKEN", secret: true }, region: { value: "eu", secret: false } },
    channels: {
      feed: { type: "in_app_feed" },
      hook: { type: "http", provider: "http_knock_webhook", deliver: true },
    },
    fetch: { allow: [target.url] },
    private_addresses: ["127.0.0.1"],
  });
  sample.write("knock/workflows/sync/workflow.json", {
    name: "Sync",
    steps: [
      {
        ref: "fetch_1",
        type: "http_fetch",
        settings: {
          method: "get",
          url: `${target.url}/items?token={{ vars.api_token | url_encode }}`,
          headers: [{ key: "x-token", value: "{{ vars.api_token }}" }],
        },
      },
      {
        ref: "feed_1",
        type: "channel",
        channel_type: "in_app_feed",
        channel_key: "feed",
        template: { markdown_body: "{{ vars.region }}: {{ vars.api_token }}", action_url: "/" },
      },
      {
        ref: "feed_2",
        type: "channel",
        channel_type: "in_app_feed",
        channel_key: "feed",
        conditions: { all: [{ variable: "vars.api_token", operator: "equal_to", argument: "other" }] },
        template: { markdown_body: "never", action_url: "/" },
      },
      {
        ref: "http_1",
        type: "channel",
        channel_type: "http",
        channel_key: "hook",
        template: {
          method: "post",
          url: `${target.url}/hook`,
          headers: [{ key: "x-signature-of-mine", value: "{{ vars.api_token }}" }],
          body: '{"note": {{ vars.api_token | json }} }',
        },
      },
    ],
  });
});

afterEach(async () => {
  sample.remove();
  await target.close();
});

const run = (args: string[], env: Record<string, string> = { API_TOKEN: TOKEN }): Promise<CommandResult> =>
  sample.knock(args, { env });

function expectScrubbed(text: string): void {
  for (const form of FORMS) expect(text).not.toContain(form);
}

it("E-084 a secret variable is available in templates, and only rendered content contains it", async () => {
  target.respondWith({ json: { ok: true } }, { status: 404, text: `no ${TOKEN}` });
  const { outcome, stderr } = await run(["notify", "sync", "-r", "ada", "--json", "--verbose"]);
  expectScrubbed(JSON.stringify(outcome) + stderr);
  expect(
    outcome.recipients?.[0]?.steps.map(({ ref, outcome: what, reason }) => [ref, what, reason?.code ?? null]),
  ).toEqual([
    ["fetch_1", "passed", null],
    ["feed_1", "sent", null],
    ["feed_2", "skipped", "condition"],
    ["http_1", "failed", "delivery_error"],
  ]);
  expect(target.requests[0]?.headers["x-token"]).toBe(TOKEN);
  expect(target.requests[0]?.path).toContain(encodeURIComponent("s3cr3t/of"));
  expect(target.requests[1]?.json).toEqual({ note: TOKEN });

  const id = outcome.recipients?.[0]?.recipient_run_id as string;
  for (const show of [["--json"], ["--verbose"]]) {
    const shown = await run(["runs", "show", id, ...show]);
    expectScrubbed(shown.stdout + shown.stderr);
    expect(shown.stdout).toContain("[redacted]");
  }
  const [message] = ((await run(["messages", "list", "--channel", "hook", "--json"])).json.items ?? []) as JsonObject[];
  const shown = await run(["messages", "show", String(message?.id)]);
  expect(shown.stdout).toMatch(/requests|\[redacted\]/);
  const deliveries = shown.stdout.slice(shown.stdout.search(/POST|request/));
  expect(deliveries).toContain("[redacted]");

  const feed = (await run(["feed", "list", "ada", "--json"])).json;
  expect(feed.vars).toEqual({ region: "eu" });
  expect(JSON.stringify(feed.items)).toContain("eu: s3cr3t/of");
});

it("a failed fetch and the run's events show the URL without the secret", async () => {
  target.respondWith({ status: 404 });
  const { outcome, stderr } = await run(["notify", "sync", "-r", "ada", "--json", "--verbose"]);
  expectScrubbed(JSON.stringify(outcome) + stderr);
  expect(outcome.recipients?.[0]?.steps[0]?.reason?.detail).toContain("token=[redacted] responded 404");
  const id = outcome.recipients?.[0]?.recipient_run_id as string;
  expectScrubbed((await run(["runs", "show", id, "--json"])).stdout);
});

it("a preview shows the secret only in rendered content", async () => {
  target.respondWith({ status: 404 });
  const fetched = await run(["preview", "sync", "fetch_1", "-r", "ada", "--json"]);
  expectScrubbed(fetched.stdout + fetched.stderr);
  expect(fetched.stdout).toContain("token=[redacted]");
  const content = await run(["preview", "sync", "feed_1", "-r", "ada"]);
  expect(content.stdout).toContain("s3cr3t/of");
});

it("a literal secret is an error, and an unset variable is a warning", async () => {
  target.respondWith({ status: 404 });
  const { stderr } = await run(["notify", "sync", "-r", "ada", "--dry-run"], {});
  expect(stderr).toContain(
    "warning: environment.json: variables.api_token is empty: the environment variable API_TOKEN is not set",
  );
  sample.write("knock/environment.json", { variables: { api_token: { value: "abc", secret: true } } });
  const literal = await run(["notify", "sync", "-r", "ada"]);
  expect(literal.stderr).toContain(
    'variables.api_token.value is secret and must name an environment variable, such as "$API_TOKEN"',
  );
  expect(literal.exitCode).toBe(3);
});

it("a misspelled secret is an error, because its value would be public", async () => {
  sample.write("knock/environment.json", { variables: { api_token: { value: "$API_TOKEN", secrt: true } } });
  const { stderr, exitCode } = await run(["notify", "sync", "-r", "ada"]);
  expect(stderr).toContain('variables.api_token: unknown key "secrt"; did you mean "secret"?');
  expect(exitCode).toBe(3);
});
