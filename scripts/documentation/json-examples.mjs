// Commands whose output the page about JSON output shows. They run in this order in one copy of a sample project.

const MESSAGE = '"$(knock messages list --recipient ada --limit 1 --quiet)"';
const SCHEDULE = '"$(knock schedules list --limit 1 --quiet)"';
const COMMENT = "knock notify new-comment --recipients ada --actor alan --set page=Home";

/** The name of a document, and the command that prints it. A command without a name only prepares the next ones. */
export const JSON_EXAMPLES = [
  ["notify-dry-run", `${COMMENT} --idempotency-key c-1 --dry-run --json`],
  ["notify", `${COMMENT} --expect no-failures --json`],
  [null, "knock notify invite --recipients grace --actor ada --cancellation-key invite-42 --quiet"],
  ["cancel", "knock cancel invite invite-42 --json"],
  ["clock-show", "knock clock show --json"],
  ["clock-advance", "knock clock advance 1h --json"],
  ["runs-list", "knock runs list --workflow new-comment --json"],
  ["runs-show", `knock runs show "$(knock runs list --workflow new-comment --limit 1 --quiet)" --json`],
  ["messages-list", "knock messages list --limit 1 --json"],
  ["messages-show", `knock messages show ${MESSAGE} --json`],
  ["messages-show-raw", `knock messages show ${MESSAGE} --raw`],
  ["messages-mark", `knock messages mark ${MESSAGE} read --json`],
  ["messages-retry", "knock messages retry --all --json"],
  ["test", "knock test --filter seen --json"],
  ["validate", "knock validate --json"],
  ["types", "knock types --output-file knock-types.ts --json"],
  ["replay", "knock replay --json"],
  ["preview", "knock preview new-comment in_app_feed_1 --recipient ada --set page=Home --json"],
  ["workflows-list", "knock workflows list --json"],
  ["workflows-show", "knock workflows show new-comment --json"],
  ["users-list", "knock users list --limit 1 --json"],
  ["users-get", "knock users get ada --json"],
  ["users-set", "knock users set zoe --set email=zoe@example.com --json"],
  ["users-merge", "knock users merge ada mary --json"],
  ["users-delete", "knock users delete zoe --json"],
  ["users-set-bulk", `echo '[{"id":"zoe","plan":"pro"},{"id":"kim"}]' | knock users set --file - --json`],
  ["users-delete-bulk", "knock users delete zoe kim --json"],
  ["objects-list", "knock objects list projects --limit 1 --json"],
  ["objects-get", "knock objects get projects p1 --json"],
  ["objects-set", "knock objects set projects p3 --set name=Calliope --json"],
  ["objects-delete", "knock objects delete projects p3 --json"],
  ["objects-set-bulk", `echo '[{"id":"p4"},{"id":"p5"}]' | knock objects set projects --file - --json`],
  ["objects-delete-bulk", "knock objects delete projects p4 p5 --json"],
  ["tenants-list", "knock tenants list --limit 1 --json"],
  ["tenants-get", "knock tenants get acme --json"],
  ["tenants-set", "knock tenants set initech --set name=Initech --json"],
  ["tenants-delete", "knock tenants delete initech --json"],
  ["tenants-set-bulk", `echo '[{"id":"globex"},{"id":"initech"}]' | knock tenants set --file - --json`],
  ["tenants-delete-bulk", "knock tenants delete globex initech --json"],
  ["preferences-list", "knock preferences list ada --json"],
  ["preferences-get", "knock preferences get ada --json"],
  ["preferences-set", "knock preferences set ada --merge --set channel_types.sms:=false --json"],
  ["preferences-set-bulk", "knock preferences set lin mary --set channel_types.sms:=false --json"],
  ["preferences-delete", "knock preferences delete ada --json"],
  [
    "schedules-create",
    'knock schedules create --data \'{"workflow":"welcome","recipients":["ada"]}\' --set scheduled_at=2030-06-04T18:00:00Z --json',
  ],
  ["schedules-list", "knock schedules list --json"],
  ["schedules-get", `knock schedules get ${SCHEDULE} --json`],
  ["schedules-update", `knock schedules update ${SCHEDULE} --set ending_at=2030-12-31T23:59:59Z --json`],
  ["schedules-delete", `knock schedules delete ${SCHEDULE} --json`],
  ["subscriptions-list", "knock subscriptions list projects p1 --limit 1 --json"],
  ["subscriptions-add", "knock subscriptions add projects p1 --recipients alan --json"],
  ["subscriptions-delete", "knock subscriptions delete projects p1 --recipients alan --json"],
  ["audiences-add", "knock audiences add beta --recipients lin --json"],
  ["audiences-list", "knock audiences list beta --limit 1 --json"],
  ["audiences-remove", "knock audiences remove beta --recipients lin,alan --json"],
  ["feed-list", "knock feed list ada --limit 1 --json"],
  ["sources-list", "knock sources list --json"],
  ["sources-send", "knock sources send billing --file payloads/plan-changed.json --json"],
  ["sources-events", "knock sources events --json"],
  ["broadcasts-list", "knock broadcasts list --json"],
  ["broadcasts-schedule", "knock broadcasts schedule history-launch --at 2030-06-04T18:00:00Z --recipients ada --json"],
  ["broadcasts-cancel", "knock broadcasts cancel history-launch --json"],
  ["broadcasts-send", "knock broadcasts send history-launch --recipients ada --json"],
  ["worker-once", "knock worker --once --json"],
  ["clock-set", "knock clock set 2030-06-05T10:00:00Z --json"],
  ["clock-freeze", "knock clock freeze --json"],
  ["clock-reset", "knock clock reset --json"],
  ["dev", "knock dev --port 0 --store :memory: --json"],
  ["prune", "knock prune --older-than 90d --dry-run --json"],
  ["store-migrate", "knock store migrate --json"],
  ["init", "knock init ../new-app --json"],
  ["auth-login", 'echo "$KNOCK_API_KEY" | knock auth login --with-token --json'],
  ["auth-status", "knock auth status --json"],
  ["auth-logout", "knock auth logout --json"],
  ["forecast", "knock forecast payloads/week.jsonl --quiet-hours 22:00-08:00 --json"],
  ["completion", "knock completion fish --json"],
  ["doctor", "knock doctor --json"],
  ["config-list", "knock config list --json"],
  ["config-get", "knock config get target --json"],
  ["config-set", "knock config set target local --json"],
  ["config-path", "knock config path --json"],
  ["error", "knock notify new-coment --recipients ada --json"],
  ["runs-show-workflow-run", `knock runs show "$(${COMMENT} --quiet)" --json`],
];

const RUN_ID = "3f9c8a52-6d1e-4b77-a0c4-9e5d2b1f8a63";

/** Examples of documents that a command prints while it runs, or that it writes to a file. */
export const WRITTEN_EXAMPLES = {
  "store-copy": [
    {
      from: ".knock-local/store.db",
      to: "postgres://knock@db.example.com/knock",
      rows: 31_204,
      tables: [{ table: "recipient_runs", rows: 12_480, digest: "5be9a4d1c8f0437b92de65a017c3f48b" }],
    },
  ],
  "notify-summary": [
    {
      triggered: 999_998,
      failed: 2,
      skipped: 0,
      replayed: 0,
      workflow_runs: 999_998,
      duration_ms: 1_003_412,
      output: "results.jsonl",
      journal: "triggers.jsonl.journal",
      lines: 1_000_000,
    },
  ],
  audit: [
    {
      recipients: [
        {
          recipient: "ada",
          exists: true,
          workflows: [
            {
              workflow: "storage-low",
              gets_nothing: true,
              steps: [
                {
                  ref: "email_1",
                  channel_type: "email",
                  channel: "sendgrid",
                  reason: { code: "missing_recipient_data", detail: "no email address" },
                },
              ],
            },
          ],
        },
        { recipient: "ghost", exists: false, workflows: [] },
      ],
      notes: [],
      summary: { recipients: 3, workflows: 8, missing: 1, get_nothing: 2 },
    },
  ],
  diff: [
    {
      workflow: "new-comment",
      workflow_run_id: RUN_ID,
      timed_out: false,
      recipients: [
        {
          recipient: "ada",
          remote: { status: "completed", reason: null },
          local: { status: "completed", reason: null },
          steps: [
            {
              ref: "email_1",
              remote: {
                outcome: "skipped",
                reason: { code: "condition", detail: "data.page equal_to Plan" },
                branch: null,
              },
              local: { outcome: "sent", reason: null, branch: null },
            },
          ],
          remote_only: [],
          local_only: [
            {
              message_id: null,
              step: "email_1",
              channel: { key: "sendgrid", type: "email" },
              tenant: null,
              title: "New comment on Home",
              content: { subject_line: "New comment on Home", html_body: "<p>Hi Ada</p>", text_body: "Hi Ada" },
            },
          ],
          changed: [],
        },
      ],
      notes: [],
      summary: { recipients: 2, different: 1, steps: 1, equal: 3, changed: 0, remote_only: 0, local_only: 1 },
    },
  ],
  "notify-result": [
    {
      line: 1,
      outcome: {
        workflow_run_id: RUN_ID,
        workflow: "new-comment",
        target: "remote",
        cancellation_key: null,
        recipients: null,
        summary: null,
      },
    },
    {
      line: 2,
      error: {
        code: "invalid_json",
        message: "triggers.jsonl:2:1: invalid JSON: unexpected word",
        hint: "Use double quotes for names and texts, no comma after the last item, and no comments.",
        docs: "docs/troubleshooting.md#invalid_json",
        details: [
          { pointer: "", message: "invalid JSON: unexpected word", file: "triggers.jsonl", line: 2, column: 1 },
        ],
      },
    },
  ],
  worker: [
    {
      recipient_run_id: "c2a4dcb1-0f0e-5a5c-9f0c-0c7d0e4b7c11",
      recipient: "ada",
      workflow: "welcome",
      at: "2030-06-04T10:00:00.000Z",
      steps: [{ ref: "delay_1", type: "delay", outcome: "passed", reason: null }],
    },
  ],
  "worker-log": [
    {
      level: "info",
      time: "2030-06-04T10:00:00.000Z",
      worker: "6f0f3a52-53c0-4d39-9d0f-0a2f5a4c0f0e",
      event: "started",
      concurrency: 8,
      store: "postgres://knock:…redacted@db.example.com/knock",
      metrics_port: 9464,
      message: "started with 8 jobs at a time; metrics on port 9464",
    },
    {
      level: "info",
      time: "2030-06-04T10:00:10.000Z",
      worker: "6f0f3a52-53c0-4d39-9d0f-0a2f5a4c0f0e",
      event: "progress",
      runs: 1200,
      deliveries: 300,
      total_runs: 1200,
      message: "1200 runs advanced, 300 delivery attempts",
    },
  ],
  "dev-log": [
    {
      request: {
        method: "POST",
        path: "/v1/workflows/new-comment/trigger",
        status: 200,
        took_ms: 12.4,
        workflow_run_id: RUN_ID,
        error: null,
      },
    },
    { change: { kind: "workflow", key: "invite", branch: null, change: "changed", error: null, kept: false } },
  ],
  "dev-ready-file": [{ url: "http://127.0.0.1:8484", port: 8484, pid: 4242 }],
  "messages-show-open": [{ path: "/tmp/knock-2hV0Qm/message.html", opened: true }],
};
