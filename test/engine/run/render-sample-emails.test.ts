import { describe, expect, it } from "vitest";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import { parseTranslationFile } from "../../../src/domain/template/parse-translation-file.js";
import { Translations } from "../../../src/domain/template/translation.js";
import { type PendingQuery, PendingQueryError } from "../../../src/engine/context/pending-query.js";
import { RenderError } from "../../../src/engine/liquid/liquid-errors.js";
import { renderSampleEmails } from "../../../src/engine/run/render-sample-emails.js";
import type { CompiledWorkflow } from "../../../src/engine/workflow/compiled-workflow.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import { parseEnvironment } from "../../../src/project/environment/parse-environment.js";
import type { JsonObject } from "../../../src/util/json.js";
import { compileSteps, emailStep, smsStep } from "../../helpers/compile-steps.js";

const ADA = { key: toRecipientKey("ada"), properties: { name: "Ada" } };
const GRACE = { key: toRecipientKey("grace"), properties: { name: "Grace" } };

const TEXTS = new Translations([parseTranslationFile("en.json", "en", { hello: "Hello {{ name }}" }, "en.json")]);

const render = (compiled: CompiledWorkflow, environment: JsonObject = {}) =>
  renderSampleEmails({
    compiled,
    environment: parseEnvironment(environment, "environment.json"),
    definitions: { translations: async () => TEXTS },
    recipients: [GRACE],
    recipient: ADA,
    data: { page: "Home", author: "grace" },
  });

/** Replaces the renderer of a step with one that throws. */
function failRendering(compiled: CompiledWorkflow, ref: string, error: Error): void {
  Object.assign(compiled.renderers.get(ref) as object, {
    render: () => {
      throw error;
    },
  });
}

describe("renderSampleEmails", () => {
  it("renders the email steps with the recipient and the data, to an address that is a sample", async () => {
    const email = emailStep({ subject: "{{ recipient.name }} {{ data.page }}" });
    const emails = await render(await compileSteps([smsStep("Hi"), email]));
    expect(emails).toEqual([
      {
        ref: "email",
        path: "steps[1].template",
        template: email.template,
        content: expect.objectContaining({ to: "reader@example.com", subject_line: "Ada Home" }),
      },
    ]);
  });

  it("reads translations and the recipients that the template looks up", async () => {
    const subject = '{% assign author = data.author | user %}{{ "hello" | t: name: author.name }}{{ "x" | user }}';
    expect(await render(await compileSteps([emailStep({ subject })]))).toMatchObject([
      { content: { subject_line: "Hello Grace" } },
    ]);
  });

  it("names an email of which no channel is configured", async () => {
    const compiled = await compileSteps([emailStep({})]);
    expect(await render(compiled, { channels: { email: null } })).toMatchObject([
      { ref: "email", problem: "no channel is configured for it" },
    ]);
  });

  it.each([
    [new RenderError("no data"), "no data"],
    [new KnockError("template_invalid", "no data"), "no data"],
    [new PendingQueryError({ ref: "fetch" } as unknown as PendingQuery), "it needs data that only a run has"],
  ])("names an email that needs other data: %s", async (error, problem) => {
    const compiled = await compileSteps([emailStep({}, "one"), emailStep({}, "two")]);
    failRendering(compiled, "one", error);
    expect(await render(compiled)).toMatchObject([
      { ref: "one", problem },
      { ref: "two", content: {} },
    ]);
  });

  it("throws any other error", async () => {
    const compiled = await compileSteps([emailStep({})]);
    failRendering(compiled, "email", new TypeError("a bug"));
    await expect(render(compiled)).rejects.toThrow("a bug");
  });
});
