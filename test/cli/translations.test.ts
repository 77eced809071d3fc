import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const KARL = '{"id":"karl","name":"Karl","email":"karl@example.com","locale":"de-AT"}';
const DATA = ["--set", "used=91", "--set", "files=1200"];
const BODY = "knock/workflows/storage-low/email_1/html_body.html";

describe.concurrent("a translated workflow", () => {
  it("T-181 T-183 T-187 is in the recipient's language", async ({ collab }) => {
    const { json, exitCode } = await collab.knock(["notify", "storage-low", "-r", KARL, ...DATA, "--json"]);
    expect(exitCode).toBe(0);
    expect(json.summary).toMatchObject({ sent: 1, failed: 0 });
    const preview = await collab.knock(["preview", "storage-low", "email_1", "-r", KARL, ...DATA, "--json"]);
    const [{ contents }] = preview.json.items as unknown as [
      { contents: { subject_line: string; html_body: string }[] },
    ];
    expect(contents[0]).toMatchObject({
      subject_line: "91 % des Speichers sind belegt",
      html_body: "<p>Hallo Karl,</p>\n<p>Platz ist noch für 1.200 Dateien.</p>\n<p>Bitte Platz schaffen, Karl.</p>\n",
    });
  });

  it("T-184 falls back from ada's en-GB to English, and uses the tenant lumen's own texts", async ({ collab }) => {
    const english = await collab.knock(["preview", "storage-low", "email_1", "-r", "ada", ...DATA]);
    expect(english.stdout).toContain("subject: 91 % of your storage is used");
    expect(english.stdout).toContain("There is room for 1200 more files.");
    const lumen = await collab.knock(["preview", "storage-low", "email_1", "-r", KARL, "--tenant", "lumen", ...DATA]);
    expect(lumen.stdout).toContain("subject: Das Lumen-Archiv ist zu 91 % voll");
  });

  it.for([
    [
      '{"greeting": 3}',
      "knock/translations/de/de.json:1:14: greeting must be text or an object of texts, found a number",
    ],
    ['{"greeting": }', "knock/translations/de/de.json:1:14: invalid JSON"],
  ] as const)("exits 3 for the file %j, and triggers nothing", async ([content, words], { collab }) => {
    collab.write("knock/translations/de/de.json", content);
    const { stderr, exitCode } = await collab.knock(["notify", "storage-low", "-r", KARL, ...DATA]);
    expect(exitCode).toBe(3);
    expect(stderr).toContain(`error: ${words}`);
    expect(stderr).toContain("hint: ");
    // No run starts either if its translated step would come later.
    const file = "knock/workflows/storage-low/workflow.json";
    const { steps, ...rest } = JSON.parse(collab.read(file)) as { steps: object[] };
    const delay = { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "hours", value: 1 } } };
    collab.write(file, JSON.stringify({ ...rest, steps: [delay, ...steps] }));
    expect((await collab.knock(["notify", "storage-low", "-r", KARL, ...DATA])).exitCode).toBe(3);
    // A workflow without translations does not read them.
    expect((await collab.knock(["notify", "welcome", "-r", KARL])).exitCode).toBe(0);
    expect((await collab.knock(["runs", "list", "--json"])).stdout).not.toContain("storage-low");
  });

  it("fails runs that read a file which became invalid while they waited, and the others continue", async ({
    collab,
  }) => {
    const delay = { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "hours", value: 1 } } };
    for (const key of ["storage-low", "welcome"]) {
      const file = `knock/workflows/${key}/workflow.json`;
      const { steps, ...rest } = JSON.parse(collab.read(file)) as { steps: object[] };
      collab.write(file, JSON.stringify({ ...rest, steps: [delay, ...steps] }));
      expect((await collab.knock(["notify", key, "-r", KARL, ...DATA])).exitCode).toBe(0);
    }
    collab.write("knock/translations/de/de.json", "{broken");
    const { stdout, exitCode } = await collab.knock(["clock", "advance", "2h"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /storage-low {2}karl {2}email failed \(.*knock\/translations\/de\/de\.json:1:2: invalid JSON/,
    );
    expect(stdout).toMatch(/welcome {2}karl {2}\S+ sandboxed/);
  });

  it("fails its step for an invalid text in a translation, with file, key, line and column", async ({ collab }) => {
    collab.write("knock/translations/de/de.json", '{"greeting": "Hallo\\n{{ name | upcas }}"}');
    const { stdout, exitCode } = await collab.knock(["notify", "storage-low", "-r", KARL, ...DATA]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(
      'translation "greeting" (knock/translations/de/de.json), line 2, column 11: unknown filter: upcas',
    );
  });
});

describe.concurrent("template errors", () => {
  it("TQ-3 exit 3 for an unknown filter, with file, line, column and the nearest one", async ({ collab }) => {
    collab.write(BODY, "<p>\n  {{ recipient.name | captalize }}\n</p>");
    const { stderr, exitCode } = await collab.knock(["notify", "storage-low", "-r", "ada", ...DATA]);
    expect(exitCode).toBe(3);
    expect(stderr).toBe(`error: ${BODY}:2:23: unknown filter: captalize\nhint: Did you mean "capitalize"?`);
  });

  it("T-090 exit 3 for an unknown tag in the same way", async ({ collab }) => {
    collab.write(BODY, "{% asign x = 1 %}");
    const { stderr, exitCode } = await collab.knock(["preview", "storage-low", "email_1", "-r", "ada", ...DATA]);
    expect(exitCode).toBe(3);
    expect(stderr).toContain(`error: ${BODY}:1:1: unknown tag: asign\nhint: Did you mean "assign"?`);
  });

  it("T-092 fail the step for an invalid date, with file, line and column", async ({ collab }) => {
    collab.write(BODY, '<p>\n{{ data.used | date: "%F" }}{{ "soon" | date: "%F" }}</p>');
    const { stdout, exitCode } = await collab.knock(["notify", "storage-low", "-r", "ada", ...DATA]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`(${BODY}:2:29: date: "soon" is not a date`);
    expect(stdout).not.toContain("    at ");
  });
});
