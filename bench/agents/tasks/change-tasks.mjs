// Tasks in which a project gets something new. Each check runs scenarios that the agent has not seen.
import { expectBehavior, expectSuccess } from "../expectations.mjs";
import { commit, copyFixture } from "../project.mjs";

const createSetup = (fixture) => (folder) => {
  copyFixture(fixture, folder);
  commit(folder);
};

const sendWindow = {
  id: "send-window",
  title: "Send emails only during working hours",
  prompt:
    "People complain about emails of the workflow new-comment at night. Send its email only from 08:00 to 18:00 from Monday to Friday, in the time zone of the person who gets it; at other times it waits until then. People without a time zone are in Paris. The message in the app stays immediate. Update the project's scenarios where they no longer apply.",
  setup: createSetup("collab"),
  check(folder) {
    const comment = (user) => ({ notify: { recipients: [user], actor: "ada", data: { page: "Home" } } });
    const expectEmail = (user, outcome) => ({ expect: { outcomes: { [user]: { email_1: outcome } } } });
    // The email follows half an hour after the comment.
    const expectWindow = (user, time, opensAt) => [
      { set_time: time },
      { ...comment(user), expect: { messages: [{ to: user, channel: "in-app", count: 1 }] } },
      { advance: "30m", ...expectEmail(user, opensAt === null ? "sandboxed" : "queued") },
      ...(opensAt === null
        ? []
        : [
            { set_time: new Date(Date.parse(opensAt) - 60_000).toISOString(), ...expectEmail(user, "queued") },
            { set_time: opensAt, ...expectEmail(user, "sandboxed") },
          ]),
    ];
    expectBehavior(folder, "new-comment", {
      "Grace at 05:00 in New York": expectWindow("grace", "2026-01-05T09:30:00Z", "2026-01-05T13:00:00Z"),
      "Grace at 09:00 in New York": expectWindow("grace", "2026-01-05T13:30:00Z", null),
      "Lin at 19:00 in Taipei": expectWindow("lin", "2026-01-06T10:30:00Z", "2026-01-07T00:00:00Z"),
      "Alan on Friday at 18:20 in Paris": expectWindow("alan", "2026-01-09T16:50:00Z", "2026-01-12T07:00:00Z"),
      "Alan on Saturday": expectWindow("alan", "2026-01-10T10:00:00Z", "2026-01-12T07:00:00Z"),
      "Mary without a time zone at 18:20 in Paris": expectWindow(
        "mary",
        "2026-01-06T16:50:00Z",
        "2026-01-07T07:00:00Z",
      ),
      "Mary without a time zone at 17:30 in Paris": expectWindow("mary", "2026-01-06T16:00:00Z", null),
    });
    expectSuccess(folder, "validate", "--quiet");
    expectSuccess(folder, "test", "--quiet");
  },
};

const newWorkflow = {
  id: "new-workflow",
  title: "Create a workflow from a description",
  prompt:
    'Create the workflow key-expiring. Our application triggers it with the name of an API key (key_name) and the time at which it expires (expires_at); a trigger without one of them is rejected. The person gets a message in the app immediately, which contains "Key <key_name> expires". Seven days before the key expires, an email with the subject "Renew <key_name>" follows, unless the person has read the message in the app by then. If the key expires earlier than in seven days, the email is sent at once. Both reach also people who turned off these messages. Add scenarios that reach all of the workflow: each step, and each condition when it is true and when it is false.',
  setup: createSetup("ops"),
  check(folder) {
    const trigger = (user, expires_at) => ({
      notify: { recipients: [user], data: { key_name: "ci-deploy", expires_at } },
    });
    const late = "2026-02-01T09:00:00Z";
    const inApp = { channel: "in-app", count: 1, body: { contains: "Key ci-deploy expires" } };
    const email = { channel: "email", count: 1, subject: "Renew ci-deploy" };
    expectBehavior(folder, "key-expiring", {
      "email seven days before": [
        { ...trigger("marta", late), expect: { messages: [inApp], no_messages: [{ channel: "email" }] } },
        { set_time: "2026-01-25T08:59:00Z", expect: { no_messages: true } },
        { set_time: "2026-01-25T09:00:00Z", expect: { messages: [email] } },
      ],
      "no email if the message was read": [
        trigger("marta", late),
        { mark: { to: "marta", channel: "in-app", status: "read" } },
        { until_idle: true, expect: { no_messages: true } },
      ],
      "email if the message was only seen": [
        trigger("marta", late),
        { mark: { to: "marta", channel: "in-app", status: "seen" } },
        { until_idle: true, expect: { messages: [email] } },
      ],
      "email at once": [{ ...trigger("kenji", "2026-01-08T09:00:00Z"), expect: { messages: [inApp, email] } }],
      "Priya turned off emails": [
        { ...trigger("priya", "2026-01-08T09:00:00Z"), expect: { messages: [inApp, email] } },
      ],
      "data is required": [
        { notify: { recipients: ["marta"], data: { key_name: "ci" } }, expect: { error: "invalid_params" } },
        { notify: { recipients: ["marta"], data: { expires_at: late } }, expect: { error: "invalid_params" } },
      ],
    });
    expectSuccess(folder, "validate", "--quiet");
    expectSuccess(folder, "test", "--quiet");
    expectSuccess(folder, "test", "key-expiring", "--coverage-threshold", "100", "--quiet");
  },
};

const pushStep = {
  id: "push-step",
  title: "Add a step with a condition",
  prompt:
    'When 95 % or more of the storage is used (data.used), the workflow storage-low should also send a push notification with the title "Storage almost full" and a text that contains the number, such as "96 % used". People on the plan free get no push notification. The email stays as it is. Add scenarios that show each condition when it is true and when it is false.',
  setup: createSetup("collab"),
  check(folder) {
    const low = (user, used) => ({ notify: { recipients: [user], data: { used, files: 3 } } });
    const email = { channel: "email", count: 1 };
    const push = (used) => ({
      channel: "push",
      count: 2,
      subject: "Storage almost full",
      body: { contains: `${used} % used` },
    });
    const noPush = { no_messages: [{ channel: "push" }] };
    expectBehavior(folder, "storage-low", {
      "96 %": [{ ...low("grace", 96), expect: { messages: [email, push(96)] } }],
      "95 %": [{ ...low("grace", 95), expect: { messages: [email, push(95)] } }],
      "94 %": [{ ...low("grace", 94), expect: { messages: [email], ...noPush } }],
      "100 %": [{ ...low("grace", 100), expect: { messages: [email, push(100)] } }],
      "9 %": [{ ...low("grace", 9), expect: { messages: [email], ...noPush } }],
      "plan free": [{ ...low("katherine", 99), expect: { no_messages: true } }],
    });
    expectSuccess(folder, "validate", "--quiet");
    expectSuccess(folder, "test", "--quiet");
    expectSuccess(folder, "test", "storage-low", "--coverage-threshold", "100", "--quiet");
  },
};

const french = {
  id: "french-translation",
  title: "Translate an email, with a text of one tenant",
  prompt:
    'The email of the workflow storage-low should also be in French. Greeting: "Bonjour <name>,". Subject: "<used> % de votre stockage sont utilisés"; for the tenant lumen: "Les archives Lumen sont pleines à <used> %". Then one of "Il n\'y a plus de place.", "Il reste de la place pour un fichier." and "Il reste de la place pour <n> fichiers." (0, 1 and more files), and "Libérez de l\'espace, <name>." English and German stay unchanged.',
  setup: createSetup("collab"),
  check(folder) {
    const low = (locale, files, tenant) => ({
      notify: {
        recipients: [{ id: "zoe", name: "Zoé", email: "zoe@example.com", locale }],
        data: { used: 91, files },
        ...(tenant === undefined ? {} : { tenant }),
      },
    });
    const run = (trigger, subject, ...texts) => {
      const bodies = texts.map((text) => ({ channel: "email", body: { contains: text } }));
      return [{ ...trigger, expect: { messages: [{ channel: "email", count: 1, subject }, ...bodies] } }];
    };
    const subject = "91 % de votre stockage sont utilisés";
    expectBehavior(folder, "storage-low", {
      "several files": run(low("fr-CA", 3), subject, "Bonjour Zoé,", "Il reste de la place pour 3 fichiers."),
      "one file": run(low("fr", 1), subject, "Il reste de la place pour un fichier."),
      "no file": run(low("fr", 0), subject, "Il n'y a plus de place."),
      "tenant lumen": run(low("fr-FR", 3, "lumen"), "Les archives Lumen sont pleines à 91 %", "Bonjour Zoé,"),
      German: run(low("de-AT", 3), "91 % des Speichers sind belegt", "Hallo Zoé,"),
      "German, tenant lumen": run(low("de", 3, "lumen"), "Das Lumen-Archiv ist zu 91 % voll"),
      English: run(low("en", 3), "91 % of your storage is used", "Hello Zoé,"),
    });
    expectSuccess(folder, "validate", "--quiet");
    expectSuccess(folder, "test", "--quiet");
  },
};

const subscribers = {
  id: "object-subscribers",
  title: "Reach the subscribers of an object",
  prompt:
    'If a page of the project Borealis (object p2 of the collection projects) is shared with the project (workflow page-shared), it should reach: the Slack channel of the project, C0BOREALIS, named borealis; Mary as its owner, as now; and Lin, whose message in the app ends with "as reviewer". Set this up in the project\'s files, without a change of the workflow.',
  setup: createSetup("collab"),
  check(folder) {
    const shared = (id) => ({
      notify: { recipients: [{ collection: "projects", id }], actor: "alan", data: { page: "Plan" } },
    });
    const text = (to, role) => ({ to, channel: "in-app", count: 1, body: { contains: `with you as ${role}` } });
    expectBehavior(folder, "page-shared", {
      Borealis: [
        {
          ...shared("p2"),
          expect: {
            messages: [
              text("mary", "owner"),
              text("lin", "reviewer"),
              { to: "projects/p2", channel: "slack", count: 1, content: { "connection.channel_id": "C0BOREALIS" } },
            ],
            no_runs: ["grace", "katherine", "ada"],
          },
        },
      ],
      Apollo: [
        {
          ...shared("p1"),
          expect: { messages: [text("grace", "owner"), text("katherine", "reviewer")], no_runs: ["lin"] },
        },
      ],
    });
    expectSuccess(folder, "validate", "--quiet");
    expectSuccess(folder, "test", "--quiet");
  },
};

export const changeTasks = [sendWindow, newWorkflow, pushStep, french, subscribers];
