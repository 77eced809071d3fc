import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { copyCommandForOthers, makeReadableForOthers } from "../helpers/copy-command-for-others.js";
import { type ExpectedError, expectCommandError } from "../helpers/expect-command-error.js";
import { inProcessTest } from "../helpers/run-in-process.js";
import { cliTest, type Sample } from "../helpers/run-knock.js";

const SEND = ["notify", "new-comment", "-r", "ada", "--set", "page=Home"];

const project = (message: ExpectedError["message"]): ExpectedError => ({ exit: 3, code: "project_invalid", message });
const workflow = (message: ExpectedError["message"], ...pointers: string[]): ExpectedError => ({
  exit: 3,
  code: "workflow_invalid",
  message,
  pointers,
});
const template = (message: ExpectedError["message"], ...pointers: string[]): ExpectedError => ({
  exit: 3,
  code: "template_invalid",
  message,
  pointers,
});

/** Creates a store with a run in it, while the project is still valid. */
async function prepare(sample: Sample): Promise<void> {
  expect((await sample.knock(SEND)).exitCode).toBe(0);
}

const sms = (content: JsonObject): JsonObject => ({
  name: "Odd",
  steps: [{ ref: "sms_1", type: "channel", channel_type: "sms", channel_key: "sms", template: content }],
});

const UNDECLARED_SMS =
  'warning: knock/workflows/odd/workflow.json:8:22: steps[0].channel_key "sms" is not declared in environment.json; it declares in-app-feed, sendgrid, fcm, slack, in-app-guide';

/** Uses a layout that collab does not have. */
const letter: JsonObject = {
  steps: [
    {
      ref: "email_1",
      type: "channel",
      channel_type: "email",
      channel_key: "sendgrid",
      template: { subject: "S", html_body: "B", settings: { layout_key: "fancy" } },
    },
  ],
};

describe.concurrent("an invalid knock.json", () => {
  inProcessTest.for<[content: string, refusal: ExpectedError]>([
    ["{", project("knock.json:1:2: invalid JSON: expected a closing brace")],
    ["", project("knock.json:1:1: invalid JSON: it is empty")],
    ["[]", project("knock.json:1:1: the document must be an object, found a list")],
    ["{}", project("knock.json:1:1: knockDir must be the path")],
    ['{"knockDir":3}', project("knock.json:1:13: knockDir must be the path")],
    ['{"knockDir":"./none"}', project("knockDir in knock.json: the folder none does not exist")],
    ['{"knockDir":"./knock.json"}', project("knockDir in knock.json: the folder knock.json does not exist")],
    ['{"knockDir":"./knock","settings":[]}', project("knock.json:1:34: settings must be an object, found a list")],
    [
      '{"knockDir":"./knock","settings":{"targt":"local"}}',
      project('settings: unknown key "targt"; did you mean "target"?'),
    ],
    ['{"knockDir":"./knock","settings":{"target":7}}', project('settings.target must be "local" or "remote", found 7')],
    [
      '{"knockDir":"./knock","settings":{"target":"cloud"}}',
      project('settings.target must be "local" or "remote", found "cloud"'),
    ],
  ])("is reported: %s", async ([content, refusal], { collab }) => {
    await collab.openStore();
    collab.write("knock.json", content);
    await expectCommandError(collab, SEND, refusal);
  });

  inProcessTest(
    "is reported for a folder in its place, bytes that are not UTF-8, and flags with missing folders",
    async ({ collab }) => {
      await prepare(collab);
      const missing = (message: string): ExpectedError => ({ exit: 3, code: "project_missing", message });
      await expectCommandError(collab, [...SEND, "--project", "none"], missing("none/knock.json does not exist"));
      await expectCommandError(
        collab,
        [...SEND, "--knock-dir", "none"],
        project("--knock-dir: the folder none does not exist"),
      );
      collab.write("knock.json", Buffer.from([0x7b, 0xff, 0x7d]));
      await expectCommandError(collab, SEND, project("knock.json is not valid UTF-8 (first bad byte at offset 1)"));
      mkdirSync(collab.path("other/knock.json"), { recursive: true });
      await expectCommandError(collab, [...SEND, "--project", "other"], project(/other\/knock\.json is a directory/));
    },
  );
});

describe.concurrent("an invalid environment.json", () => {
  inProcessTest.for<[content: string, message: string]>([
    ['{"channels": {', "knock/environment.json:1:15: invalid JSON: expected a closing brace"],
    ["[]", "knock/environment.json:1:1: the document must be an object, found a list"],
    ['{"chanels":{}}', 'unknown key "chanels"; did you mean "channels"?'],
    ['{"channels":[]}', "channels must be an object, found a list"],
    ['{"channels":{"x":{"type":"emial"}}}', "channels.x.type must be"],
    ['{"channels":{"x":{}}}', "channels.x.type"],
    ['{"workflows":{"invite":{"activ":false}}}', 'workflows.invite: unknown key "activ"; did you mean "active"?'],
  ])("is reported: %s", async ([content, message], { collab }) => {
    await collab.openStore();
    collab.write("knock/environment.json", content);
    await expectCommandError(collab, SEND, project(message));
  });
});

describe.concurrent("recipients/*.json", () => {
  inProcessTest.for<[content: string | Uint8Array, message: string]>([
    ["{", "knock/recipients/zz.json:1:2: invalid JSON"],
    ["[]", "knock/recipients/zz.json:1:1: the document must be an object, found a list"],
    ['{"user":[]}', 'unknown key "user"; did you mean "users"?'],
    ['{"users":{}}', "users must be a list, found an object"],
    ['{"users":[{"name":"x"}]}', "users[0].id is required"],
    ['{"users":[{"id":"a/b"}]}', 'users[0].id must not contain "/" or "#"'],
    ['{"users":[{"id":"z","preferences":{"default":3}}]}', "users[0].preferences.default must be an object"],
    ['{"objects":[{"id":"x"}]}', "objects[0].collection is required"],
    ['{"subscriptions":[{"object":"x"}]}', "subscriptions[0]"],
    [Buffer.from('{"users":[{"id":"\xff"}]}', "latin1"), "zz.json is not valid UTF-8 (first bad byte at offset 17)"],
  ])("is reported if invalid: %s", async ([content, message], { collab }) => {
    await collab.openStore();
    collab.write("knock/recipients/zz.json", content);
    await expectCommandError(collab, SEND, project(message));
  });

  inProcessTest(
    "is applied after a change, and does not overwrite what a trigger changed without one",
    async ({ collab }) => {
      await prepare(collab);
      await collab.knock(["notify", "welcome", "-r", '{"id":"ada","email":"new@example.com"}']);
      const address = async (): Promise<string> => {
        await collab.knock(["notify", "invite", "-r", "ada"]);
        const { json } = await collab.knock([
          "messages",
          "--recipient",
          "ada",
          "--channel",
          "sendgrid",
          "--limit",
          "1",
          "--json",
        ]);
        const id = String((json.items as JsonObject[])[0]?.id);
        return /^to: (.+)$/m.exec((await collab.knock(["messages", "show", id])).stdout)?.[1] ?? "";
      };
      expect(await address()).toBe("new@example.com");
      collab.write("knock/recipients/zz.json", { users: [{ id: "ada", email: "newer@example.com" }] });
      expect(await address()).toBe("newer@example.com");
    },
  );
});

describe.concurrent("workflows", () => {
  inProcessTest("exits 6 for an inactive one, and the hint says how to activate it", async ({ ops }) => {
    await expectCommandError(ops, ["notify", "legacy-pager", "-r", "olu"], {
      exit: 6,
      code: "workflow_inactive",
      message: 'workflow "legacy-pager" is not active',
    });
  });

  inProcessTest.for<[name: string, content: string | JsonObject, refusal: ExpectedError]>([
    ["not JSON", '{"name":', workflow("knock/workflows/odd/workflow.json:1:9: invalid JSON")],
    ["a list", "[]", workflow("knock/workflows/odd/workflow.json:1:1: the document must be an object", "")],
    [
      "an unknown step type",
      { name: "x", steps: [{ ref: "a", type: "nope" }] },
      workflow('steps[0].type is not a known step type: "nope"', "/steps/0/type"),
    ],
    [
      "a missing and a duplicate ref",
      {
        name: "x",
        steps: [
          { type: "delay", settings: {} },
          { ref: "a", type: "delay" },
          { ref: "a", type: "delay" },
        ],
      },
      workflow("(and ", "/steps/0/ref", "/steps/2/ref"),
    ],
    [
      "E-305 an undeclared shared request",
      {
        name: "x",
        steps: [{ ref: "f", type: "http_fetch", settings: { method: "get", url: "", reusable_step_key: "k" } }],
      },
      {
        exit: 3,
        code: "workflow_invalid",
        message: 'is not a shared request of this project: "k"',
        pointers: ["/steps/0/settings/reusable_step_key"],
      },
    ],
    [
      "an unclosed output",
      sms({ text_body: "Hi {{ name | " }),
      template(
        'steps[0].template.text_body, line 1, column 4: output "{{ name | " not closed',
        "/steps/0/template/text_body",
      ),
    ],
    [
      "an unclosed tag",
      sms({ text_body: "\n{% if a %}\nb" }),
      template("line 2, column 1: tag {% if a %} not closed", "/steps/0/template/text_body"),
    ],
    [
      "a template outside the project",
      sms({ "text_body@": "../../../../secret.txt" }),
      workflow("leaves the workflow's folder"),
    ],
    [
      "a template in another workflow's folder",
      sms({ "text_body@": "../invite/email_1/text_body.txt" }),
      workflow("leaves the workflow's folder"),
    ],
    ["an absolute template path", sms({ "text_body@": "/etc/hostname" }), workflow("leaves the workflow's folder")],
    [
      "a link that leads outside",
      sms({ "text_body@": "link.txt" }),
      workflow("leaves the workflow's folder through a symbolic link"),
    ],
    [
      "a link to a folder outside",
      sms({ "text_body@": "up/secret.txt" }),
      workflow("leaves the workflow's folder through a symbolic link"),
    ],
    ["a missing template file", sms({ "text_body@": "none.txt" }), workflow("refers to a file that does not exist")],
    ["a folder as a template", sms({ "text_body@": "folder" }), workflow("is a directory, not a file")],
    ["a template that is not UTF-8", sms({ "text_body@": "latin1.txt" }), workflow("is not valid UTF-8")],
    [
      "an unusable schema",
      { ...sms({ text_body: "x" }), trigger_data_json_schema: { $ref: "#/nowhere" } },
      workflow("trigger_data_json_schema"),
    ],
  ])("exits 3 for %s", async ([, content, refusal], { collab }) => {
    writeFileSync(collab.path("../secret.txt"), "SECRET");
    const folder = collab.path("knock/workflows/odd");
    collab.write("knock/workflows/odd/latin1.txt", Buffer.from([0x48, 0xe9]));
    mkdirSync(`${folder}/folder`);
    symlinkSync("../../../../secret.txt", `${folder}/link.txt`);
    symlinkSync("../../../..", `${folder}/up`);
    collab.write("knock/workflows/odd/workflow.json", content);
    const { stderr } = await expectCommandError(collab, ["notify", "odd", "-r", "grace"], refusal);
    expect(stderr).not.toContain("SECRET");
  });

  inProcessTest("reports a folder in place of workflow.json", async ({ collab }) => {
    mkdirSync(collab.path("knock/workflows/odd/workflow.json"), { recursive: true });
    await expectCommandError(
      collab,
      ["notify", "odd", "-r", "ada"],
      workflow("workflow.json is a directory, not a file"),
    );
  });

  inProcessTest("F-026 warns about settings without an effect and runs the workflow", async ({ collab }) => {
    const steps = [
      {
        ref: "sms_1",
        type: "channel",
        channel_type: "sms",
        channel_key: "sms",
        template: { text_body: "Hi", settings: { to_nummer: "1" } },
      },
    ];
    collab.write("knock/workflows/odd/workflow.json", { name: "Odd", steps, catagories: ["a"] });
    const { stdout, stderr, exitCode } = await collab.knock(["notify", "odd", "-r", "grace", "--json"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ summary: { sent: 1 } });
    expect(stderr.split("\n")).toEqual([
      'warning: knock/workflows/odd/workflow.json:12:24: steps[0].template.settings: unknown key "to_nummer"; did you mean "to_number"?',
      'warning: knock/workflows/odd/workflow.json:17:17: unknown key "catagories"; did you mean "categories"?',
      UNDECLARED_SMS,
    ]);
  });

  inProcessTest("warns in notify and preview about text that is the name of a file", async ({ collab }) => {
    collab.write("knock/workflows/odd/workflow.json", sms({ text_body: "sms_1/text_body.txt" }));
    const told =
      'warning: knock/workflows/odd/workflow.json:10:22: steps[0].template.text_body is "sms_1/text_body.txt" itself, not the content of that file; did you mean "text_body@"?';
    for (const command of [
      ["notify", "odd", "-r", "grace"],
      ["preview", "odd"],
    ])
      expect((await collab.knock(command)).stderr.split("\n")).toEqual([told, UNDECLARED_SMS]);
  });

  inProcessTest.for<[name: string, files: Record<string, string | JsonObject>, told: string]>([
    [
      "a duration as text",
      {
        "workflows/odd/workflow.json": {
          steps: [{ ref: "batch_1", type: "batch", settings: { batch_window: "10m" } }],
        },
      },
      'steps[0].settings.batch_window must be an object such as {"unit":"minutes","value":10}, found a string',
    ],
    [
      "an operator of another language",
      { "workflows/odd/workflow.json": { steps: [], conditions: { all: [{ variable: "data.x", operator: "==" }] } } },
      'conditions.all[0].operator is not a known operator: "=="; did you mean "equal_to"?',
    ],
    [
      "a missing layout",
      { "workflows/odd/workflow.json": letter },
      'is not a layout of this project: "fancy"\nhint: Fix the workflow "odd", or run `knock new layout fancy`.',
    ],
    [
      "a layout without its text",
      {
        "workflows/odd/workflow.json": letter,
        "layouts/fancy/layout.json": { html_layout: "<html>{{ content }}</html>" },
      },
      'text_layout is required (a string)\nhint: A layout has two documents: "html_layout@": "html_layout.html" and "text_layout@": "text_layout.txt".',
    ],
    [
      "a layout without content",
      {
        "workflows/odd/workflow.json": letter,
        "layouts/fancy/layout.json": { html_layout: "<html>{{ content }}</html>", text_layout: "plain" },
      },
      "text_layout must print {{ content }}\nhint: Add {{ content }} where the content of the email belongs.",
    ],
  ])("suggests a correction for %s", async ([, files, told], { collab }) => {
    for (const [name, content] of Object.entries(files)) collab.write(`knock/${name}`, content);
    const { stderr, exitCode } = await collab.knock(["notify", "odd", "-r", "grace"]);
    expect(stderr).toContain(told);
    expect(exitCode).toBe(3);
  });

  inProcessTest("runs other workflows next to an invalid one", async ({ collab }) => {
    collab.write("knock/workflows/odd/workflow.json", "{");
    await prepare(collab);
  });
});

describe.concurrent("the store", () => {
  const store = (message: ExpectedError["message"]): ExpectedError => ({ exit: 3, code: "store_unusable", message });

  inProcessTest("leaves a file that is not a database unchanged", async ({ collab }) => {
    await prepare(collab);
    for (const content of ["not a database", "SQLite format 3\0 but not really".padEnd(4_096, "x"), "x"]) {
      collab.write("odd.db", content);
      await expectCommandError(
        collab,
        [...SEND, "--store", "odd.db"],
        store(/odd\.db is (not a store|the database|damaged)|odd\.db/),
      );
      expect(collab.read("odd.db")).toBe(content);
    }
  });

  inProcessTest("leaves a newer version's store unchanged", async ({ collab }) => {
    await prepare(collab);
    const bytes = readFileSync(collab.path(".knock-local/store.db"));
    bytes.writeInt32BE(bytes.readInt32BE(60) + 1, 60);
    collab.write("newer.db", bytes);
    await expectCommandError(collab, [...SEND, "--store", "newer.db"], store("was written by a newer knock"));
    expect(readFileSync(collab.path("newer.db")).equals(bytes)).toBe(true);
  });

  inProcessTest("leaves another program's database unchanged", async ({ collab }) => {
    await prepare(collab);
    const bytes = readFileSync(collab.path(".knock-local/store.db"));
    bytes.writeInt32BE(0x0bad_cafe, 68);
    collab.write("other.db", bytes);
    await expectCommandError(collab, [...SEND, "--store", "other.db"], store("is the database of another program"));
    expect(readFileSync(collab.path("other.db")).equals(bytes)).toBe(true);
  });

  inProcessTest("reports a folder, a path below a file, and a database that is not reachable", async ({ collab }) => {
    await prepare(collab);
    await expectCommandError(collab, [...SEND, "--store", "knock"], store(/knock is a folder, not a file$/));
    await expectCommandError(
      collab,
      [...SEND, "--store", "knock.json/x.db"],
      store(/knock\.json for the store cannot be created: a file is in its place$/),
    );
    await expectCommandError(
      collab,
      [...SEND, "--store", "knock.json"],
      store("is not a store: it is not an SQLite database"),
    );
    await expectCommandError(collab, [...SEND, "--store", "postgres://127.0.0.1:1/x"], {
      exit: 7,
      code: "unreachable",
      message: "is not reachable: connect ECONNREFUSED 127.0.0.1:1",
    });
  });

  cliTest("reports a file or a folder that is not writable or not readable", async ({ collab }) => {
    await prepare(collab);
    const file = collab.path(".knock-local/store.db");
    // File modes do not stop the superuser, so that another user has to run the command.
    const others = process.getuid?.() === 0 ? copyCommandForOthers() : null;
    const user = others === null ? {} : { uid: 65_534, gid: 65_534, bin: join(others, "bin/knock.js") };
    makeReadableForOthers(collab.path(".."));
    chmodSync(collab.path(".knock-local"), 0o755); // readable for its owner only
    try {
      for (const [mode, message] of [
        [0o444, "cannot be written"],
        [0o000, "cannot be read"],
      ] as const) {
        chmodSync(file, mode);
        await expectCommandError(collab, SEND, store(message), user);
      }
      collab.write("knock/other/a.json", "{}");
      chmodSync(collab.path("knock/other"), 0o000);
      await expectCommandError(collab, ["test"], project("knock/other could not be read (EACCES)"), user);
      await expectCommandError(
        collab,
        ["validate", "welcome"],
        project("knock/other could not be read (EACCES)"),
        user,
      );
      chmodSync(collab.path("knock/other"), 0o755);
      chmodSync(collab.dir, 0o700);
      const denied = "knock.json may not be read (permission denied)";
      if (others !== null) {
        await expectCommandError(collab, SEND, { ...project(denied), code: "project_missing" }, user);
        const named = [...SEND, "--project", collab.dir];
        await expectCommandError(collab, named, { ...project(denied), code: "project_missing" }, user);
      }
    } finally {
      if (others !== null) rmSync(others, { recursive: true });
    }
    chmodSync(file, 0o644);
    await expectCommandError(collab, [...SEND, "--store", "/proc/none/x.db"], store("for the store cannot be created"));
  });

  inProcessTest("reports a damaged file in every command", async ({ collab }) => {
    await prepare(collab);
    const bytes = readFileSync(collab.path(".knock-local/store.db"));
    bytes.fill(0x5a, 1_000);
    collab.write(".knock-local/store.db", bytes);
    for (const args of [SEND, ["runs"], ["clock", "advance", "1h"], ["worker", "--once"]]) {
      const { stderr, exitCode } = await collab.knock(args);
      expect(exitCode).toBe(3);
      expect(stderr).toMatch(/^error: .+\nhint: [^\n]+\nmore: knock help error store_unusable$/);
    }
  });
});

describe.concurrent("rejected input", () => {
  inProcessTest("leaves no new store", async ({ collab }) => {
    rmSync(collab.path("knock/workflows/new-comment/in_app_feed_1/markdown_body.md"));
    const { exitCode } = await collab.knock([...SEND, "--store", "deep/er/x.db"]);
    expect(exitCode).toBe(3);
    expect(existsSync(collab.path("deep"))).toBe(false);
  });

  inProcessTest.runIf(process.platform !== "win32")(
    "includes a named pipe as a template, without waiting for it",
    async ({ collab }) => {
      const file = collab.path("knock/workflows/new-comment/in_app_feed_1/markdown_body.md");
      rmSync(file);
      execFileSync("mkfifo", [file]);
      await expectCommandError(collab, SEND, workflow("in_app_feed_1/markdown_body.md is not a regular file"));
    },
  );
});
