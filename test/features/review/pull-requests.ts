import type { PullRequestProject } from "./pull-request-project.js";

export const SHIPPED = "knock/workflows/order-shipped/workflow.json";

const HOSTILE_NAME = "<img src=x onerror=alert(1)> @everyone, closes #1 [click](https://evil.example) ``` \u202e";

/** The changes of twelve pull requests, by name. */
export const PULL_REQUESTS = {
  "condition changed": (project) =>
    project.changeStep(SHIPPED, 1, (step) => {
      step.conditions = { all: [{ variable: "recipient.plan", operator: "equal_to", argument: "pro" }] };
    }),
  "channel removed": (project) => project.change(SHIPPED, ({ steps }) => void steps.splice(2, 1)),
  "subject edited": (project) =>
    project.replace(SHIPPED, '"Order {{ data.order }} is on its way"', '"Your order {{ data.order }}"'),
  "partial edited": (project) =>
    project.write({ "knock/partials/footer/content.html": "<p>The shop, 2 Market Street</p>\n" }),
  "translation missing": (project) =>
    project.change("knock/translations/de/de.json", (texts: { paid?: string }) => delete texts.paid),
  "delay shortened": (project) =>
    project.changeStep(SHIPPED, 0, ({ settings }) => {
      settings.delay_for = { unit: "minutes", value: 10 };
    }),
  "workflow renamed": (project) => {
    project.move("knock/workflows/payment", "knock/workflows/payment-received");
    project.replace(
      "knock/workflows/payment-received/payment.test.yaml",
      "workflow: payment",
      "workflow: payment-received",
    );
  },
  "workflow deleted": (project) => project.delete("knock/workflows/payment"),
  "workflow added": (project) =>
    project.write({
      "knock/workflows/hi/workflow.json": {
        name: "Hi",
        steps: [
          {
            ref: "feed_1",
            type: "channel",
            channel_type: "in_app_feed",
            channel_key: "in-app-feed",
            template: { markdown_body: "Hi" },
          },
        ],
      },
      "knock/workflows/hi/hi.test.yaml": `workflow: hi
scenarios:
  greets:
    steps:
      - notify: { recipients: [ben] }
        expect: { messages: [{ to: ben }] }
`,
    }),
  "preference default changed": (project) =>
    project.change("knock/environment.json", (environment: { preferences?: unknown }) => {
      environment.preferences = { default: { categories: { billing: false } } };
    }),
  "nothing changed": () => {},
  "hostile names": (project) => {
    project.change(SHIPPED, (workflow) => {
      workflow.name = HOSTILE_NAME;
    });
    project.changeStep(SHIPPED, 1, ({ template }) => {
      template.subject = `${HOSTILE_NAME} {{ recipient.name }}`;
    });
    project.replace(
      "knock/workflows/order-shipped/order-shipped.test.yaml",
      "recipients: [ada, ben]",
      "recipients: [ada, { id: '@octocat', name: '<b>#2</b>', email: 'octo@example.com' }]",
    );
  },
} satisfies Record<string, (project: PullRequestProject) => void>;
