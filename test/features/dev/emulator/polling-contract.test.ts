import { PollingDueWork } from "../../../../src/features/dev/emulator/polling-due-work.js";
import { type DueWorkSubject, describeDueWork } from "../../../contract/due-work/due-work-contract.js";

describeDueWork("polling", async () => {
  const due: number[] = [];
  const ranAt: number[] = [];
  const errors: unknown[] = [];
  let started: PollingDueWork | undefined;
  let gate: Promise<void> | undefined;
  let isWaiting = false;
  let isFailing = false;
  const operations = {
    readTimeUntilDue: async () => (due.length === 0 ? null : Math.max(0, Math.min(...due) - Date.now())),
    async runDue() {
      for (const at of due.filter((time) => time <= Date.now())) {
        if (isFailing) {
          isFailing = false;
          throw new Error("the work failed");
        }
        isWaiting = gate !== undefined;
        await gate;
        due.splice(due.indexOf(at), 1);
        ranAt.push(Date.now());
      }
      return [];
    },
  };
  const subject: DueWorkSubject = {
    ranAt,
    errors,
    async start() {
      started = new PollingDueWork({
        operations,
        onBlocked: () => {},
        onError: (error) => errors.push(error),
        onRun: () => {},
      });
      return started;
    },
    async add(dueAt, { isAnnounced } = { isAnnounced: true }) {
      due.push(dueAt);
      if (isAnnounced) started?.wake();
    },
    block() {
      let release = (): void => {};
      gate = new Promise((resolve) => {
        release = resolve;
      });
      return { hasBegun: () => isWaiting, release: () => release() };
    },
    failOnce() {
      isFailing = true;
    },
    close: async () => {},
  };
  return subject;
});
