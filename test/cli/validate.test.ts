import { describe, expect } from "vitest";
import type { ProjectFinding } from "../../src/checks/project-finding.js";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

const WORKFLOW = "knock/workflows/order-placed/workflow.json";

/** Changes a JSON file of a sample. */
function edit(sample: Sample, file: string, change: (document: JsonObject) => void): void {
  const document = JSON.parse(sample.read(file)) as JsonObject;
  change(document);
  sample.write(file, JSON.stringify(document, null, 2));
}

/** Adds a first step to a workflow, and properties to its schema. */
function addStep(
  sample: Sample,
  type: string,
  settings: JsonObject,
  properties: JsonObject = {},
  ref = `${type}_9`,
): void {
  edit(sample, WORKFLOW, (workflow) => {
    (workflow.steps as JsonObject[]).unshift({ type, ref, settings });
    const schema = workflow.trigger_data_json_schema as JsonObject;
    schema.properties = { ...(schema.properties as JsonObject), ...properties };
  });
}

async function readFindings(sample: Sample, ...args: string[]): Promise<ProjectFinding[]> {
  const { json } = await sample.knock(["validate", ...args, "--json"]);
  return json.findings as unknown as ProjectFinding[];
}

describe.concurrent("knock validate", () => {
  it("accepts a valid project", async ({ collab }) => {
    const { stdout, exitCode } = await collab.knock(["validate"]);
    expect(stdout).toMatch(/^0 errors, \d+ warnings? in \d+ files$/m);
    expect(exitCode).toBe(0);
  });

  it("reports errors of all files with their locations", async ({ collab }) => {
    edit(collab, WORKFLOW, ({ steps }) => delete (steps as JsonObject[])[0]?.type);
    collab.write("knock/workflows/welcome/email_1/text_body.txt", "Hello\n{% if recipient.name %}");
    collab.write("knock/translations/de/de.json", "{");
    const { stdout, exitCode } = await collab.knock(["validate"]);
    expect(stdout).toMatch(/^knock\/workflows\/order-placed\/workflow\.json:\d+:\d+: error: .*\[workflow_invalid\]$/m);
    expect(stdout).toMatch(/^knock\/workflows\/welcome\/email_1\/text_body\.txt:2:1: error: .*\[template_invalid\]$/m);
    expect(stdout).toMatch(/^knock\/translations\/de\/de\.json:1:\d: error: .*\[project_invalid\]$/m);
    expect(exitCode).toBe(1);
  });

  it("prints findings as JSON", async ({ collab }) => {
    edit(collab, WORKFLOW, (workflow) => {
      workflow.settigns = {};
    });
    const [finding] = (await readFindings(collab)).filter(({ file }) => file === WORKFLOW);
    expect(finding).toMatchObject({
      code: "unknown_key",
      severity: "warning",
      message: 'unknown key "settigns"; did you mean "settings"?',
      line: expect.any(Number),
      column: expect.any(Number),
      pointer: "/settigns",
      docs: "docs/troubleshooting.md#unknown_key",
    });
  });

  it("accepts constant times that are usable now or later", async ({ collab }) => {
    edit(collab, "knock/environment.json", (environment) => {
      environment.variables = {
        ...(environment.variables as JsonObject),
        ends_at: "2999-01-01T00:00:00Z",
        pause: { unit: "days", value: 2 },
        mornings: { frequency: "daily", hours: 9 },
      };
    });
    for (const name of ["ends_at", "pause", "mornings"])
      addStep(collab, "delay", { delay_until_field_path: `vars.${name}` }, {}, `delay_${name}`);
    addStep(collab, "delay", { delay_until_field_path: "recipient.starts_at" }, {}, "delay_recipient");
    const codes = (await readFindings(collab)).map(({ code }) => code);
    expect(codes).not.toContain("unusable_time");
    expect(codes).not.toContain("workflow_invalid");
  });

  it("exits 1 for warnings only with --strict", async ({ collab }) => {
    edit(collab, WORKFLOW, (workflow) => {
      workflow.settigns = {};
    });
    expect((await collab.knock(["validate"])).exitCode).toBe(0);
    expect((await collab.knock(["validate", "--strict"])).exitCode).toBe(1);
  });

  it("checks only the workflows with the given keys", async ({ collab }) => {
    collab.write("knock/workflows/welcome/workflow.json", "{}");
    expect((await collab.knock(["validate", "new-comment"])).exitCode).toBe(0);
    expect((await collab.knock(["validate", "new-comment", "welcome"])).exitCode).toBe(1);
  });

  it("suggests the nearest key for an unknown workflow", async ({ collab }) => {
    const { stderr, exitCode } = await collab.knock(["validate", "new-coment"]);
    expect(stderr).toContain('Did you mean "new-comment"?');
    expect(exitCode).toBe(5);
  });

  it("exits 3 without a project and for an invalid knock.json", async ({ empty, collab }) => {
    expect((await empty.knock(["validate"])).exitCode).toBe(3);
    collab.write("knock.json", "{");
    expect((await collab.knock(["validate"])).exitCode).toBe(3);
  });

  it("reports every template error of a workflow", async ({ collab }) => {
    collab.write("knock/workflows/order-placed/email_1/text_body.txt", "{% if data.order %}");
    edit(collab, WORKFLOW, ({ steps }) => {
      const email = (steps as JsonObject[]).find(({ channel_key }) => channel_key === "sendgrid") as JsonObject;
      Object.assign(email.template as JsonObject, { subject: "{{ data.order | upcse }}" });
    });
    const all = await readFindings(collab, "order-placed");
    const findings = all.filter(({ severity }) => severity === "error");
    expect(findings.map(({ code }) => code)).toEqual(["template_invalid", "template_invalid"]);
    expect(findings.map(({ file }) => file).sort()).toEqual([
      "knock/workflows/order-placed/email_1/text_body.txt",
      WORKFLOW,
    ]);
  });

  it("does not report users who turned a workflow off, or whose messages depend on the data", async ({ collab }) => {
    collab.write("knock.json", '{ "knockDir": "./knock" }');
    const own = {
      id: "nina",
      email: "n@example.com",
      preferences: { default: { workflows: { "storage-low": false } } },
    };
    collab.write("knock/recipients/more.json", JSON.stringify({ users: [own] }));
    const nina = (await readFindings(collab)).filter(({ message }) => message.includes("nina"));
    expect(nina).toEqual([]);
  });

  it("reports an invalid environment once, instead of an error of each workflow", async ({ collab }) => {
    collab.write("knock/environment.json", '{ "chanels": {} }');
    const findings = await readFindings(collab);
    expect(findings).toMatchObject([{ code: "project_invalid", file: "knock/environment.json", line: 1 }]);
  });
});

const COMMENT = "knock/workflows/new-comment/workflow.json";
const STORAGE = "knock/workflows/storage-low/email_1/text_body.txt";

/** Returns the first step of a workflow. */
const firstStep = ({ steps }: JsonObject): JsonObject => (steps as JsonObject[])[0] as JsonObject;

interface Fault {
  /** The change that a person may make by mistake. */
  change(collab: Sample): void;
  code: ProjectFinding["code"];
  file: string;
  message: string;
}

/** Deliberate faults in copies of the sample workflows. */
const FAULTS: Readonly<Record<string, Fault>> = {
  "an unknown step type": {
    change: (collab) =>
      edit(collab, COMMENT, (workflow) => void Object.assign(firstStep(workflow), { type: "chanel" })),
    code: "workflow_invalid",
    file: COMMENT,
    message: "chanel",
  },
  "two steps with one ref": {
    change: (collab) =>
      edit(collab, COMMENT, (workflow) => {
        const ref = firstStep(workflow).ref ?? null;
        (workflow.steps as JsonObject[]).push({
          type: "delay",
          ref,
          settings: { delay_for: { unit: "hours", value: 1 } },
        });
      }),
    code: "workflow_invalid",
    file: COMMENT,
    message: "is already the ref of another step",
  },
  "a template file that does not exist": {
    change: (collab) =>
      edit(collab, COMMENT, (workflow) => {
        (firstStep(workflow).template as JsonObject)["markdown_body@"] = "in_app_feed_1/none.md";
      }),
    code: "workflow_invalid",
    file: COMMENT,
    message: "refers to a file that does not exist",
  },
  "an unclosed tag": {
    change: (collab) => void collab.write(STORAGE, "{% if used %}full"),
    code: "template_invalid",
    file: STORAGE,
    message: "not closed",
  },
  "an unknown filter": {
    change: (collab) => void collab.write(STORAGE, "{{ used | upcse }}"),
    code: "template_invalid",
    file: STORAGE,
    message: "unknown filter: upcse",
  },
  "a misspelled property of the recipient": {
    change: (collab) => void collab.write(STORAGE, "Hello {{ recipient.emial }}"),
    code: "undefined_variable",
    file: STORAGE,
    message: 'recipient.emial is undefined; did you mean "recipient.email"?',
  },
  "a misspelled system name": {
    change: (collab) => void collab.write(STORAGE, "\nHello {{ recipent.name }}"),
    code: "undefined_variable",
    file: STORAGE,
    message: 'recipent.name is undefined; did you mean "recipient.name"?',
  },
  "a misspelled property of the workflow": {
    change: (collab) => void collab.write(STORAGE, "{{ workflow.nme }}{% if workflow.x %}{% endif %}"),
    code: "undefined_variable",
    file: STORAGE,
    message: 'workflow.nme is undefined; did you mean "workflow.name"?',
  },
  "an unknown property of the run": {
    change: (collab) => void collab.write(STORAGE, "{{ run.total_actors }}{{ run.x }}{{ run.y | default: 1 }}"),
    code: "undefined_variable",
    file: STORAGE,
    message: "run.x is undefined; run has total_activities, total_actors",
  },
  "a variable that the schema does not declare": {
    change: (collab) =>
      void collab.write("knock/workflows/order-placed/email_1/text_body.txt", "{{ data.customer_number }}"),
    code: "undefined_variable",
    file: "knock/workflows/order-placed/email_1/text_body.txt",
    message: "data.customer_number is not declared in trigger_data_json_schema",
  },
  "a misspelled channel": {
    change: (collab) =>
      edit(collab, COMMENT, (workflow) => void Object.assign(firstStep(workflow), { channel_key: "in-app-fed" })),
    code: "undeclared_channel",
    file: COMMENT,
    message: 'did you mean "in-app-feed"?',
  },
  "an unknown key": {
    change: (collab) => edit(collab, COMMENT, (workflow) => void Object.assign(workflow, { setings: {} })),
    code: "unknown_key",
    file: COMMENT,
    message: 'unknown key "setings"; did you mean "settings"?',
  },
  "a workflow that triggers itself": {
    change: (collab) => edit(collab, COMMENT, (workflow) => void addCall(workflow, "new-comment")),
    code: "workflow_cycle",
    file: COMMENT,
    message: "starts a cycle: new-comment → new-comment",
  },
  "a step that triggers an unknown workflow": {
    change: (collab) => edit(collab, COMMENT, (workflow) => void addCall(workflow, "welcom")),
    code: "unknown_workflow",
    file: COMMENT,
    message: 'workflow_key is not a workflow: "welcom"; did you mean "welcome"?',
  },
  "a step after branches that all end the run": {
    change: (collab) =>
      edit(collab, COMMENT, (workflow) => {
        const conditions = { all: [{ variable: "data.page", operator: "equal_to", argument: "Home" }] };
        const branches: JsonObject[] = [
          { name: "Home", terminates: true, conditions, steps: [] },
          { name: "Default", terminates: true, steps: [] },
        ];
        (workflow.steps as JsonObject[]).unshift({ type: "branch", ref: "branch_1", branches });
      }),
    code: "unreachable_step",
    file: COMMENT,
    message: 'is never reached, because every branch of step "branch_1" ends the run',
  },
  "a condition on a later step": {
    change: (collab) =>
      edit(collab, COMMENT, (workflow) => {
        const condition = { variable: "refs.email_1.delivery_status", operator: "equal_to", argument: "sent" };
        firstStep(workflow).conditions = { all: [condition] };
      }),
    code: "later_step_ref",
    file: COMMENT,
    message: 'use step "email_1", which does not run before this step',
  },
  "a condition on data that the schema does not declare": {
    change: (collab) =>
      edit(collab, WORKFLOW, (workflow) => {
        firstStep(workflow).conditions = { all: [{ variable: "data.ordr.id", operator: "exists" }] };
      }),
    code: "undefined_variable",
    file: WORKFLOW,
    message: 'reads data.ordr, which is not declared in trigger_data_json_schema; did you mean "data.order"?',
  },
  "a delay until a time that the schema does not declare": {
    change: (collab) =>
      edit(collab, WORKFLOW, (workflow) => {
        const settings = { delay_until_field_path: "data.starts_at" };
        (workflow.steps as JsonObject[]).unshift({ type: "delay", ref: "delay_9", settings });
      }),
    code: "undefined_variable",
    file: WORKFLOW,
    message: "reads data.starts_at, which is not declared",
  },
  "conditions that contradict each other": {
    change: (collab) =>
      edit(collab, COMMENT, (workflow) => {
        const all = ["Home", "About"].map((argument) => ({ variable: "data.page", operator: "equal_to", argument }));
        firstStep(workflow).conditions = { all };
      }),
    code: "impossible_condition",
    file: COMMENT,
    message: 'data.page cannot be both "Home" and "About"',
  },
  "a delay until a variable in the past": {
    change: (collab) => {
      edit(collab, "knock/environment.json", (environment) => {
        environment.variables = { ...(environment.variables as JsonObject), launch_at: "2020-01-01" };
      });
      addStep(collab, "delay", { delay_until_field_path: "vars.launch_at" });
    },
    code: "unusable_time",
    file: WORKFLOW,
    message: 'steps[0].settings.delay_until_field_path is never usable: vars.launch_at ("2020-01-01") is in the past',
  },
  "a delay until a missing variable": {
    change: (collab) => addStep(collab, "delay", { delay_until_field_path: "vars.lunch_at" }),
    code: "unusable_time",
    file: WORKFLOW,
    message: "vars.lunch_at: the value is missing",
  },
  "a batch until a property that is a number": {
    change: (collab) =>
      addStep(collab, "batch", { batch_until_field_path: "ends_at" }, { ends_at: { type: "integer" } }),
    code: "unusable_time",
    file: WORKFLOW,
    message: "ends_at is of type integer, not a time",
  },
  "a throttle until a constant of the schema": {
    change: (collab) =>
      addStep(collab, "throttle", { throttle_window_field_path: "data.day" }, { day: { const: "2021-05-01" } }),
    code: "unusable_time",
    file: WORKFLOW,
    message: 'data.day ("2021-05-01") is in the past',
  },
  "a delay of no time": {
    change: (collab) => addStep(collab, "delay", { delay_for: { unit: "minutes", value: 0 } }),
    code: "empty_window",
    file: WORKFLOW,
    message: "steps[0].settings.delay_for is 0, so the run does not wait",
  },
  "a sliding batch whose window is longer than its limit": {
    change: (collab) =>
      addStep(collab, "batch", {
        batch_window: { unit: "hours", value: 2 },
        batch_window_type: "sliding",
        batch_window_extension_limit: { unit: "hours", value: 1 },
      }),
    code: "window_over_limit",
    file: WORKFLOW,
    message: "steps[0].settings.batch_window is longer than batch_window_extension_limit",
  },
  "a user without an address": {
    change: (collab) => {
      collab.write("knock.json", '{ "knockDir": "./knock" }');
      collab.write("knock/recipients/more.json", '{ "users": [{ "id": "nina", "name": "Nina" }] }');
    },
    code: "silent_drop",
    file: "knock/workflows/storage-low/workflow.json",
    message: "steps can't reach nina and katherine: no email address",
  },
  "a channel that is not configured": {
    change: (collab) => {
      collab.write("knock.json", '{ "knockDir": "./knock" }');
      edit(collab, "knock/environment.json", (environment) => {
        (environment.channels as JsonObject).sendgrid = null;
      });
    },
    code: "silent_drop",
    file: "knock/environment.json",
    message: "channels.sendgrid is null, so the workflow storage-low can't reach",
  },
  "a preference for an unknown category": {
    change: (collab) =>
      edit(collab, "knock/environment.json", (environment) => {
        environment.preferences = { default: { categories: { colab: false } } };
      }),
    code: "unknown_preference_key",
    file: "knock/environment.json",
    message: 'there is no category "colab"; did you mean "collab"?',
  },
  "a sample that does not match the schema": {
    change: (collab) =>
      edit(collab, "payloads/order-placed.json", (payload) => {
        payload.data = {};
      }),
    code: "sample_data_invalid",
    file: "payloads/order-placed.json",
    message: "is required",
  },
  "a text without translation": {
    change: (collab) =>
      edit(collab, "knock/translations/en/en.json", (texts) => void Object.assign(texts, { farewell: "Bye" })),
    code: "missing_translation",
    file: "knock/translations/de/de.json",
    message: "de: no translation of farewell",
  },
  "an unknown time zone": {
    change: (collab) =>
      edit(collab, "knock/environment.json", (environment) => void Object.assign(environment, { timezone: "Mars/X" })),
    code: "suspicious_value",
    file: "knock/environment.json",
    message: "Mars/X",
  },
  "a misspelled key in a scenario": {
    change: (collab) => void collab.write("knock/workflows/invite/a.test.yaml", "workflow: invite\nscenrios: {}\n"),
    code: "scenario_invalid",
    file: "knock/workflows/invite/a.test.yaml",
    message: "scenrios",
  },
  "a misspelled key that one of two keys requires": {
    change: (collab) => addStep(collab, "batch", { batch_windw: { unit: "minutes", value: 5 } }),
    code: "workflow_invalid",
    file: WORKFLOW,
    message: 'unknown key "batch_windw"; did you mean "batch_window"?',
  },
};

function addCall(workflow: JsonObject, workflow_key: string): void {
  (workflow.steps as JsonObject[]).push({ type: "trigger_workflow", ref: "call_1", settings: { workflow_key } });
}

describe.concurrent("knock validate finds", () => {
  it.for(Object.entries(FAULTS))("%s", async ([, { change, ...expected }], { collab }) => {
    change(collab);
    const findings = await readFindings(collab);
    const found = findings.filter(({ code, file }) => code === expected.code && file === expected.file);
    expect(found.map(({ message }) => message).join("\n"), JSON.stringify(findings)).toContain(expected.message);
  });
});

describe.concurrent("knock validate accepts", () => {
  it("the sample projects without errors", async ({ collab, ops, shop, tracker }) => {
    for (const sample of [collab, ops, shop, tracker]) {
      const findings = await readFindings(sample);
      // This payload is an example of data that the schema rejects.
      const expected = findings.filter(({ file }) => file === "payloads/order-placed-invalid.json");
      expect(findings).toEqual(expected);
      expect((await sample.knock(["validate"])).exitCode).toBe(0);
    }
  });

  it.for([
    [
      "knock/workflows/storage-low/workflow.json",
      "{{ data.used | upcas }}",
      "line 1, column 16: unknown filter: upcas",
    ],
    ["knock/workflows/storage-low/workflow.json", "{% if x %}", "line 1, column 1: tag {% if x %} not closed"],
    ["knock/broadcasts/history-launch/broadcast.json", "{{ x | upcas }}", "line 1, column 8: unknown filter: upcas"],
  ] as const)("reports in %s the place of the inline template %s", async ([file, text, problem], { collab }) => {
    const lines = collab.read(file).split("\n");
    const line = lines.findIndex((candidate) => candidate.includes('"subject": '));
    lines[line] = (lines[line] as string).replace(/"subject": ".*"/, `"subject": ${JSON.stringify(text)}`);
    collab.write(file, lines.join("\n"));
    const errors = (await readFindings(collab)).filter(({ severity }) => severity === "error");
    expect(errors).toMatchObject([{ file, line: line + 1, code: "template_invalid" }]);
    expect(errors[0]?.column).toBe((lines[line] as string).indexOf(": ") + 3);
    expect(errors[0]?.message).toMatch(/^step \w+: steps\[\d\]\.template\.subject, line/);
    expect(errors[0]?.message).toContain(problem);
    expect(errors[0]?.pointer).toMatch(/^\/steps\/\d\/template\/subject$/);
  });

  it.for<[file: string, rename: [key: string, typo: string], message: string]>([
    [WORKFLOW, ["channel_key", "chanel_key"], 'steps[0]: unknown key "chanel_key"; did you mean "channel_key"?'],
    ["knock/workflows/welcome/workflow.json", ["type", "tpye"], 'steps[0]: unknown key "tpye"; did you mean "type"?'],
    [WORKFLOW, ["template", "templat"], 'steps[0]: unknown key "templat"; did you mean "template"?'],
    [WORKFLOW, ["steps", "stesp"], 'unknown key "stesp"; did you mean "steps"?'],
    ["knock/workflows/new-comment/workflow.json", ["operator", "operater"], 'unknown key "operater"; did you mean "op'],
    ["knock/guides/history-is-here/guide.json", ["ref", "rfe"], 'unknown key "rfe"; did you mean "ref"?'],
    ["knock/environment.json", ["type", "typ"], 'unknown key "typ"; did you mean "type"?'],
  ])("reports in %s the misspelled required key %j once", async ([file, [key, typo], message], { collab }) => {
    collab.write(file, collab.read(file).replace(`"${key}":`, `"${typo}":`));
    const findings = (await readFindings(collab)).filter((finding) => finding.file === file);
    expect(findings).toMatchObject([{ message: expect.stringContaining(message), severity: "error" }]);
  });
});
