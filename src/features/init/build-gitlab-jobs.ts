import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { getInstallCommand } from "./check-ci-installation.js";
import { type CiProject, type InstalledCommand, REVIEW_PAGE, TEST_COMMAND } from "./ci-project.js";

/** The file with the jobs, which the repository's main file includes. */
const JOBS_FILE = ".gitlab/knock.yml";
const MAIN_FILE = ".gitlab-ci.yml";
const INCLUDE = `include: [{ local: ${JOBS_FILE} }]`;

interface GitLabFiles {
  path: string;
  content: string;
  mainPath: string;
  mainContent: string;
  /** Why the jobs would not run although both files exist. */
  warnings: string[];
}

/** Returns the jobs of GitLab CI/CD that check and review a project, and the file that includes them. */
export function buildGitLabJobs(
  { repository, folder }: CiProject,
  { version }: Pick<InstalledCommand, "version">,
): GitLabFiles {
  const prefix = folder === "" ? "" : `${folder}/`;
  const enter = folder === "" ? "" : `    - cd ${JSON.stringify(folder)}\n`;
  const mainPath = join(repository, MAIN_FILE);
  const isIncluded = !existsSync(mainPath) || readFileSync(mainPath, "utf8").includes(JOBS_FILE);
  return {
    path: join(repository, JOBS_FILE),
    mainPath,
    mainContent: `${INCLUDE}\n`,
    warnings: isIncluded ? [] : [`${MAIN_FILE} does not include the jobs. Add this line to it: ${INCLUDE}`],
    content: `# Tests the notification workflows, and reviews each merge request in a comment. npm ci installs knock-cli from the repository:
# copy the package to vendor/, run ${getInstallCommand(version)}, and commit both.
# The comment needs the CI/CD variable GITLAB_TOKEN: a project access token with the scope api, masked and not protected.
.knock:
  image: node:22
  timeout: 10 minutes
  before_script:
${enter}    - npm ci
    - mkdir -p reports

knock-test:
  extends: .knock
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  script:
    - npx knock-cli validate --strict --format gitlab > reports/code-quality.json
    - npx knock-cli ${TEST_COMMAND}
  artifacts:
    when: always
    paths:
      - ${JSON.stringify(`${prefix}reports/`)}
    reports:
      junit: ${JSON.stringify(`${prefix}reports/junit.xml`)}
      codequality: ${JSON.stringify(`${prefix}reports/code-quality.json`)}

knock-review:
  extends: .knock
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  variables:
    GIT_DEPTH: "0" # for the base of the merge request
  script:
    - npx knock-cli review --post gitlab --html ${REVIEW_PAGE} --artifact-url "$CI_JOB_URL/artifacts/file/${prefix}${REVIEW_PAGE}"
  artifacts:
    when: always
    paths:
      - ${JSON.stringify(`${prefix}${REVIEW_PAGE}`)}
`,
  };
}
