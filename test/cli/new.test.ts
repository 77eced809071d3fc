import { existsSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect } from "vitest";
import { WORKFLOW_TEMPLATES } from "../../src/features/new/kinds.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { CommandResult, Sample } from "../helpers/run-knock.js";

/** Returns the commands that the last note names. */
const readNextCommands = ({ stderr }: CommandResult): string[] =>
  [...(stderr.split("Next: ")[1] ?? "").matchAll(/`knock ([^`]+)`/g)].map(([, command = ""]) => command);

/** Runs commands as printed, and checks that they succeed without a warning. */
async function runAll(sample: Sample, commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    const { stdout, stderr, exitCode } = await sample.knock(command.split(" "));
    expect({ command, exitCode, warnings: stderr.match(/^(warning|error).*/gm) }, stdout).toEqual({
      command,
      exitCode: 0,
      warnings: null,
    });
  }
}

/** Creates a workflow from each template, and checks all of them as their author would. */
async function createAll(
  sample: Sample,
  templates: readonly string[] = WORKFLOW_TEMPLATES,
  test = "test --quiet",
): Promise<void> {
  const next: string[] = [];
  for (const template of templates) {
    const key = `my-${template}`;
    const created = await sample.knock(["new", "workflow", key, "--template", template]);
    expect([created.exitCode, created.stdout], created.stderr).toEqual([
      0,
      expect.stringContaining(`✓ knock/workflows/${key}/workflow.json\n`),
    ]);
    const commands = readNextCommands(created);
    expect(commands).toEqual([`test ${key}`, `notify --file payloads/${key}.json`]);
    next.push(...commands);
  }
  // The last command tests all scenarios, so one of the others shows that the printed form works.
  await runAll(sample, [...next.slice(0, 1), ...next.filter((command) => command.startsWith("notify"))]);
  await runAll(sample, ["validate --strict --quiet", test]);
}

describe("knock new", () => {
  it("creates workflows whose checks, scenarios and next commands pass in a new project", async ({ empty }) => {
    await empty.knock(["init"]);
    await createAll(empty, WORKFLOW_TEMPLATES, "test --mutate --coverage-threshold 100 --quiet");
    const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strict: false });
    const validate = ajv.compile(JSON.parse(empty.read(".knock-schemas/workflow.schema.json")) as object);
    for (const template of WORKFLOW_TEMPLATES) {
      const document = JSON.parse(empty.read(`knock/workflows/my-${template}/workflow.json`)) as { $schema: string };
      expect([document.$schema, validate(document), validate.errors]).toEqual([
        "../../../.knock-schemas/workflow.schema.json",
        true,
        null,
      ]);
      expect(empty.read(`knock/workflows/my-${template}/my-${template}.test.yaml`)).toMatch(
        /^# yaml-language-server: \$schema=\S+\/scenario\.schema\.json\nworkflow: my-/,
      );
      expect(JSON.parse(empty.read(`payloads/my-${template}.json`))).toMatchObject({ recipients: ["ada"] });
    }
    const { data } = JSON.parse(empty.read("payloads/my-reminder.json")) as { data: { due_at: string } };
    const days = (Date.parse(data.due_at) - Date.now()) / 86_400_000;
    expect([days > 250, days < 365]).toEqual([true, true]);
  });

  it("uses the channels and users of an existing project", async ({ shop }) => {
    await createAll(shop);
    const workflow = shop.read("knock/workflows/my-batch/workflow.json");
    expect(workflow).toContain('"channel_key": "inbox"');
    expect(workflow).toContain('"channel_key": "mail"');
    expect(JSON.parse(shop.read("payloads/my-batch.json"))).toMatchObject({ recipients: ["ines"] });
  });

  it("creates layouts, partials, translations and sources that are valid", async ({ collab }) => {
    for (const args of ["layout promo", "partial card", "translation storage.fr", "translation fr", "source crm"]) {
      const created = await collab.knock(["new", ...args.split(" ")]);
      expect(created.exitCode, created.stderr).toBe(0);
      await runAll(collab, readNextCommands(created));
    }
    await collab.knock(["new", "workflow", "sale", "--template", "blank"]);
    const file = "knock/workflows/sale/workflow.json";
    const body = "knock/workflows/sale/email_1/html_body.html";
    collab.write(file, collab.read(file).replace('"default"', '"promo"'));
    collab.write(body, `${collab.read(body)}{% render "card", title: "Sale" %}\n`);
    const { json, exitCode } = await collab.knock(["validate", "--strict", "--emails", "--json", "sale"]);
    expect([json.findings, exitCode]).toEqual([[], 0]);
    // The texts of the default locale are a start of the translation, so that none is missing.
    expect(JSON.parse(collab.read("knock/translations/fr/storage.fr.json"))).toHaveProperty("left.other");
    const all = await collab.knock(["new", "translation", "it", "--json"]);
    expect(all.json.files).toEqual(["knock/translations/it/it.json", "knock/translations/it/storage.it.json"]);
    expect((await collab.knock(["new", "translation", "fr"])).stderr).toContain("fr.json already exists");
    const { stdout } = await collab.knock(["users", "get", "new-user"]);
    expect(stdout).toContain("new-user@example.com");
  });

  it("prints one document with --json, and nothing but notes with --quiet", async ({ empty }) => {
    await empty.knock(["init"]);
    const { json } = await empty.knock(["new", "workflow", "a", "--json"]);
    expect(json).toEqual({
      files: [
        "knock/workflows/a/workflow.json",
        "knock/workflows/a/email_1/html_body.html",
        "knock/workflows/a/a.test.yaml",
        "payloads/a.json",
      ],
      next: ["knock test a", "knock notify --file payloads/a.json"],
    });
    const { stdout, stderr } = await empty.knock(["new", "source", "crm", "--quiet"]);
    expect([stdout, stderr]).toEqual(["", ""]);
  });

  it("repeats the options that select the project, and never delivers or leaves the local target", async ({
    empty,
  }) => {
    await empty.knock(["init", "app"]);
    const environment = JSON.parse(empty.read("app/knock/environment.json")) as { channels: { email: object } };
    environment.channels.email = {
      ...environment.channels.email,
      deliver: true,
      provider: "smtp",
      settings: { host: "127.0.0.1" },
    };
    empty.write("app/knock/environment.json", JSON.stringify(environment));
    empty.write("app/knock.json", { knockDir: "./knock", settings: { target: "remote" } });
    const { json } = await empty.knock(["new", "workflow", "a", "--project", "app", "--json"]);
    expect(json.next).toEqual([
      "knock test a --project app",
      "knock notify --file app/payloads/a.json --sandbox-mode --local --project app",
    ]);
    await runAll(
      empty,
      (json.next as string[]).map((command) => command.replace("knock ", "")),
    );
  });

  it("reports what is wrong before it writes anything", async ({ empty }) => {
    const cases: [args: string, error: string, hint: string][] = [
      ["workflow a", "no knock.json in this folder", "knock init"],
      ["workflow New_Follower!", '"New_Follower!" is not a valid key of a workflow', 'Did you mean "new_follower"?'],
      ["workflow hello", "knock/workflows/hello/workflow.json already exists", "Use another key"],
      ["workflow a --template batc", '--template: there is no "batc"', 'Did you mean "batch"?'],
      ["layout a --template batch", "--template is only for workflows", "Run `knock new layout a` without it."],
      ["workflw a", '<kind>: there is no "workflw"', 'Did you mean "workflow"?'],
      ["translation ../en", '"../en" is not a valid name of a translation file', "emails.de"],
      ["translation e1", '"e1" is not a valid name', "Use a locale such as de"],
      ["workflow", 'missing required argument "key"', "knock new workflow"],
      [
        "workflow a --template batch",
        "knock/environment.json declares no channel of type in_app_feed and email, which the template needs",
        'Add "in-app-feed": {"type":"in_app_feed"}, "email": {"type":"email"} to "channels" in this file',
      ],
    ];
    for (const [args, error, hint] of cases) {
      const { stdout, stderr, exitCode } = await empty.knock(["new", ...args.split(" ")]);
      expect.soft([stdout, exitCode === 0], args).toEqual(["", false]);
      expect.soft(stderr, args).toContain(error);
      expect.soft(stderr, args).toContain(hint);
      if (!existsSync(empty.path("knock.json"))) await empty.knock(["init"]);
      if (args === "workflow") empty.write("knock/environment.json", { channels: { sms: { type: "sms" } } });
    }
    for (const name of ["payloads", "knock/workflows/a", "knock/layouts", "knock/translations"])
      expect(existsSync(empty.path(name)), name).toBe(false);
  });

  it("keeps a channel of the template in a project that declares none", async ({ empty }) => {
    empty.write("knock.json", { knockDir: "./knock" });
    empty.write("knock/README.md", "");
    await createAll(empty, ["blank"]);
    expect(empty.read("knock/workflows/my-blank/workflow.json")).toContain('"channel_key": "email"');
    expect(JSON.parse(empty.read("payloads/my-blank.json"))).toMatchObject({ recipients: [{ id: "ada" }] });
  });
});
