// Solutions of the tasks of ../tasks/question-tasks.mjs.
import { writeJson } from "../project.mjs";

const answer = (value) => (folder) => writeJson(folder, "answer.json", value);

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

export const questionSolutions = {
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
