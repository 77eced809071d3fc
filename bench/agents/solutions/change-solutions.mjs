// Solutions of the tasks of ../tasks/change-tasks.mjs.
import { editJson, findStep, pathOf, replaceText, writeJson } from "../project.mjs";
import { all, inWorkflow, write } from "./changes.mjs";
import { scenarioFiles } from "./scenario-files.mjs";

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

export const changeSolutions = {
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
};
