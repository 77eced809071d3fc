import { describe, expect, it } from "vitest";
import { parseEnvironment } from "../../../src/domain/environment/parse-environment.js";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import { type PendingQuery, PendingQueryError } from "../../../src/engine/context/pending-query.js";
import { RenderError } from "../../../src/engine/liquid/render-error.js";
import { renderSampleEmails } from "../../../src/engine/run/render-sample-emails.js";
import type { CompiledWorkflow } from "../../../src/engine/workflow/compiled-workflow.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import type { JsonObject } from "../../../src/util/json.js";
import { compileSteps, emailStep, smsStep } from "../../helpers/compile-steps.js";

const ADA = { key: toRecipientKey("ada"), properties: { name: "Ada" } };

const render = (compiled: CompiledWorkflow, environment: JsonObject = {}) =>
  renderSampleEmails(compiled, parseEnvironment(environment, "environment.json"), ADA, { page: "Home" });

describe("renderSampleEmails", () => {
  it("renders the email steps with the recipient and the data, to an address that is a sample", async () => {
    const email = emailStep({ subject: "{{ recipient.name }} {{ data.page }}" });
    const emails = render(await compileSteps([smsStep("Hi"), email]));
    expect(emails).toEqual([
      {
        ref: "email",
        path: "steps[1].template",
        template: email.template,
        content: expect.objectContaining({ to: "reader@example.com", subject_line: "Ada Home" }),
      },
    ]);
  });

  it("omits an email of which no channel is configured", async () => {
    expect(render(await compileSteps([emailStep({})]), { channels: { email: null } })).toEqual([]);
  });

  it.each([
    new RenderError("no data"),
    new KnockError("template_invalid", "no data"),
    new PendingQueryError({ ref: "fetch" } as unknown as PendingQuery),
  ])("omits an email that needs other data: %s", async (error) => {
    const compiled = await compileSteps([emailStep({}, "one"), emailStep({}, "two")]);
    Object.assign(compiled.renderers.get("one") as object, {
      render: () => {
        throw error;
      },
    });
    expect(render(compiled).map(({ ref }) => ref)).toEqual(["two"]);
  });

  it("throws any other error", async () => {
    const compiled = await compileSteps([emailStep({})]);
    Object.assign(compiled.renderers.get("email") as object, {
      render: () => {
        throw new TypeError("a bug");
      },
    });
    expect(() => render(compiled)).toThrow("a bug");
  });
});
