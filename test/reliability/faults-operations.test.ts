import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { afterAll, describe, expect, it } from "vitest";
import { describeOnPostgres, PostgresServer, ROLE_WITH_PASSWORD, withClient } from "../helpers/postgres-server.js";
import { ServerCertificates } from "../helpers/server-certificates.js";
import { replicate } from "../helpers/standby-servers.js";
import { type Fault, FaultRun, type Figures } from "./faults/fault-run.js";
import { killWorkers } from "./faults/faults.js";
import type { WorkloadSize } from "./faults/workload.js";
import { isLongRun, reportFigures } from "./long-runs.js";
import { Balancer } from "./serve/balancer.js";

const SECOND = 1_000;
const SIZE: WorkloadSize = { rounds: 12, recipients: 150, windowSeconds: 30, pauseMs: SECOND };
const options = { timeout: 15 * 60 * SECOND };

/** The built command of an older version, such as `/builds/1.0/bin/knock.js`, for the rolling upgrade. */
const OLDER = process.env.KNOCK_TEST_OLDER;

const allFigures: Figures = {};

/** Executes a workload on a server of its own, and expects the same result as without faults. */
async function expectEqualResult(name: string, build: (server: PostgresServer) => Promise<Fault>) {
  const server = await PostgresServer.start();
  try {
    const { differences, figures } = await FaultRun.execute(server, `faults_${name}`, await build(server));
    process.stderr.write(`faults: ${name} ${JSON.stringify(figures)}\n`);
    for (const [figure, value] of Object.entries(figures)) allFigures[`${name}_${figure}`] = value;
    expect(differences).toEqual([]);
    expect(figures.runs_failed).toBe(0);
    return figures;
  } finally {
    await server.remove();
  }
}

/** Gives the role with a password the rights of a worker, and no others. */
async function grantToWorker(run: FaultRun): Promise<void> {
  const args = ["store", "migrate", "--grant-to", `worker=${ROLE_WITH_PASSWORD.name}`, "--store", run.url];
  const { exitCode, stderr } = await run.sample.knock(args);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
}

/** Returns the URL of a run for the role with a password. */
function buildRoleUrl(run: FaultRun, password: string, query = ""): string {
  const url = new URL(run.url);
  url.username = ROLE_WITH_PASSWORD.name;
  url.password = encodeURIComponent(password);
  url.search = query;
  return url.href;
}

/** Runs `body` while every processor is busy with something else. */
async function withBusyProcessors(body: () => Promise<void>): Promise<void> {
  const spinners = Array.from({ length: 2 * availableParallelism() }, () =>
    spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }),
  );
  try {
    await body();
  } finally {
    for (const spinner of spinners) spinner.kill("SIGKILL");
  }
}

describe.runIf(isLongRun("faults"))("in operation", () => {
  afterAll(() => reportFigures("faults", allFigures, "operations"));

  describeOnPostgres("four workers lose and double nothing", () => {
    it("as a role with the rights of a worker, over TLS that is verified, while they are killed", options, async () => {
      await expectEqualResult("least_privilege", async (server) => {
        const certificates = new ServerCertificates(server);
        await certificates.use("server");
        const query = `sslmode=verify-full&sslrootcert=${certificates.authority}`;
        return {
          size: SIZE,
          prepare: grantToWorker,
          getWorkerUrl: (run) => buildRoleUrl(run, ROLE_WITH_PASSWORD.password, query),
          inject: (run) => killWorkers(run, 3, 5 * SECOND),
        };
      });
    });

    it("while the password of their role is rotated and they are restarted with the new one", options, async () => {
      let password = ROLE_WITH_PASSWORD.password;
      await expectEqualResult("rotated_password", async () => ({
        size: SIZE,
        prepare: grantToWorker,
        getWorkerUrl: (run) => buildRoleUrl(run, password),
        async inject(run) {
          await run.pause(5 * SECOND);
          password = "another horse";
          await run.query(`ALTER ROLE ${ROLE_WITH_PASSWORD.name} PASSWORD '${password}'`);
          // Sessions stay open until something ends them, such as a pooler. New ones need the new password.
          await run.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1",
            ROLE_WITH_PASSWORD.name,
          );
          await run.pause(5 * SECOND);
          for (const worker of run.listRunning()) {
            worker.kill();
            await run.startWorker(run.workers.indexOf(worker));
            run.count("restarted");
          }
        },
      }));
    });

    it("beside a foreign transaction that keeps its snapshot", options, async () => {
      await expectEqualResult("foreign_snapshot", async () => ({
        size: SIZE,
        async inject(run) {
          await withClient(run.url, async (client) => {
            await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
            await client.query("SELECT count(*) FROM recipient_runs");
            await run.pause(60 * SECOND);
          });
        },
      }));
    });

    it("while all processors are busy with something else", options, async () => {
      await expectEqualResult("busy_processors", async () => ({
        size: SIZE,
        inject: (run) => withBusyProcessors(() => run.pause(60 * SECOND)),
      }));
    });

    it("when the standby takes over from a primary that waited for it", options, async () => {
      const standby = await PostgresServer.start();
      try {
        await expectEqualResult("failover", async (server) => {
          await replicate(server, standby);
          await withClient(server.getUrl("postgres"), (client) =>
            client.query("ALTER SYSTEM SET synchronous_standby_names = '*'"),
          );
          await withClient(server.getUrl("postgres"), (client) => client.query("SELECT pg_reload_conf()"));
          const proxy = await Balancer.start([server.port]);
          return {
            size: SIZE,
            openProxy: async () => ({ port: proxy.port, figures: {}, isFailing: false, close: () => proxy.close() }),
            isReplaced: true,
            getWorkerUrl: ({ url }) =>
              `postgres://postgres@127.0.0.1:${server.port},127.0.0.1:${standby.port}${new URL(url).pathname}?target_session_attrs=read-write`,
            async inject(run) {
              await run.pause(8 * SECOND);
              await server.stop("immediate");
              await withClient(standby.getUrl("postgres"), (client) => client.query("SELECT pg_promote()"));
              proxy.ports = [standby.port];
              run.count("failovers");
            },
          };
        });
      } finally {
        await standby.remove();
      }
    });

    it.runIf(OLDER !== undefined)("during a rolling upgrade from an older version", options, async () => {
      let bin = OLDER;
      await expectEqualResult("rolling_upgrade", async () => ({
        size: SIZE,
        getBin: () => bin,
        async inject(run) {
          await run.pause(8 * SECOND);
          bin = undefined;
          for (const worker of run.listRunning()) {
            await worker.stop();
            await run.startWorker(run.workers.indexOf(worker));
            run.count("replaced");
            await run.pause(4 * SECOND);
          }
        },
      }));
    });
  });
});
