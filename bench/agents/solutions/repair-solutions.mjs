// Solutions of the tasks of ../tasks/repair-tasks.mjs.
import { editJson, findStep, pathOf, replaceText } from "../project.mjs";
import { all, inWorkflow } from "./changes.mjs";

const ON_CALL = "knock/recipients/on-call.json";

const SERVICES = "knock/recipients/services.json";

const REVIEWS = pathOf("review-digest", "in_app_feed_1/markdown_body.md");

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

const repairTracker = all(
  (folder) => replaceText(folder, pathOf("task-due"), "html_bdy", "html_body"),
  (folder) => replaceText(folder, pathOf("onboarding"), '"type": "wait_for_event"', '"type": "wait_for_event",'),
  (folder) => replaceText(folder, pathOf("weekly-report"), "schedule.next_at", "schedule.next_occurrence_at"),
  (folder) => replaceText(folder, "knock/translations/de/task.de.json", '"others"', '"other"'),
  (folder) => replaceText(folder, "knock/layouts/branded/layout.json", "| escape }<", "| escape }}<"),
  (folder) => replaceText(folder, "knock/recipients/users.json", "Europe/Londn", "Europe/London"),
);

export const repairSolutions = {
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
};
