// Tasks whose result is a file of scenarios. Each check changes workflows or the scenarios, which then have to fail.
import {
  expectBehavior,
  expectFileNotices,
  expectScenariosNotice,
  expectSuccess,
  inScenarios,
  inWorkflow,
} from "../expectations.mjs";
import { commit, copyFixture, findStep, pathOf, writeJson } from "../project.mjs";

const DIGEST_FILE = pathOf("comment-digest", "digest.test.yaml");
const OUTAGE_FILE = pathOf("incident", "outage.test.yaml");
const ACCEPTED_FILE = pathOf("invite", "accepted.test.yaml");

const DIGEST = {
  name: "Comment digest",
  categories: ["digests"],
  trigger_data_json_schema: {
    type: "object",
    properties: { page: { type: "string" }, comment: { type: "string" } },
    required: ["page", "comment"],
  },
  steps: [
    {
      ref: "batch_1",
      type: "batch",
      settings: { batch_key: "page", batch_window: { unit: "hours", value: 1 }, batch_window_type: "fixed" },
    },
    {
      ref: "email_1",
      type: "channel",
      channel_type: "email",
      channel_key: "sendgrid",
      template: {
        subject: "{{ total_activities }} new {{ total_activities | pluralize: 'comment', 'comments' }} on {{ page }}",
        settings: { layout_key: "default" },
        html_body:
          "<ul>{% for item in activities %}<li>{{ item.actor.name | escape }}: {{ item.comment | escape }}</li>{% endfor %}</ul>",
      },
    },
  ],
};

/** Returns a fault with which a step never sends, but still exists, because scenarios may name it. */
const neverSend = (workflow, ref) =>
  inWorkflow(workflow, (document) => {
    findStep(document, ref).conditions = {
      all: [{ variable: "recipient.id", operator: "equal_to", argument: "nobody" }],
    };
  });

const inDigest = (change) => inWorkflow("comment-digest", change);

const digest = {
  id: "digest-scenario",
  title: "Prove that three comments become one digest",
  prompt: `The workflow comment-digest collects the comments on a page. Prove with scenarios in ${DIGEST_FILE} that Grace gets exactly one email, exactly one hour after the first comment, if Ada, Alan and Lin comment on the same page within that hour. The subject says that there are three comments, and the email contains what each of them wrote. Don't change the workflow.`,
  setup(folder) {
    copyFixture("collab", folder);
    writeJson(folder, pathOf("comment-digest"), DIGEST);
    commit(folder);
  },
  check(folder) {
    expectFileNotices(folder, digest.setup, DIGEST_FILE, {
      "each comment is sent alone": inDigest(({ steps }) => steps.shift()),
      "each comment has its own digest": inDigest(({ steps }) => {
        steps[0].settings.batch_key = "comment";
      }),
      "the digest is sent after 50 minutes": inDigest(({ steps }) => {
        steps[0].settings.batch_window = { unit: "minutes", value: 50 };
      }),
      "the digest is sent after three hours": inDigest(({ steps }) => {
        steps[0].settings.batch_window.value = 3;
      }),
      "the digest is sent twice": inDigest(({ steps }) => steps.push({ ...steps[1], ref: "email_2" })),
      "the subject has another number": inDigest(({ steps }) => {
        steps[1].template.subject = "{{ total_activities | minus: 1 }} new comments on {{ page }}";
      }),
      "the email contains only the first comment": inDigest(({ steps }) => {
        steps[1].template.html_body = "<p>{{ activities[0].comment }}</p>";
      }),
    });
  },
};

const setStatus = (from, to) =>
  inScenarios(OUTAGE_FILE, (object) => {
    for (const failure of object.failures ?? []) if (Number(failure.status) === from) failure.status = to;
  });

const outage = {
  id: "provider-outage",
  title: "Prove that a text message survives an outage of the provider",
  prompt: `Our provider of text messages had an outage. Prove with scenarios in ${OUTAGE_FILE} what then happens to the text message to Marta about a critical incident (workflow incident). First: the provider answers 503 to the first two attempts. The message isn't sent while the outage lasts, and is sent afterwards, once. Second: the provider rejects the message with 400, which is final: Marta never gets it. Don't change the workflow.`,
  setup(folder) {
    copyFixture("ops", folder);
    commit(folder);
  },
  check(folder) {
    expectFileNotices(folder, outage.setup, OUTAGE_FILE, {
      "no text message is created": neverSend("incident", "sms_1"),
      "the provider rejects the message instead of failing for now": setStatus(503, 400),
      "the provider fails for now instead of rejecting the message": inScenarios(OUTAGE_FILE, (object) => {
        for (const failure of object.failures ?? [])
          if (Number(failure.status) === 400) Object.assign(failure, { status: 503, times: 1 });
      }),
      "the outage doesn't end": inScenarios(OUTAGE_FILE, (object) => {
        for (const failure of object.failures ?? []) if (Number(failure.status) === 503) failure.times = 500;
      }),
      "there is no outage": inScenarios(OUTAGE_FILE, (object) => {
        for (const failure of object.failures ?? []) if (Number(failure.status) === 503) failure.channel = "slack";
      }),
    });
  },
};

const acceptance = {
  id: "cancel-one-invitation",
  title: "Prove that accepting an invitation cancels one person's reminder",
  prompt: `Alan invites Grace and Lin together to a project (workflow invite, one trigger, cancellation key invite-7). Grace accepts two hours later, so our application cancels her reminder only. Prove with a scenario in ${ACCEPTED_FILE} that Grace gets neither the reminder by email nor the one in the app, and that Lin gets both exactly a day after the invitation. Don't change the workflow.`,
  setup(folder) {
    copyFixture("collab", folder);
    commit(folder);
  },
  check(folder) {
    const inInvite = (change) => inWorkflow("invite", change);
    expectFileNotices(folder, acceptance.setup, ACCEPTED_FILE, {
      "Grace's reminder is not canceled": inScenarios(ACCEPTED_FILE, (object) => {
        if (object.cancel === undefined) return;
        object.cancel = "another-key";
        for (const key of ["cancelled", "canceled"]) delete object.expect?.[key];
        if (Object.keys(object.expect ?? {}).length === 0) delete object.expect;
      }),
      "both reminders are canceled": inScenarios(ACCEPTED_FILE, (object) => {
        if (object.cancel === undefined) return;
        object.cancel = "invite-7";
        delete object.expect;
      }),
      "the reminder is sent after six hours": inInvite((workflow) => {
        findStep(workflow, "delay_1").settings.delay_for = { unit: "hours", value: 6 };
      }),
      "the reminder is sent after two days": inInvite((workflow) => {
        findStep(workflow, "delay_1").settings.delay_for.value = 2;
      }),
      "there is no reminder by email": neverSend("invite", "email_2"),
      "there is no reminder in the app": neverSend("invite", "in_app_feed_1"),
    });
  },
};

const drop = (product, price) => ({ notify: { recipients: ["ines"], data: { product, price } } });
const isSent = { messages: [{ to: "ines", channel: "push", count: 1 }] };
const isThrottled = { no_messages: true };

const throttle = {
  id: "throttle-limit",
  title: "Change a throttle and its scenarios",
  prompt:
    "Shoppers may now get two push messages of the workflow price-drop per product within 12 hours, instead of one within a day. Change the workflow and its scenarios. The scenarios must prove the limit, the 12 hours, and that each product has its own limit.",
  setup(folder) {
    copyFixture("shop", folder);
    commit(folder);
  },
  check(folder) {
    expectBehavior(folder, "price-drop", {
      "two messages per product within 12 hours": [
        { ...drop("boots", "49 €"), expect: isSent },
        { advance: "1h" },
        { ...drop("boots", "48 €"), expect: isSent },
        { ...drop("boots", "47 €"), expect: isThrottled },
        { ...drop("socks", "4 €"), expect: isSent },
        { advance: "10h" },
        { ...drop("boots", "46 €"), expect: isThrottled },
        { advance: "2h" },
        { ...drop("boots", "45 €"), expect: isSent },
      ],
    });
    const inThrottle = (change) =>
      inWorkflow("price-drop", (workflow) => change(workflow.steps.find(({ type }) => type === "throttle").settings));
    expectScenariosNotice(folder, ["price-drop"], {
      "one message": inThrottle((settings) => {
        settings.throttle_limit = 1;
      }),
      "three messages": inThrottle((settings) => {
        settings.throttle_limit = 3;
      }),
      "ten hours": inThrottle((settings) => {
        settings.throttle_window = { unit: "hours", value: 10 };
      }),
      "a day": inThrottle((settings) => {
        settings.throttle_window = { unit: "days", value: 1 };
      }),
      "one limit for all products": inThrottle((settings) => {
        delete settings.throttle_key;
      }),
    });
    expectSuccess(folder, "test", "--quiet");
  },
};

export const scenarioTasks = [digest, outage, acceptance, throttle];
