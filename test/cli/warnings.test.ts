import { existsSync } from "node:fs";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { createInProcessSample as createSample, inProcessTest } from "../helpers/run-in-process.js";
import { cliTest, type Sample } from "../helpers/run-knock.js";

const BODY = "knock/workflows/new-comment/email_1/html_body.html";
const FEED = "knock/workflows/new-comment/in_app_feed_1/markdown_body.md";
const COMMENT = ["notify", "new-comment", "-r", "ada", "-r", "grace", "--actor", "alan", "--set", "page=Home"];

function changeJson(sample: Sample, file: string, change: (content: JsonObject) => void): void {
  const content = JSON.parse(sample.read(file)) as JsonObject;
  change(content);
  sample.write(file, content);
}

const collectWarnings = (stderr: string): string[] => stderr.split("\n").filter((line) => line.startsWith("warning: "));

describe.concurrent("likely misspelled keys of the data", () => {
  inProcessTest("cause a warning, and with --strict an error", async ({ collab }) => {
    const warning = `workflow "new-comment": data.page_ulr is not in trigger_data_json_schema; did you mean "page_url"?`;
    const notify = [...COMMENT, "--set", "page_ulr=https://example.com"];
    changeJson(collab, "knock/workflows/new-comment/workflow.json", ({ trigger_data_json_schema: schema }) => {
      delete (schema as JsonObject).additionalProperties;
    });
    const triggered = await collab.knock(notify);
    expect([triggered.exitCode, collectWarnings(triggered.stderr)]).toEqual([0, [`warning: ${warning}`]]);
    const strict = await collab.knock([...notify, "--strict"]);
    expect([strict.exitCode, strict.stderr]).toEqual([3, expect.stringContaining(`error: ${warning}`)]);
  });
});

describe.concurrent("likely misspelled template variables", () => {
  inProcessTest(
    "cause one warning per step when a workflow is triggered, for all recipients together",
    async ({ collab }) => {
      collab.write(
        BODY,
        "<p>{{ recipent.name }} {{ recipient.nmae }}</p>\n<p>{{ vars.app_ulr }}{{ recipient.nickname }}</p>\n",
      );
      collab.write(FEED, "{{ data.pgae }}{% assign x = page %}{{ x }}{{ comment }}\n");
      const { stderr, stdout, exitCode } = await collab.knock(COMMENT);
      expect(collectWarnings(stderr)).toEqual([
        `warning: workflow "new-comment": step in_app_feed_1: ${FEED}:1:4: data.pgae is undefined; did you mean "data.page"?`,
        `warning: workflow "new-comment": step email_1: ${BODY}:1:7: recipent.name is undefined; did you mean "recipient.name"?; ${BODY}:1:27: recipient.nmae is undefined; did you mean "recipient.name"?; ${BODY}:2:7: vars.app_ulr is undefined; did you mean "vars.app_url"?`,
      ]);
      expect(stdout).toContain("2 waiting");
      expect(exitCode).toBe(0);
    },
  );

  inProcessTest.for([false, true])(
    "are reported after a batch, also if the schema allows other data (%s)",
    async (additionalProperties, { collab }) => {
      const text =
        "{{ data.form }} {{ form }} {{ reciipient.name }} {{ total_activites }}{% for activity in activities %}{{ activity.fom }}{% endfor %}{{ data.from }}";
      collab.write("knock/workflows/photo-liked/workflow.json", {
        name: "Photo liked",
        trigger_data_json_schema: { type: "object", properties: { from: { type: "string" } }, additionalProperties },
        steps: [
          { ref: "batch_1", type: "batch", settings: { batch_window: { unit: "minutes", value: 10 } } },
          { ref: "in_app_feed_1", type: "channel", channel_key: "in-app-feed", template: { markdown_body: text } },
        ],
      });
      const suggestions = ["data.from", "from", "recipient.name", "total_activities", "activity.from"];
      const findSuggestions = (stderr: string): string[] =>
        [...stderr.matchAll(/ is undefined; did you mean "([^"]+)"\?/g)].map(([, name = ""]) => name);
      const { stdout } = await collab.knock(["validate", "photo-liked"]);
      expect(findSuggestions(stdout)).toEqual(suggestions);
      const flags = ["-r", "ada", "--set", "from=Bo"];
      const { stderr } = await collab.knock(["notify", "photo-liked", ...flags]);
      expect(findSuggestions(stderr)).toEqual(suggestions);
      const strict = await collab.knock(["preview", "photo-liked", "in_app_feed_1", "--strict", ...flags]);
      expect(findSuggestions(strict.stderr)).toEqual(suggestions);
      expect(strict.exitCode).toBe(3);
    },
  );

  inProcessTest("names both sides if only the data has the similar name", async ({ collab }) => {
    collab.write("knock/workflows/plain/workflow.json", {
      name: "Plain",
      steps: [
        {
          ref: "in_app_feed_1",
          type: "channel",
          channel_key: "in-app-feed",
          template: { markdown_body: "{{ data.post_title }} {{ post_title }}" },
        },
      ],
    });
    const { stderr } = await collab.knock(["notify", "plain", "-r", "ada", "--set", "post_tilte=Hello"]);
    expect(stderr).toContain('the template reads "data.post_title", and the data has "post_tilte"');
    expect(stderr).toContain('the template reads "post_title", and the data has "post_tilte"');
  });

  inProcessTest("--dry-run prints the warnings of the run, and creates no store", async ({ collab }) => {
    collab.write(BODY, "{{ recipient.nmae }}");
    changeJson(collab, "knock/workflows/new-comment/workflow.json", (workflow) => {
      (workflow.steps as JsonObject[])[0] = { ...(workflow.steps as JsonObject[])[0], colour: "red" };
    });
    const args = ["notify", "new-comment", "-r", "ada,graec", "--set", "page=Home", "--tenant", "globx"];
    const dry = await collab.knock([...args, "--dry-run"]);
    expect(existsSync(collab.path(".knock-local"))).toBe(false);
    const run = await collab.knock(args);
    const inOrder = (stderr: string) =>
      collectWarnings(stderr)
        .map((line) =>
          line.replace(
            /did not exist and was created|does not exist and would be created|(?:would receive|received) nothing/,
            "…",
          ),
        )
        .sort();
    expect(inOrder(dry.stderr)).toEqual(inOrder(run.stderr));
    expect(collectWarnings(dry.stderr)).toHaveLength(4);
    expect(dry.exitCode).toBe(0);
  });

  inProcessTest("--dry-run uses changed recipients files without a change of the store", async ({ collab }) => {
    await collab.openStore();
    const before = collab.storeDigest();
    collab.write("knock/recipients/more.json", { users: [{ id: "zoe", name: "Zoe", team: "red" }] });
    collab.write(BODY, "{{ recipient.taem }}");
    const { stderr } = await collab.knock(["notify", "new-comment", "-r", "zoe", "--set", "page=Home", "--dry-run"]);
    expect(collectWarnings(stderr)).toEqual([
      `warning: workflow "new-comment": step email_1: ${BODY}:1:4: recipient.taem is undefined; did you mean "recipient.team"?`,
    ]);
    expect(collab.storeDigest()).toBe(before);
  });

  inProcessTest("--strict makes them an error, and nothing is triggered", async ({ collab }) => {
    collab.write(BODY, "{{ recipient.nmae }}");
    const { stderr, stdout, exitCode } = await collab.knock([...COMMENT, "--strict"]);
    expect(stderr).toContain(
      'recipient.nmae is undefined; did you mean "recipient.name"? (--strict treats warnings as errors)',
    );
    expect([stdout, exitCode]).toEqual(["", 3]);
    const { json } = await collab.knock(["runs", "--json"]);
    expect(json.items).toEqual([]);
    const dry = await collab.knock([...COMMENT, "--strict", "--dry-run", "--json"]);
    expect([dry.exitCode, dry.error.code]).toEqual([3, "warning"]);
  });

  inProcessTest("preview --strict fails for them", async ({ collab }) => {
    collab.write(BODY, "{{ recipient.nmae }}");
    const args = ["preview", "new-comment", "email_1", "-r", "ada", "--set", "page=Home"];
    expect((await collab.knock(args)).exitCode).toBe(0);
    const strict = await collab.knock([...args, "--strict"]);
    expect(strict.stderr).toContain(`error: email_1: ${BODY}:1:4: recipient.nmae is undefined`);
    expect(strict.exitCode).toBe(3);
  });
});

describe.concurrent("sample projects", () => {
  const file = (name: string): string[] => ["--file", `payloads/${name}`];
  inProcessTest.each<[sample: "collab" | "ops" | "shop", args: string[]]>([
    ["collab", file("new-comment.json")],
    ["collab", file("invite.json")],
    ["collab", file("order-placed.json")],
    ["collab", file("welcome-new-user.json")],
    ["collab", file("triggers.jsonl")],
    ["ops", file("incident.json")],
    ["ops", file("incident-closed.json")],
    ["ops", file("maintenance-reminder.json")],
    ["ops", file("triggers.jsonl")],
    ["shop", ["order-shipped", ...file("order-shipped.json")]],
    ["shop", ["spring-sale", ...file("spring-sale.json")]],
    ["shop", ["review-summary", "-r", "ines"]],
    ["shop", ["win-back", "-r", "ines"]],
    ["shop", ["survey", "-r", "ines"]],
    ["shop", ["club-welcome", "-r", "ines"]],
  ])("%s prints no warning for notify %j", async (name, args) => {
    const sample = createSample(name);
    try {
      const dry = await sample.knock(["notify", ...args, "--dry-run"]);
      expect(dry.stderr).toBe("");
      expect(collectWarnings((await sample.knock(["notify", ...args])).stderr)).toEqual([]);
    } finally {
      sample.remove();
    }
  });
});

describe.concurrent("project files", () => {
  inProcessTest("cause a warning for an undeclared channel with the nearest name", async ({ shop }) => {
    const workflow = "knock/workflows/order-shipped/workflow.json";
    shop.write(workflow, shop.read(workflow).replace('"channel_key": "mail"', '"channel_key": "emial"'));
    const args = ["notify", "order-shipped", "--file", "payloads/order-shipped.json", "--dry-run"];
    const { stderr } = await shop.knock(args);
    expect(collectWarnings(stderr).join()).toMatch(
      /channel_key "emial" is not declared in environment.json; did you mean "mail", its only email channel\?/,
    );
  });

  inProcessTest(
    "F-026 cause warnings for unknown keys of audiences, layouts and partials with their location and the nearest key",
    async ({ shop }) => {
      shop.write(
        "knock/audiences/vip/audience.json",
        '{ "name": "VIP",\n  "type": "dynamic",\n  "segments": [{ "conditons": [], "conditions": [{ "property": "plan", "operator": "exists" }] }] }',
      );
      const layout = JSON.parse(shop.read("knock/layouts/default/layout.json")) as JsonObject;
      shop.write("knock/layouts/default/layout.json", { ...layout, branding_overrides: { primary_colour: "#fff" } });
      shop.write("knock/partials/sign-off/partial.json", { type: "text", content: "Bye", contents: "x" });
      const { stderr } = await shop.knock([
        "notify",
        "spring-sale",
        "-r",
        '{"id":"x","email":"x@lark.test"}',
        "--dry-run",
      ]);
      for (const [place, sentence] of [
        ["audiences/vip/audience.json:3:31", 'segments[0]: unknown key "conditons"; did you mean "conditions"?'],
        [
          "layouts/default/layout.json:16:23",
          'branding_overrides: unknown key "primary_colour"; did you mean "primary_color"?',
        ],
        ["partials/sign-off/partial.json:4:15", 'unknown key "contents"; did you mean "content"?'],
      ])
        expect(stderr.split("\n")).toContain(`warning: knock/${place}: ${sentence}`);
    },
  );

  inProcessTest(
    "cause warnings for misspelled properties and unknown time zones of recipients with their location",
    async ({ collab }) => {
      collab.write(
        "knock/recipients/zz.json",
        '{ "users": [\n  { "id": "zoe", "emial": "zoe@example.com", "timezone": "Europe/Londn", "game": "chess" }\n] }',
      );
      const colors = { primaryColor: "#fff", primary_color_contrast: "#000" };
      collab.write(
        "knock/recipients/zzz.json",
        JSON.stringify({
          users: [
            { id: "yan", phone: "+12025550101", branding: {} },
            { id: "yo", phone: "x", phone_number: "+12025550101" },
          ],
          tenants: [
            { id: "t1", branding: colors },
            { id: "t2", settings: { branding: { ...colors, logo: "l" } } },
          ],
        }),
      );
      changeJson(collab, "knock/environment.json", (environment) => {
        environment.branding = { primaryColor: "#fff", own: 1 };
      });
      const expected = [
        'warning: knock/environment.json:54:21: branding.primaryColor has no effect; did you mean "primary_color"?',
        'warning: knock/recipients/zz.json:2:27: users[0].emial is a custom property without an effect; did you mean "email"?',
        'warning: knock/recipients/zz.json:2:58: users[0].timezone "Europe/Londn" is not a known time zone; did you mean "Europe/London"?',
        'warning: knock/recipients/zzz.json:1:31: users[0].phone is a custom property without an effect; did you mean "phone_number"?',
        'warning: knock/recipients/zzz.json:1:149: tenants[0].branding is a custom property without an effect; did you mean "settings.branding"?',
        'warning: knock/recipients/zzz.json:1:256: tenants[1].settings.branding.primaryColor has no effect; did you mean "primary_color"?',
        'warning: knock/recipients/zzz.json:1:302: tenants[1].settings.branding.logo has no effect; did you mean "logo_url"?',
      ];
      const dry = await collab.knock([...COMMENT, "--dry-run"]);
      expect(collectWarnings(dry.stderr)).toEqual(expected);
      expect(collectWarnings((await collab.knock(COMMENT)).stderr)).toEqual(expected);
      const strict = await collab.knock([...COMMENT, "--strict"]);
      expect(strict.stderr).toContain("error: 7 warnings (--strict treats warnings as errors)");
      expect(strict.exitCode).toBe(3);
    },
  );

  inProcessTest(
    "cause a warning for an unknown time zone of the environment, as does an inline recipient",
    async ({ collab }) => {
      changeJson(collab, "knock/environment.json", (environment) => {
        environment.timezone = "Europe/Pariss";
      });
      const inline = '{"id":"zoe","email":"zoe@example.com","timezone":"Mars/Olympus"}';
      const { stderr } = await collab.knock(["notify", "new-comment", "-r", inline, "--set", "page=Home", "--dry-run"]);
      expect(collectWarnings(stderr)).toEqual([
        'warning: recipient "zoe": timezone "Mars/Olympus" is not a known time zone; use an IANA name such as "Europe/Paris"',
        'warning: knock/environment.json:3:15: timezone "Europe/Pariss" is not a known time zone; did you mean "Europe/Paris"?',
      ]);
    },
  );
});

describe.concurrent("knock dev", () => {
  cliTest("--strict does not start if a file has a warning", async ({ collab }) => {
    collab.write("knock/recipients/zz.json", { users: [{ id: "zoe", timezone: "Europe/Londn" }] });
    const { exitCode, stderr, stdout } = await collab.knock(["dev", "--port", "0", "--strict", "--exec", "echo ran"]);
    expect(stderr).toContain('did you mean "Europe/London"?');
    expect(exitCode).toBe(3);
    expect(stdout).toBe("");
  });

  cliTest(
    "writes misspelled variables to the request log, and rejects the trigger with --strict",
    async ({ collab }) => {
      collab.write(BODY, "{{ recipient.nmae }}");
      const trigger = `curl -s -X POST "$KNOCK_BASE_URL/v1/workflows/new-comment/trigger" -H "Authorization: Bearer $KNOCK_API_KEY" -H 'Content-Type: application/json' -d '{"recipients":["ada"],"data":{"page":"Home"}}'`;
      const logged = await collab.knock(["dev", "--port", "0", "--verbose", "--exec", trigger]);
      expect(logged.stderr).toContain(
        `warning: workflow "new-comment": step email_1: ${BODY}:1:4: recipient.nmae is undefined; did you mean "recipient.name"?`,
      );
      expect(logged.json).toHaveProperty("workflow_run_id");
      const strict = await collab.knock(["dev", "--port", "0", "--strict", "--exec", trigger]);
      expect(strict.json).toMatchObject({
        status: 422,
        message: expect.stringContaining("recipient.nmae is undefined"),
      });
    },
  );
});
