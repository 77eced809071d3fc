// Tasks whose result is an answer in answer.json. Facts about a project are asked of `knock` when the answer is checked.
import { expectAnswer, fail } from "../expectations.mjs";
import { commit, copyFixture, editJson, findStep, knock, pathOf, withFolder, writeJson } from "../project.mjs";

function readOutput(folder, ...args) {
  const { stdout, stderr } = knock(folder, ...args, "--json");
  try {
    return JSON.parse(stdout);
  } catch {
    return fail(`knock ${args.join(" ")} prints no JSON: ${stderr}`);
  }
}

const PEOPLE = ["ada", "grace", "katherine", "lin", "mary"];

const preferences = {
  id: "news-preferences",
  title: "Say who would get news, and why Katherine gets no push notification",
  prompt: `Who would get which messages of the workflow product-news (headline "History", summary "Go back to any version") if we sent it now to ${PEOPLE.join(", ")}, once without a tenant and once in the tenant acme? Write answer.json: { "without_tenant": { "<person>": [<channels>], … }, "acme": { "<person>": [<channels>], … }, "katherine_push": "<the preference that decides her push notification in acme, as <path> = <value>, such as workflows.x = false>" }. Channels are "email" and "push"; an empty list means no message.`,
  setup(folder) {
    copyFixture("collab", folder);
    editJson(folder, "knock/recipients/people.json", ({ users }) => {
      const set = (id, sets) => {
        const user = users.find((one) => one.id === id);
        user.preferences = { ...user.preferences, ...sets };
      };
      set("grace", { default: { categories: { marketing: { channel_types: { push: true } } } } });
      set("katherine", {
        default: { categories: { marketing: { channel_types: { push: true } } } },
        acme: { workflows: { "product-news": { channel_types: { push: false } } } },
      });
      set("ada", { acme: { workflows: { "product-news": true }, categories: { marketing: true } } });
    });
    commit(folder);
  },
  check(folder) {
    const find = (fresh, ...tenant) => {
      const args = ["--set", "headline=History", "--set", "summary=x", "--store", ":memory:", ...tenant];
      const { recipients } = readOutput(fresh, "notify", "product-news", "-r", PEOPLE.join(","), ...args);
      const entries = recipients.map(({ recipient, steps }) => {
        const sent = steps.filter(({ outcome }) => outcome === "sent" || outcome === "queued");
        return [recipient, [...new Set(sent.map(({ channel_type }) => channel_type))]];
      });
      return Object.fromEntries(entries);
    };
    const [without_tenant, acme] = withFolder(preferences.setup, (fresh) => [
      find(fresh),
      find(fresh, "--tenant", "acme"),
    ]);
    expectAnswer(folder, { without_tenant, acme, katherine_push: "workflows.product-news.channel_types.push = false" });
  },
};

const handover = {
  id: "handover-times",
  title: "Say when emails are sent around a change of the clocks",
  prompt:
    'Our scheduler triggers the workflow weekly-handover on Friday, March 8, 2030 at 20:00 UTC for marta, kenji and priya, with one open incident. At which time does each of them get the email? Write answer.json with the times in UTC, such as "2030-03-08T20:00:00Z", or null for no email: { "marta": …, "kenji": …, "priya": … }',
  setup(folder) {
    copyFixture("ops", folder);
    editJson(folder, "knock/recipients/on-call.json", ({ users }) => {
      users.find(({ id }) => id === "priya").handover = { frequency: "weekly", days: ["mon"], hours: 9, minutes: 15 };
    });
    commit(folder);
  },
  check(folder) {
    expectAnswer(folder, { marta: "2030-03-11T16:00:00Z", kenji: "2030-03-10T23:30:00Z", priya: null });
  },
};

const SIGN_IN = {
  name: "Sign in",
  trigger_data_json_schema: { type: "object", properties: { session: { type: "string" } }, required: ["session"] },
  steps: [
    {
      ref: "in_app_feed_1",
      type: "channel",
      channel_type: "in_app_feed",
      channel_key: "in-app-feed",
      template: { markdown_body: "Someone signs in. Request 204417." },
    },
    { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "minutes", value: 2 } } },
    {
      ref: "email_1",
      type: "channel",
      channel_type: "email",
      channel_key: "email",
      template: {
        subject: "Sign in to your tasks",
        html_body:
          '{% assign code = data.session | sha256 | slice: 0, 6 | upcase %}<p>Request 204417 of {{ recipient.name | escape }}</p><p>Your sign-in code is <b>{{ code }}</b>.</p><p><a href="{{ vars.app_url }}/sign-in?session={{ data.session | url_encode }}&amp;proof={{ code | append: recipient.id | sha256 | slice: 0, 16 }}">Sign in</a></p>',
      },
    },
  ],
};

const signIn = {
  id: "sign-in-code",
  title: "Read the code and the link of a sign-in email",
  prompt:
    'Grace signs in with the session "s/81 b" (workflow sign-in, data: session). Which code and which link does her email contain? Write answer.json: { "code": …, "link": … }',
  setup(folder) {
    copyFixture("tracker", folder);
    writeJson(folder, pathOf("sign-in"), SIGN_IN);
    commit(folder);
  },
  check(folder) {
    const html = withFolder(signIn.setup, (fresh) => {
      const args = ["--recipient", "grace", "--data", '{"session":"s/81 b"}'];
      return readOutput(fresh, "preview", "sign-in", "email_1", ...args).items[0].contents[0].html_body;
    });
    const [, code] = /<b>(\w{6})<\/b>/.exec(html) ?? fail("the email has no code");
    const [, link] = /href="([^"]+)"/.exec(html) ?? fail("the email has no link");
    expectAnswer(folder, { code, link: link.replaceAll("&amp;", "&") });
  },
};

const review = {
  id: "review-change",
  title: "Say whom an uncommitted change affects",
  prompt:
    'A colleague changed this project and has not committed it yet. Before it is merged: who gets messages that they did not get before, and who no longer gets some, for all triggers in the project\'s scenarios and payload files? Write answer.json: { "lost": { "workflow": …, "channel_type": …, "messages": <number>, "recipients": […] }, "gained": { the same fields }, "changed_messages": <number of messages that are still sent, but differently>, "cause_of_loss": "<path of the file in the project>" }. Recipients are IDs; objects are <collection>/<id>.',
  setup(folder) {
    copyFixture("collab", folder);
    commit(folder);
    editJson(folder, pathOf("new-comment"), (workflow) => {
      findStep(workflow, "delay_1").settings.delay_for.value = 45;
      findStep(workflow, "email_1").conditions.all[0].argument = "$message.read";
    });
    editJson(folder, "knock/environment.json", (environment) => {
      environment.preferences.default.categories.collab = { channel_types: { chat: false } };
    });
  },
  check(folder) {
    expectAnswer(folder, {
      lost: { workflow: "page-shared", channel_type: "chat", messages: 5, recipients: ["grace", "projects/p1"] },
      gained: { workflow: "new-comment", channel_type: "email", messages: 1, recipients: ["grace"] },
      changed_messages: 3,
      cause_of_loss: "knock/environment.json",
    });
  },
};

const codes = {
  id: "codes",
  title: "Look up codes and limits",
  prompt:
    'Our scripts have to react to what knock reports. Write answer.json: { "exit_partial": <exit code if some recipients succeeded and others failed>, "exit_wait": <exit code if the time of a wait for the end of runs passed>, "reason_past_delay": <reason code of a delay until a time that is already over>, "reason_empty": <reason code of a digest all of whose activities were canceled>, "reason_no_tenant": <reason code of a step that needs a tenant, in a run without one>, "error_reused_key": <error code if an idempotency key is used again with other content>, "key_hours": <how many hours an idempotency key is recognized>, "depth": <how many levels deep workflows can start each other>, "finding_after_digest": <code of the warning about a template after a batch that prints a list of the data> }',
  setup(folder) {
    copyFixture("shop", folder);
    commit(folder);
  },
  check(folder) {
    expectAnswer(folder, {
      exit_partial: 9,
      exit_wait: 10,
      reason_past_delay: "invalid_window",
      reason_empty: "empty_batch",
      reason_no_tenant: "not_applicable",
      error_reused_key: "idempotency_conflict",
      key_hours: 24,
      depth: 10,
      finding_after_digest: "empty_after_batch",
    });
  },
};

export const questionTasks = [preferences, handover, signIn, review, codes];
