import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const PARCEL = "https://carrier.example.com/parcels/PX-7";

/** Scenarios about promises of `docs/reference/files/scenarios-yaml.md`. `expected` makes each of them fail if it is false. */
const buildScenarios = (isTrue: boolean) => `workflow: new-comment
given:
  time: 2026-02-01T00:00:00Z
  variables: { app_url: https://one.example.com }
  fetch: { answers: [{ url: "${PARCEL}", body: { eta: soon } }, { method: POST, url: "${PARCEL}", status: 201, body: '{"eta":"posted"}' }] }
scenarios:
  given of the file:
    steps:
      - notify: { recipients: [grace], data: { page: Home } }
        expect: { time: ${isTrue ? "2026-02-01T00:00:00Z" : "2026-02-02T00:00:00Z"} }
  given of a scenario takes precedence:
    given: { time: 2026-03-01T00:00:00Z, variables: { app_url: https://two.example.com } }
    steps:
      - notify: { recipients: [mary], data: { page: Home }, settings: { skip_delay: true } }
        expect:
          time: 2026-03-01T00:00:00Z
          messages: [{ to: mary, channel: email, body: { matches: "${isTrue ? "two" : "one"}\\\\.example" } }]
  source events reach mappings and waiting runs:
    steps:
      - source_event: { source: billing, body: { type: plan.changed, id: e1, user_id: grace, plan: gold } }
      - notify: { workflow: plan, recipients: [grace] }
        expect: { messages: [{ to: grace, subject: { equals: "plan ${isTrue ? "gold" : "team"}" } }] }
      - notify: { workflow: wait, recipients: [grace] }
        expect: { no_messages: true, outcomes: { grace: { wait_1: waiting } } }
      - event: { source: billing, event: plan.ended, user: grace }
        expect: { messages: [{ to: grace, channel: in-app-feed }] }
  declared responses:
    steps:
      - notify: { workflow: fetch, recipients: [grace] }
        expect: { messages: [{ to: grace, subject: "${isTrue ? "soon posted" : "soon"}" }] }
  a failure without times fails one delivery:
    given: { failures: [{ channel: email, status: 400 }] }
    steps:
      - notify: { workflow: plan, recipients: [grace] }
        expect: { messages: [{ to: grace, status: undelivered }] }
      - notify: { workflow: plan, recipients: [grace] }
        expect: { messages: [{ to: grace, status: ${isTrue ? "sandboxed" : "undelivered"} }] }
  a failure with a rate fails all deliveries of its share:
    given: { failures: [{ channel: email, error: bounced, rate: 1 }] }
    steps:
      - notify: { workflow: plan, recipients: [grace, mary, alan] }
        expect: { rules: [bounced=${isTrue ? 3 : 2}] }
  \${error} is retried:
    each: [{ error: timeout }, { error: connection }]
    given: { failures: [{ channel: email, error: "\${error}", times: 2 }] }
    steps:
      - notify: { workflow: plan, recipients: [grace] }
        expect: { messages: [{ to: grace, status: queued }] }
      - until_idle: true
      - expect: { messages: [{ to: grace, status: ${isTrue ? "sandboxed" : "queued"} }] }
  a malformed response is not retried:
    given: { failures: [{ channel: email, error: malformed }] }
    steps:
      - notify: { workflow: plan, recipients: [grace] }
        expect: { messages: [{ to: grace, status: ${isTrue ? "undelivered" : "queued"} }] }
  an action is repeated:
    steps:
      - notify: { workflow: plan, recipients: [grace, mary] }
        repeat: 3
        expect: { rules: [sent=6], messages: [{ to: grace, step: email_1, count: ${isTrue ? 3 : 1} }] }
  canceled runs of repetitions are added:
    steps:
      - notify: { workflow: wait, recipients: [grace], cancellation_key: w }
        repeat: 2
      - { cancel: { workflow: wait, cancellation_key: w }, repeat: 2, expect: { canceled: ${isTrue ? 2 : 0} } }
  an element is absent:
    steps:
      - notify: { workflow: plan, recipients: [grace] }
        expect: { messages: [{ to: grace, html: { b: x }, no_html: [${isTrue ? "i" : "b"}] }] }
  engagement:
    steps:
      - notify: { recipients: [grace], data: { page: Home } }
      - mark: { to: grace, step: in_app_feed_1, status: archived }
      - expect: { messages: [{ to: grace, engagement: ${isTrue ? "archived" : "read"} }] }
`;

const buildEmail = (subject: string) => ({
  ref: "email_1",
  type: "channel",
  channel_type: "email",
  channel_key: "sendgrid",
  template: { subject, html_body: "<b>x</b>", settings: {} },
});

const buildFetch = (ref: string, method: string) => ({
  ref,
  type: "http_fetch",
  settings: { method, url: PARCEL, response_path: ref },
});

/** Scenarios whose steps make requests that only `environment.json` allows, without a declared response. */
const UNDECLARED = `workflow: sends
scenarios:
  a fetch step:
    steps: [{ notify: { recipients: [grace] }, expect: { no_messages: true } }]
  an agent step:
    steps: [{ notify: { workflow: asks, recipients: [grace] }, expect: { no_messages: true } }]
  a scenario that allows its request:
    given: { fetch: { allow: ["URL"] }, agent: { url: "URL" } }
    steps:
      - notify: { recipients: [grace] }
        expect: { outcomes: { grace: { sent: passed } } }
      - notify: { workflow: asks, recipients: [grace] }
        expect: { outcomes: { grace: { ai_agent_1: passed } } }
`;

describe.concurrent("the reference of scenarios", () => {
  it("a scenario sends only requests that it allows itself", async ({ collab }) => {
    const requests: string[] = [];
    const server = createServer((request, response) => {
      requests.push(`${request.method} ${request.url}`);
      response.end('{"text":"hi"}');
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    try {
      const environment = JSON.parse(collab.read("knock/environment.json"));
      collab.write("knock/environment.json", {
        ...environment,
        fetch: { allow: [url] },
        agent: { url },
        private_addresses: ["127.0.0.1"],
      });
      const fetch = { ref: "sent", type: "http_fetch", settings: { method: "post", url: `${url}a?b=1` } };
      const agent = {
        ref: "ai_agent_1",
        type: "ai_agent",
        settings: { model: "example:small", request_prompt: "p", response_type: "text" },
      };
      collab.write("knock/workflows/sends/workflow.json", { steps: [fetch] as never });
      collab.write("knock/workflows/asks/workflow.json", { steps: [agent] as never });
      collab.write("requests.test.yaml", UNDECLARED.replaceAll("URL", url));
      const { exitCode, json } = await collab.knock(["test", "requests.test.yaml", "--json"]);
      const [{ scenarios }] = json.files as [{ scenarios: { status: string; error: JsonObject | null }[] }];
      expect(scenarios.map(({ status, error }) => [status, error?.message, error?.hint])).toEqual([
        [
          "broken",
          `no response is declared for POST ${url}a?b=1`,
          `Add to given (in code: to the options of the engine): fetch: { answers: [{ method: POST, url: "${url}a?b=1", body: {} }] }. To send the request, list the URL in given.fetch.allow.`,
        ],
        [
          "broken",
          "no reply is declared for step ai_agent_1",
          'Add to given (in code: to the options of the engine): agent: { answers: [{ step: ai_agent_1, text: "" }] }. To call a model, set given.agent.url.',
        ],
        ["passed", undefined, undefined],
      ]);
      expect(requests).toEqual(["POST /a?b=1", "POST /"]);
      expect(exitCode).toBe(3);
    } finally {
      server.close();
    }
  });

  it("is true, and each expectation fails if its promise is false", async ({ collab }) => {
    const [wait, feed] = [
      {
        ref: "wait_1",
        type: "wait_for_event",
        settings: {
          event: { event_type: "integration_source", integration_source_key: "billing", event_key: "plan.ended" },
        },
      },
      { ref: "feed_1", type: "channel", channel_key: "in-app-feed", template: { markdown_body: "Over" } },
    ];
    const fetch = [
      buildFetch("read", "get"),
      buildFetch("sent", "post"),
      buildEmail("{{ data.read.eta }} {{ data.sent.eta }}"),
    ];
    collab.write("knock/workflows/plan/workflow.json", { steps: [buildEmail("plan {{ recipient.plan }}")] });
    collab.write("knock/workflows/wait/workflow.json", { steps: [wait, feed] as never });
    collab.write("knock/workflows/fetch/workflow.json", { steps: fetch as never });
    collab.write("true.test.yaml", buildScenarios(true));
    collab.write("false.test.yaml", buildScenarios(false));
    const passed = await collab.knock(["test", "true.test.yaml"]);
    expect(passed.stdout).toContain("13 passed  1 file");
    expect(passed.exitCode).toBe(0);
    const failed = await collab.knock(["test", "false.test.yaml", "--json"]);
    expect(failed.json.summary).toMatchObject({ passed: 0, failed: 13, broken: 0 });
  });
});
