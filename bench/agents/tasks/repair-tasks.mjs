// Tasks in which something is broken. Each check runs scenarios that the agent has not seen.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expectBehavior, expectSuccess, fail } from "../expectations.mjs";
import {
  commit,
  copyFixture,
  editJson,
  findStep,
  pathOf,
  readJson,
  readText,
  replaceText,
  withCopy,
  withFolder,
  writeText,
} from "../project.mjs";

const incident = (recipient, severity, data = {}) => ({
  notify: {
    workflow: "incident",
    recipients: [recipient],
    data: { incident_id: "inc-7", service: "payments", severity, title: "Card payments time out", ...data },
  },
});

const adaWithoutText = {
  id: "ada-no-sms",
  title: "Find out why Ada gets no text message",
  prompt:
    "Ada is on call, but she got no text message about the last critical incident of payments (workflow incident). Find out why, and fix it in the project's files so that she gets one next time. She must still get none while she isn't on call, and nothing may change for others.",
  setup(folder) {
    copyFixture("ops", folder);
    editJson(folder, "knock/recipients/on-call.json", ({ users }) => {
      const condition = { variable: "recipient.on_call", operator: "equal_to", argument: "true" };
      users.unshift({
        id: "ada",
        name: "Ada Okafor",
        email: "ada@infra.example.com",
        phone: "+12025550188",
        timezone: "Europe/London",
        oncall: true,
        preferences: { default: { workflows: { incident: { channel_types: { sms: { conditions: [condition] } } } } } },
      });
    });
    commit(folder);
  },
  check(folder) {
    const offCall = { id: "ada", on_call: false, oncall: false };
    expectBehavior(folder, "incident", {
      "Ada gets a text message": [
        { ...incident("ada", "critical"), expect: { messages: [{ to: "ada", channel: "sms", count: 1 }] } },
      ],
      "Ada gets none while she isn't on call": [
        { ...incident(offCall, "critical"), expect: { no_messages: [{ to: "ada", channel: "sms" }] } },
      ],
      "Priya gets none": [
        { ...incident("priya", "critical"), expect: { no_messages: [{ to: "priya", channel: "sms" }] } },
      ],
      "Marta gets one": [
        { ...incident("marta", "critical"), expect: { messages: [{ to: "marta", channel: "sms", count: 1 }] } },
      ],
      "Olu muted search": [{ ...incident("olu", "critical", { service: "search" }), expect: { no_messages: true } }],
    });
    if (!JSON.stringify(readJson(folder, "knock/recipients/on-call.json")).includes("+12025550188"))
      fail("Ada's phone number is missing in on-call.json");
    expectSuccess(folder, "validate", "--quiet");
    expectSuccess(folder, "test", "--quiet");
  },
};

const wrongField = {
  id: "incident-condition",
  title: "Fix a branch that takes the wrong way",
  prompt:
    "Incidents of severity high that affect 1000 customers or more should send Marta a text message, as critical ones do. She gets a push notification instead, even with 5000 customers. Fix the workflow incident. Incidents of severity high with fewer customers stay push notifications.",
  setup(folder) {
    copyFixture("ops", folder);
    editJson(folder, pathOf("incident"), (workflow) => {
      const [, both] = findStep(workflow, "branch_1").branches[0].conditions.any;
      both.all[1] = { variable: "data.affected_customers", operator: "greater_than", argument: "1000" };
    });
    replaceText(folder, pathOf("incident", "incident.test.yaml"), "      - { severity: high, customers: 1000 }\n", "");
    commit(folder);
  },
  check(folder) {
    const expectChannel = (channel, other) => ({
      messages: [{ to: "marta", channel, count: 1 }],
      no_messages: [{ channel: other }],
    });
    const high = (customers_affected) => incident("marta", "high", { customers_affected });
    expectBehavior(folder, "incident", {
      "high, 5000": [{ ...high(5000), expect: expectChannel("sms", "push") }],
      "high, 1000": [{ ...high(1000), expect: expectChannel("sms", "push") }],
      "high, 999": [{ ...high(999), expect: expectChannel("push", "sms") }],
      "high, unknown number": [{ ...incident("marta", "high"), expect: expectChannel("push", "sms") }],
      critical: [{ ...incident("marta", "critical"), expect: expectChannel("sms", "push") }],
      "low, 5000": [
        { ...incident("marta", "low", { customers_affected: 5000 }), expect: expectChannel("chat", "sms") },
      ],
    });
    expectSuccess(folder, "validate", "--quiet");
  },
};

const invitationLink = {
  id: "invitation-link",
  title: "Fix links that lead to the wrong page",
  prompt:
    "People who click on the link in the emails of the workflow invite land on our home page, although our application passes accept_url. Fix it. An invitation without accept_url still links to the home page.",
  setup(folder) {
    copyFixture("collab", folder);
    replaceText(folder, pathOf("invite", "email_1/html_body.html"), "{{ accept_url |", "{{ accept_ulr |");
    replaceText(folder, pathOf("invite", "email_2/html_body.html"), "{{ accept_url |", "{{ data.url_accept |");
    commit(folder);
  },
  check(folder) {
    const accept_url = "https://app.collab.example.com/invitations/i-9?token=t1";
    const expectLink = (step, url) => ({
      messages: [{ step, html: { [`a[href='${url}']`]: "Accept the invitation" } }],
    });
    const invite = (data) => ({
      notify: { recipients: ["grace"], actor: "alan", data: { project: "Apollo", ...data } },
    });
    const home = "https://app.collab.example.com";
    expectBehavior(folder, "invite", {
      "links to the invitation": [
        { ...invite({ accept_url }), expect: expectLink("email_1", accept_url) },
        { until_idle: true, expect: expectLink("email_2", accept_url) },
      ],
      "links to the home page": [
        { ...invite({}), expect: expectLink("email_1", home) },
        { until_idle: true, expect: expectLink("email_2", home) },
      ],
    });
    expectSuccess(folder, "test", "invite", "--quiet");
  },
};

const channelData = {
  id: "search-channel-data",
  title: "Make an object reachable",
  prompt:
    "When an incident of the service search is closed (workflow incident-closed, recipient: the object search of the collection services), nothing is posted to its Slack channel search-alerts. For payments it works. Fix it in the project's files.",
  setup(folder) {
    copyFixture("ops", folder);
    editJson(folder, "knock/recipients/services.json", ({ objects }) => {
      objects[1].channel_data = { chat_slack: { channel_id: "C0SEARCH01", channel_name: "search-alerts" } };
    });
    commit(folder);
  },
  check(folder) {
    const closed = (id) => ({
      notify: {
        recipients: [{ id, collection: "services" }],
        data: { incident_id: "inc-7", service: id, closed_at: "2026-01-04T11:20:00Z" },
      },
    });
    expectBehavior(folder, "incident-closed", {
      search: [{ ...closed("search"), expect: { messages: [{ to: "services/search", channel: "slack", count: 1 }] } }],
      payments: [
        { ...closed("payments"), expect: { messages: [{ to: "services/payments", channel: "slack", count: 2 }] } },
      ],
    });
    const { objects } = readJson(folder, "knock/recipients/services.json");
    const search = objects.find(({ id }) => id === "search");
    if (!JSON.stringify(search?.channel_data?.slack ?? {}).includes("C0SEARCH01"))
      fail("the channel search-alerts (C0SEARCH01) is not among the connections of search");
    expectSuccess(folder, "validate", "--quiet");
    expectSuccess(folder, "test", "--quiet");
  },
};

const TRACKER_WORKFLOWS = ["member-joined", "onboarding", "task-assigned", "task-due", "weekly-report"];

const brokenProject = {
  id: "invalid-project",
  title: "Repair a project after a bad merge",
  prompt:
    "A bad merge broke this project. Repair it: all five workflows behave as their scenarios say, and the check of the project finds neither errors nor warnings. Keep the scenarios and all features.",
  setup(folder) {
    copyFixture("tracker", folder);
    replaceText(folder, pathOf("task-due"), '"html_body": "<p>', '"html_bdy": "<p>');
    replaceText(folder, pathOf("member-joined"), '"channel_key": "email",', '"channel_key": "mail",');
    replaceText(folder, pathOf("onboarding"), '"type": "wait_for_event",', '"type": "wait_for_event"');
    replaceText(folder, pathOf("weekly-report"), "recipient.schedule.next_occurrence_at", "recipient.schedule.next_at");
    replaceText(folder, "knock/translations/de/task.de.json", '"other": "{{ count }}', '"others": "{{ count }}');
    replaceText(folder, "knock/layouts/branded/layout.json", "{{ tenant.name | escape }}", "{{ tenant.name | escape }");
    replaceText(folder, "knock/recipients/users.json", "Europe/London", "Europe/Londn");
    commit(folder);
  },
  check(folder) {
    expectSuccess(folder, "validate", "--strict", "--quiet");
    withCopy(folder, (copy) => {
      withFolder(brokenProject.setup, (fresh) => {
        for (const key of TRACKER_WORKFLOWS) {
          if (!existsSync(join(copy, pathOf(key)))) fail(`the workflow ${key} is missing`);
          const path = pathOf(key, `${key}.test.yaml`);
          writeText(copy, path, readText(fresh, path));
        }
      });
      expectSuccess(copy, "test", "--quiet");
    });
    const { users } = readJson(folder, "knock/recipients/users.json");
    if (users.find(({ id }) => id === "ada")?.timezone !== "Europe/London") fail("the time zone of Ada is wrong");
    expectBehavior(folder, "member-joined", {
      "shows the tenant in the layout": [
        {
          notify: { recipients: ["ada"], tenant: "acme", data: { name: "Kim" } },
          expect: { messages: [{ channel: "email", html: { h1: "Acme" } }] },
        },
      ],
    });
  },
};

const REVIEWS = pathOf("review-digest", "in_app_feed_1/markdown_body.md");

const digestCount = {
  id: "digest-count",
  title: "Fix the number in a digest",
  prompt:
    'Inés got five reviews of her boots within four hours, but the message of the workflow review-digest said "3 new reviews". It must give the real number, list the three newest reviews as it does now, and then say how many more there are, as a line of its own: "and 2 more". With up to three reviews, that line is missing.',
  setup(folder) {
    copyFixture("shop", folder);
    replaceText(folder, REVIEWS, "total_activities", "activities.size");
    commit(folder);
  },
  check(folder) {
    const review = (stars) => ({ notify: { recipients: ["ines"], data: { product: "boots", stars } } });
    const expectText = (body) => ({ messages: [{ to: "ines", channel: "in-app", count: 1, body }] });
    const run = (numbers, texts) => [
      ...numbers.map(review),
      { until_idle: true, expect: expectText(texts[0]) },
      ...texts.slice(1).map((text) => ({ expect: expectText(text) })),
    ];
    const contains = (text) => ({ contains: text });
    const excludes = (text) => ({ excludes: text });
    expectBehavior(folder, "review-digest", {
      "five reviews": run(
        [1, 2, 3, 4, 5],
        [
          contains("5 new reviews of boots"),
          contains("5 of 5"),
          contains("3 of 5"),
          excludes("2 of 5"),
          { matches: "and 2 more" },
        ],
      ),
      "four reviews": run(
        [5, 4, 3, 2],
        [contains("4 new reviews of boots"), contains("and 1 more"), excludes("5 of 5")],
      ),
      "three reviews": run([1, 2, 3], [contains("3 new reviews of boots"), contains("1 of 5"), excludes("more")]),
      "one review": run([2], [contains("1 new review of boots"), excludes("more")]),
    });
    expectSuccess(folder, "validate", "--quiet");
    expectSuccess(folder, "test", "--quiet");
  },
};

export const repairTasks = [adaWithoutText, wrongField, invitationLink, channelData, brokenProject, digestCount];
