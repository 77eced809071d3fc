import { afterEach, beforeEach, describe } from "vitest";
import { describeCancels } from "./cancels-contract.js";
import { type ContractProject, contractProject } from "./contract-project.js";
import { OpenTarget, type OperationsSubject } from "./open-target.js";
import { describeReads } from "./reads-contract.js";
import { describeRecipients } from "./recipients-contract.js";
import { describeResources } from "./resources-contract.js";
import { describeTriggers } from "./triggers-contract.js";

/** Describes what the `Operations` port promises for every target. `open` is called for each test. */
export function describeOperations(name: string, open: (project: ContractProject) => Promise<OperationsSubject>): void {
  describe(`${name} operations`, () => {
    const target = new OpenTarget();
    beforeEach(async () => {
      target.subject = await open(contractProject);
    });
    afterEach(async () => {
      await target.subject?.close();
      target.subject = null;
    });

    describeTriggers(target);
    describeCancels(target);
    describeReads(target);
    describeRecipients(target);
    describeResources(target);
  });
}
