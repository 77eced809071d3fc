/** The environment variables of jobs in GitHub Actions and GitLab CI/CD. */
export const CI_VARIABLES = [
  {
    name: "GITHUB_ACTIONS",
    group: "CI jobs",
    meaning: "`true` prints an annotation for each `--expect` rule that is not met",
    default: "no annotations",
  },
  {
    name: "GITHUB_WORKSPACE",
    group: "CI jobs",
    meaning: "folder that paths in annotations are relative to, with `GITHUB_ACTIONS=true`",
    default: "the working directory",
  },
  {
    name: "GITHUB_STEP_SUMMARY",
    group: "CI jobs",
    meaning:
      "file to which a table of `--expect` rules is added, with `GITHUB_ACTIONS=true`, and a review that `--post github` cannot post",
    default: "no table, and the review is only printed",
  },
  {
    name: "GITHUB_TOKEN",
    group: "CI jobs",
    meaning:
      "token of the job, with which `--post github` writes a comment; never printed; GitHub Actions does not set it",
    default: "`GH_TOKEN`",
  },
  {
    name: "GH_TOKEN",
    group: "CI jobs",
    meaning: "the same",
    default: "`--post github` is an error",
  },
  {
    name: "GITHUB_API_URL",
    group: "CI jobs",
    meaning: "URL of GitHub's REST API, for `--post github`",
    default: "`--post github` is an error",
  },
  {
    name: "GITHUB_REPOSITORY",
    group: "CI jobs",
    meaning: "owner and name of the repository, for `--post github`",
    default: "`--post github` is an error",
  },
  {
    name: "GITHUB_EVENT_PATH",
    group: "CI jobs",
    meaning: "file with the event that started the job, in which `--post github` finds the pull request",
    default: "`--post github` is an error",
  },
  {
    name: "GITHUB_EVENT_NAME",
    group: "CI jobs",
    meaning: "name of the event, for the warning that it has no pull request",
    default: "the warning has no name",
  },
  {
    name: "GITLAB_TOKEN",
    group: "CI jobs",
    meaning:
      "token with the scope `api`, with which `--post gitlab` writes a comment; never printed; GitLab does not set it",
    default: "the review is only printed",
  },
  {
    name: "CI_PROJECT_DIR",
    group: "CI jobs",
    meaning: "folder that paths in reports for GitLab are relative to",
    default: "the working directory",
  },
  {
    name: "CI_API_V4_URL",
    group: "CI jobs",
    meaning: "URL of GitLab's REST API, for `--post gitlab`",
    default: "`--post gitlab` is an error",
  },
  {
    name: "CI_MERGE_REQUEST_PROJECT_ID",
    group: "CI jobs",
    meaning: "project of the merge request, for `--post gitlab`",
    default: "the review is only printed",
  },
  {
    name: "CI_MERGE_REQUEST_IID",
    group: "CI jobs",
    meaning: "number of the merge request, for `--post gitlab`",
    default: "the review is only printed",
  },
  {
    name: "GITHUB_BASE_REF",
    group: "CI jobs",
    meaning: "branch that a pull request is merged into, with which `knock review` compares",
    default: "the default branch",
  },
  {
    name: "GITLAB_CI",
    group: "CI jobs",
    meaning: "`true` names the line for `.gitlab-ci.yml` if `knock review` lacks commits",
    default: "no line",
  },
  {
    name: "CI_MERGE_REQUEST_DIFF_BASE_SHA",
    group: "CI jobs",
    meaning: "commit at which a merge request began, with which `knock review` compares",
    default: "the default branch",
  },
  {
    name: "CI_MERGE_REQUEST_TARGET_BRANCH_SHA",
    group: "CI jobs",
    meaning: "target branch of a pipeline for merged results, with which `knock review` compares",
    default: "`CI_MERGE_REQUEST_DIFF_BASE_SHA`",
  },
] as const;

/** Returns whether a command runs in CI. */
export const isCI = (env: Readonly<Record<string, string | undefined>>): boolean =>
  !["", "0", "false", undefined].includes(env.CI);
