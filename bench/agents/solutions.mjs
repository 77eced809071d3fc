// Reference solutions of the tasks, and wrong ones that the checks must reject. They show that the tasks can be solved.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { editJson, findStep, pathOf, replaceText, writeJson, writeText } from "./project.mjs";
import { scenarioFiles } from "./scenario-solutions.mjs";

const ON_CALL = "knock/recipients/on-call.json";
const SERVICES = "knock/recipients/services.json";
const REVIEWS = pathOf("review-digest", "in_app_feed_1/markdown_body.md");

const answer = (value) => (folder) => writeJson(folder, "answer.json", value);
const write = (path, text) => (folder) => writeText(folder, path, text);
const inWorkflow = (key, change) => (folder) => editJson(folder, pathOf(key), change);
const all =
  (...changes) =>
  (folder) => {
    for (const change of changes) change(folder);
  };

/** Returns a solution that changes Ada. */
const inAda = (change) => (folder) =>
  editJson(folder, ON_CALL, ({ users }) => change(users.find(({ id }) => id === "ada")));

const nameAdasPhone = inAda((ada) => {
  ada.phone_number = ada.phone;
  delete ada.phone;
});

/** Returns the second part of the condition that sends text messages about high incidents. */
const inHighCondition = (change) =>
  inWorkflow("incident", (workflow) => change(findStep(workflow, "branch_1").branches[0].conditions.any[1].all));

const setThrottle = (limit) =>
  inWorkflow("price-drop", ({ steps }) => {
    steps[0].settings.throttle_limit = limit;
    steps[0].settings.throttle_window = { unit: "hours", value: 12 };
  });

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

const setSendWindows = inWorkflow("new-comment", (workflow) => {
  findStep(workflow, "email_1").send_windows = DAYS.map((day, index) =>
    index < 5 ? { day, type: "send", from: "08:00", until: "18:00" } : { day, type: "do_not_send" },
  );
});

const useParis = (folder) =>
  editJson(folder, "knock/environment.json", (environment) => {
    environment.timezone = "Europe/Paris";
  });

const queueInScenario = (folder) =>
  replaceText(
    folder,
    pathOf("new-comment", "comments.test.yaml"),
    "{ user: grace, outcome: sandboxed }",
    "{ user: grace, outcome: queued }",
  );

const createKeyExpiring = ({ conditions, delay }) => ({
  name: "Key expires",
  categories: ["security"],
  settings: { override_preferences: true },
  trigger_data_json_schema: {
    type: "object",
    properties: { key_name: { type: "string" }, expires_at: { type: "string", format: "date-time" } },
    required: ["key_name", "expires_at"],
  },
  steps: [
    {
      ref: "in_app_feed_1",
      type: "channel",
      channel_type: "in_app_feed",
      channel_key: "in-app-feed",
      template: { markdown_body: "Key {{ data.key_name }} expires on {{ data.expires_at | date: '%Y-%m-%d' }}." },
    },
    { ref: "delay_1", type: "delay", settings: delay },
    {
      ref: "email_1",
      type: "channel",
      channel_type: "email",
      channel_key: "postmark",
      ...(conditions === undefined ? {} : { conditions }),
      template: {
        subject: "Renew {{ data.key_name }}",
        settings: { layout_key: "default" },
        html_body: "<p>The key {{ data.key_name | escape }} expires on {{ data.expires_at | date: '%Y-%m-%d' }}.</p>",
      },
    },
  ],
});

const UNREAD = {
  all: [{ variable: "refs.in_app_feed_1.engagement_status", operator: "not_contains", argument: "$message.read" }],
};
const WEEK_BEFORE = { delay_until_field_path: "data.expires_at", delay_for: { unit: "days", value: -7 } };

const addKeyExpiring = (parts) =>
  all(
    (folder) => writeJson(folder, pathOf("key-expiring"), createKeyExpiring(parts)),
    write(pathOf("key-expiring", "key-expiring.test.yaml"), scenarioFiles.keyExpiring),
  );

const PUSH = {
  ref: "push_1",
  type: "channel",
  channel_type: "push",
  channel_key: "fcm",
  conditions: {
    all: [
      { variable: "data.used", operator: "greater_than_or_equal_to", argument: "95" },
      { variable: "recipient.plan", operator: "not_equal_to", argument: "free" },
    ],
  },
  template: {
    title: "Storage almost full",
    text_body: "{{ data.used }} % used",
    settings: { delivery_type: "content" },
  },
};

const addPush = (conditions) =>
  all(
    inWorkflow("storage-low", ({ steps }) => steps.push({ ...PUSH, conditions: { all: conditions } })),
    write(pathOf("storage-low", "push.test.yaml"), scenarioFiles.push),
  );

const FRENCH = {
  subject: "{{ share }} % de votre stockage sont utilisés",
  free: "Libérez de l'espace, {{ name }}.",
  left: {
    zero: "Il n'y a plus de place.",
    one: "Il reste de la place pour un fichier.",
    other: "Il reste de la place pour {{ count }} fichiers.",
  },
};

const addFrench = all(
  (folder) => writeJson(folder, "knock/translations/fr/storage.fr.json", FRENCH),
  (folder) =>
    writeJson(folder, "knock/translations/fr/lumen~storage.fr.json", {
      subject: "Les archives Lumen sont pleines à {{ share }} %",
    }),
);

const repairTracker = all(
  (folder) => replaceText(folder, pathOf("task-due"), "html_bdy", "html_body"),
  (folder) => replaceText(folder, pathOf("onboarding"), '"type": "wait_for_event"', '"type": "wait_for_event",'),
  (folder) => replaceText(folder, pathOf("weekly-report"), "schedule.next_at", "schedule.next_occurrence_at"),
  (folder) => replaceText(folder, "knock/translations/de/task.de.json", '"others"', '"other"'),
  (folder) => replaceText(folder, "knock/layouts/branded/layout.json", "| escape }<", "| escape }}<"),
  (folder) => replaceText(folder, "knock/recipients/users.json", "Europe/Londn", "Europe/London"),
);

const NEWS = {
  without_tenant: { ada: ["email"], grace: ["email", "push"], katherine: ["push"], lin: [], mary: ["email"] },
  acme: { ada: ["email"], grace: [], katherine: [], lin: [], mary: [] },
  katherine_push: "workflows.product-news.channel_types.push = false",
};

const REVIEW = {
  lost: { workflow: "page-shared", channel_type: "chat", messages: 5, recipients: ["projects/p1", "grace"] },
  gained: { workflow: "new-comment", channel_type: "email", messages: 1, recipients: ["grace"] },
  changed_messages: 3,
  cause_of_loss: "knock/environment.json",
};

const CODES = {
  exit_partial: 9,
  exit_wait: 10,
  reason_past_delay: "invalid_window",
  reason_empty: "empty_batch",
  reason_no_tenant: "not_applicable",
  error_reused_key: "idempotency_conflict",
  key_hours: 24,
  depth: 10,
  finding_after_digest: "empty_after_batch",
};

export const solutions = {
  "digest-scenario": {
    right: write(pathOf("comment-digest", "digest.test.yaml"), scenarioFiles.digest),
    wrong: {
      "scenarios that count nothing": write(
        pathOf("comment-digest", "digest.test.yaml"),
        scenarioFiles.digest.replace(", count: 1", "").replace("no_messages: true", "rules: [no-failures]"),
      ),
      "scenarios that expect only a waiting batch": write(
        pathOf("comment-digest", "digest.test.yaml"),
        scenarioFiles.waitingDigest,
      ),
    },
  },
  "provider-outage": {
    right: write(pathOf("incident", "outage.test.yaml"), scenarioFiles.outage),
    wrong: {
      "scenarios that don't look at the status": write(
        pathOf("incident", "outage.test.yaml"),
        scenarioFiles.outage.replace(/count: 1, status: \w+/g, "count: 1"),
      ),
      "scenarios without the rejection": write(
        pathOf("incident", "outage.test.yaml"),
        scenarioFiles.outage.split("  never sends")[0],
      ),
    },
  },
  "cancel-one-invitation": {
    right: write(pathOf("invite", "accepted.test.yaml"), scenarioFiles.accepted),
    wrong: {
      "scenarios that expect only a canceled run": write(
        pathOf("invite", "accepted.test.yaml"),
        scenarioFiles.accepted.split("      - advance: 21h")[0],
      ),
      "scenarios that don't look at Grace": write(
        pathOf("invite", "accepted.test.yaml"),
        scenarioFiles.accepted.replace("          no_messages: [{ to: grace }]\n", ""),
      ),
    },
  },
  "throttle-limit": {
    right: all(setThrottle(2), write(pathOf("price-drop", "price-drop.test.yaml"), scenarioFiles.throttle)),
    wrong: {
      "a change without scenarios": all(setThrottle(2), (folder) =>
        rmSync(join(folder, pathOf("price-drop", "price-drop.test.yaml"))),
      ),
      "scenarios that don't advance the clock": all(
        setThrottle(2),
        write(pathOf("price-drop", "price-drop.test.yaml"), scenarioFiles.throttle.split("      - advance:")[0]),
      ),
    },
  },
  "ada-no-sms": {
    right: all(
      nameAdasPhone,
      inAda((ada) => {
        ada.on_call = ada.oncall;
        delete ada.oncall;
      }),
    ),
    wrong: {
      "only the phone number": nameAdasPhone,
      "no preference": all(
        nameAdasPhone,
        inAda((ada) => {
          delete ada.preferences;
        }),
      ),
      "a workflow that ignores preferences": all(
        nameAdasPhone,
        inWorkflow("incident", (workflow) => {
          workflow.settings.override_preferences = true;
        }),
      ),
    },
  },
  "incident-condition": {
    right: inHighCondition((conditions) => {
      conditions[1] = {
        variable: "data.customers_affected",
        operator: "greater_than_or_equal_to",
        argument: "1000",
      };
    }),
    wrong: {
      "only the field": inHighCondition((conditions) => {
        conditions[1].variable = "data.customers_affected";
      }),
      "no condition on the customers": inHighCondition((conditions) => conditions.pop()),
    },
  },
  "invitation-link": {
    right: all(
      (folder) => replaceText(folder, pathOf("invite", "email_1/html_body.html"), "accept_ulr", "accept_url"),
      (folder) => replaceText(folder, pathOf("invite", "email_2/html_body.html"), "data.url_accept", "accept_url"),
    ),
    wrong: {
      "only the first email": (folder) =>
        replaceText(folder, pathOf("invite", "email_1/html_body.html"), "accept_ulr", "accept_url"),
      "no fallback": all(
        (folder) =>
          replaceText(
            folder,
            pathOf("invite", "email_1/html_body.html"),
            "accept_ulr | default: vars.app_url",
            "accept_url",
          ),
        (folder) => replaceText(folder, pathOf("invite", "email_2/html_body.html"), "data.url_accept", "accept_url"),
      ),
    },
  },
  "search-channel-data": {
    right: (folder) =>
      editJson(folder, SERVICES, ({ objects }) => {
        objects[1].channel_data = { slack: { connections: [objects[1].channel_data.chat_slack] } };
      }),
    wrong: {
      "the right channel without connections": (folder) =>
        editJson(folder, SERVICES, ({ objects }) => {
          objects[1].channel_data = { slack: objects[1].channel_data.chat_slack };
        }),
      "the channel of payments": (folder) =>
        editJson(folder, SERVICES, ({ objects }) => {
          objects[1].channel_data = { slack: { connections: [objects[0].channel_data.slack.connections[0]] } };
        }),
    },
  },
  "invalid-project": {
    right: all(repairTracker, (folder) =>
      replaceText(folder, pathOf("member-joined"), '"channel_key": "mail"', '"channel_key": "email"'),
    ),
    wrong: {
      "a channel that does not exist": repairTracker,
      "a removed layout": all(
        repairTracker,
        (folder) => replaceText(folder, pathOf("member-joined"), '"channel_key": "mail"', '"channel_key": "email"'),
        inWorkflow("member-joined", ({ steps }) => {
          delete steps[1].template.settings;
        }),
      ),
    },
  },
  "digest-count": {
    right: all(
      (folder) => replaceText(folder, REVIEWS, "activities.size", "total_activities"),
      (folder) =>
        replaceText(
          folder,
          REVIEWS,
          "{% endfor %}",
          "{% endfor %}{% if total_activities > 3 %}\nand {{ total_activities | minus: 3 }} more\n{% endif %}",
        ),
    ),
    wrong: {
      "only the number": (folder) => replaceText(folder, REVIEWS, "activities.size", "total_activities"),
      "all reviews": all(
        (folder) => replaceText(folder, REVIEWS, "{% endfor %}", "{% endfor %}\nand 2 more\n"),
        inWorkflow("review-digest", ({ steps }) => {
          delete steps[0].settings.batch_items_render_limit;
        }),
      ),
    },
  },
  "send-window": {
    right: all(setSendWindows, useParis, queueInScenario),
    wrong: {
      "UTC for people without a time zone": all(setSendWindows, queueInScenario),
      "failing scenarios": all(setSendWindows, useParis),
    },
  },
  "new-workflow": {
    right: addKeyExpiring({ conditions: UNREAD, delay: WEEK_BEFORE }),
    wrong: {
      "no condition": addKeyExpiring({ delay: WEEK_BEFORE }),
      "a delay of seven days": addKeyExpiring({
        conditions: UNREAD,
        delay: { delay_for: { unit: "days", value: 7 } },
      }),
    },
  },
  "push-step": {
    right: addPush(PUSH.conditions.all),
    wrong: {
      "a condition that is not inclusive": addPush([
        { ...PUSH.conditions.all[0], operator: "greater_than" },
        PUSH.conditions.all[1],
      ]),
      "no condition on the plan": addPush([PUSH.conditions.all[0]]),
    },
  },
  "french-translation": {
    right: all(addFrench, (folder) =>
      writeJson(folder, "knock/translations/fr/fr.json", { greeting: "Bonjour {{ name }}," }),
    ),
    wrong: { "no greeting": addFrench },
  },
  "object-subscribers": {
    right: (folder) =>
      editJson(folder, "knock/recipients/workspace.json", (workspace) => {
        workspace.objects[1].channel_data = {
          slack: { connections: [{ channel_id: "C0BOREALIS", channel_name: "borealis" }] },
        };
        workspace.subscriptions.push({
          object: { collection: "projects", id: "p2" },
          recipient: "lin",
          properties: { role: "reviewer" },
        });
      }),
    wrong: {
      "no channel data": (folder) =>
        editJson(folder, "knock/recipients/workspace.json", ({ subscriptions }) =>
          subscriptions.push({
            object: { collection: "projects", id: "p2" },
            recipient: "lin",
            properties: { role: "reviewer" },
          }),
        ),
    },
  },
  "news-preferences": {
    right: answer(NEWS),
    wrong: { "the same for the tenant": answer({ ...NEWS, acme: NEWS.without_tenant }) },
  },
  "handover-times": {
    right: answer({ marta: "2030-03-11T16:00:00Z", kenji: "2030-03-10T23:30:00Z", priya: null }),
    wrong: {
      "winter time": answer({ marta: "2030-03-11T17:00:00Z", kenji: "2030-03-10T23:30:00Z", priya: null }),
    },
  },
  "sign-in-code": {
    right: answer({
      code: "6E2144",
      link: "https://app.example.com/sign-in?session=s%2F81+b&proof=15cbdb918dbdb75f",
    }),
    wrong: { "the number of the request": answer({ code: "204417", link: "https://app.example.com/sign-in" }) },
  },
  "review-change": {
    right: answer(REVIEW),
    wrong: { "only lost messages": answer({ ...REVIEW, changed_messages: 0 }) },
  },
  codes: {
    right: answer(CODES),
    wrong: { "another code of a conflict": answer({ ...CODES, error_reused_key: "conflict" }) },
  },
};
