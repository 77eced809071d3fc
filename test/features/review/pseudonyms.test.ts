import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openProjectApi, type ProjectApi, readProjectFiles } from "../../helpers/project-emulator.js";
import { runInProcess } from "../../helpers/run-in-process.js";
import { PullRequestProject } from "./pull-request-project.js";
import { PULL_REQUESTS } from "./pull-requests.js";

const ZOE = { id: "zoe-17", name: "Zoe Quillon", email: "zoe.quillon@private.test", phone_number: "+15550107777" };
const MAX = { id: "max-42", name: "Max Arbiter", email: "max.arbiter@private.test", phone_number: "+15550108888" };
/** Everything that identifies them, in any spelling. */
const PERSONAL = /zoe|quillon|max-?42|arbiter|private\.test|0107777|0108888/i;

let project: PullRequestProject;
let api: ProjectApi;

const trigger = (person: typeof ZOE) => ({ recipients: [person], data: { order: `the order of ${person.name}` } });

beforeAll(async () => {
  project = new PullRequestProject();
  const files = Object.entries(readProjectFiles(project.root)).filter(([path]) => !path.startsWith(".git"));
  api = await openProjectApi(Object.fromEntries(files), { isComplete: true });
  // The API shows the data of a trigger with its messages, which this workflow sends at once.
  await api.request("POST /v1/workflows/payment/trigger", trigger(MAX));
  const payload = JSON.stringify(trigger(ZOE).recipients);
  const { PATH = "" } = process.env;
  const { exitCode, stderr } = await runInProcess({
    args: ["notify", "order-shipped", "-r", payload, "-d", JSON.stringify(trigger(ZOE).data)],
    cwd: project.root,
    env: { PATH },
  });
  if (exitCode !== 0) throw new Error(stderr);
  PULL_REQUESTS["subject edited"](project);
  PULL_REQUESTS["channel removed"](project);
  project.replace("knock/workflows/payment/workflow.json", "recipient.name }}", "recipient.name }} ({{ data.order }})");
});
afterAll(async () => {
  await api.close();
  project.remove();
});

describe("recipients of a store and of an account", () => {
  it.each(["text", "markdown", "json"])("have pseudonyms in %s and in the page", async (format) => {
    const page = project.path("review.html");
    const { stdout, stderr, exitCode } = await project.review(["--remote", "--format", format, "--html", page], {
      KNOCK_BASE_URL: api.url,
      KNOCK_API_KEY: "sk_test_0123456789abcdefghij",
    });
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/1\s+from\s+the\s+local\s+store|"the local store"/);
    expect(stdout).toMatch(/1\s+from\s+the\s+account|"the account"/);
    const outputs = [stdout, readFileSync(page, "utf8")];
    for (const text of outputs) {
      expect(text).toMatch(/user-[0-9a-f]{10}/);
      expect(PERSONAL.exec(text)).toBeNull();
    }
  });
});
