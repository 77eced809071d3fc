import { describe, expect } from "vitest";
import { EMAIL, ENVIRONMENT, FEED, initHello, RECIPIENTS, WORKFLOW } from "../helpers/hello-project.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const MISSPELLED = "<p>Hello, {{ recipient.nmae }}</p>";
const VARIABLE = `${EMAIL}:1:14: recipient.nmae is undefined; did you mean "recipient.name"? [undefined_variable]`;

describe.concurrent("knock validate reports in one run", () => {
  it("a wrong operator and a misspelled variable", async ({ empty }) => {
    const hello = await initHello(empty);
    hello.write(EMAIL, MISSPELLED);
    hello.editWorkflow(({ steps }) => {
      const condition = { variable: "data.from", operator: "equals", argument: "x" };
      Object.assign(steps[1] ?? {}, { conditions: { all: [condition, condition, condition] } });
    });
    const operators = [0, 1, 2].map((index) =>
      expect.stringContaining(`steps[1].conditions.all[${index}].operator is not a known operator`),
    );
    expect(await hello.report()).toEqual([VARIABLE, ...operators]);
  });

  it("a misspelled key and an invalid value", async ({ empty }) => {
    const hello = await initHello(empty);
    hello.editWorkflow((workflow) => Object.assign(workflow, { trigger_freqency: "every_trigger" }));
    hello.addStep("throttle", { throttle_limit: 0, throttle_window: { unit: "hours", value: 1 } });
    expect(await hello.report()).toEqual([
      expect.stringContaining("steps[0].settings.throttle_limit must be"),
      expect.stringContaining('unknown key "trigger_freqency"; did you mean "trigger_frequency"? [unknown_key]'),
    ]);
  });

  it("a syntax error in one template and a misspelled variable in another", async ({ empty }) => {
    const hello = await initHello(empty);
    hello.write(FEED, "{{ recipient.name | upcse }}");
    hello.write(EMAIL, MISSPELLED);
    expect(await hello.report()).toEqual([VARIABLE, expect.stringContaining(`${FEED}:1:21: unknown filter: upcse`)]);
  });

  it("a missing template file, an unknown layout and a misspelled variable", async ({ empty }) => {
    const hello = await initHello(empty);
    hello.editWorkflow(({ steps }) => {
      Object.assign(steps[0]?.template ?? {}, { "markdown_body@": "in_app_feed_1/none.md" });
      Object.assign(steps[1]?.template ?? {}, { settings: { layout_key: "defalt" } });
    });
    hello.write(EMAIL, MISSPELLED);
    expect(await hello.report()).toEqual([
      VARIABLE,
      expect.stringContaining("steps[0].template.markdown_body@ refers to a file that does not exist"),
      expect.stringContaining('steps[1].template.settings.layout_key is not a layout of this project: "defalt"'),
    ]);
  });

  it("every step that is invalid, and conditions on an invalid one", async ({ empty }) => {
    const hello = await initHello(empty);
    hello.addStep("delay", {}, { ref: "delay_1" });
    hello.addStep("chanel", {}, { ref: "sms_1", at: 1 });
    hello.write(EMAIL, MISSPELLED);
    hello.editWorkflow(({ steps }) => {
      const condition = { variable: "refs.sms_1.delivery_status", operator: "equal_to", argument: "sent" };
      Object.assign(steps[3] ?? {}, { conditions: { all: [condition] } });
    });
    expect(await hello.report()).toEqual([
      VARIABLE,
      expect.stringContaining("steps[0].settings must have"),
      expect.stringContaining('steps[1].type is not a known step type: "chanel"; did you mean "channel"?'),
    ]);
  });

  it("errors of recipients and workflows although the environment lacks its channels", async ({ empty }) => {
    const hello = await initHello(empty);
    hello.edit(ENVIRONMENT, (environment) => {
      environment.chanels = environment.channels ?? {};
      delete environment.channels;
    });
    hello.edit(RECIPIENTS, ({ users }) => Object.assign((users as object[])[0] ?? {}, { channel_data: 5 }));
    hello.editWorkflow((workflow) => {
      for (const step of workflow.steps) delete step.channel_type;
      Object.assign(workflow, { categories: 5 });
    });
    const places = (await hello.report()).map((line) => line.replace(/(:\d+)+: .*/, ""));
    expect(places.sort()).toEqual([ENVIRONMENT, RECIPIENTS, WORKFLOW]);
    hello.write(ENVIRONMENT, "{");
    expect((await hello.report()).map((line) => line.replace(/(:\d+)+: .*/, ""))).toEqual([ENVIRONMENT, RECIPIENTS]);
  });

  it("errors of the environment, the recipients, audiences, translations and workflows", async ({ empty }) => {
    const hello = await initHello(empty);
    hello.write(EMAIL, MISSPELLED);
    hello.edit(ENVIRONMENT, ({ channels }) => {
      Object.assign((channels as { email: object }).email, { max_per_second: "fast" });
    });
    hello.write("knock/recipients/more.json", "{");
    hello.edit(RECIPIENTS, ({ users }) => Object.assign((users as object[])[0] ?? {}, { channel_data: 5 }));
    for (const key of ["a", "b"]) hello.write(`knock/audiences/${key}/audience.json`, { name: 5 });
    for (const name of ["de", "en"]) hello.write(`knock/translations/${name}/${name}.json`, "{");
    hello.editWorkflow((workflow) => Object.assign(workflow, { categories: 5 }));
    const places = (await hello.report("--strict")).map((line) => line.slice(0, line.indexOf(": ")));
    expect(places.map((place) => place.replace(/(:\d+)+$/, ""))).toEqual(
      expect.arrayContaining([
        "knock/audiences/a/audience.json",
        "knock/audiences/b/audience.json",
        ENVIRONMENT,
        "knock/recipients/more.json",
        RECIPIENTS,
        "knock/translations/de/de.json",
        "knock/translations/en/en.json",
        EMAIL,
        WORKFLOW,
      ]),
    );
  });
});
