import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { eventually } from "../../helpers/eventually.js";
import { findFreePort } from "../../helpers/find-free-port.js";
import { withClient } from "../../helpers/postgres-server.js";
import { createSample, type Sample, type StartedCommand } from "../../helpers/run-knock.js";
import { Balancer } from "./balancer.js";

type Kind = "serve" | "worker";

const INSTANCES = 2;
const WORKERS = 2;

/** A command that is killed and started again, always on the same port. */
interface Member {
  args: string[];
  port: number;
  process: StartedCommand;
}

/** Creates roles with the rights of the API and of a worker, and returns the URLs for them. */
async function createRoles(store: string, run: (args: string[]) => Promise<string>): Promise<Record<Kind, string>> {
  const urls = { serve: new URL(store), worker: new URL(store) };
  const suffix = urls.serve.pathname.slice(1);
  for (const [kind, url] of Object.entries(urls)) url.username = `${kind}_${suffix}`;
  await withClient(store, (client) =>
    client.query(`CREATE ROLE ${urls.serve.username} LOGIN; CREATE ROLE ${urls.worker.username} LOGIN`),
  );
  const grants = [`api=${urls.serve.username}`, `worker=${urls.worker.username}`];
  await run(["store", "migrate", ...grants.flatMap((grant) => ["--grant-to", grant])]);
  return { serve: urls.serve.href, worker: urls.worker.href };
}

/** Instances of `knock serve` behind a balancer, and workers, on one database, each with the rights that it needs. */
export class ServeCluster {
  readonly keys = { secret: "", public: "" };
  kills = 0;
  errors = "";
  private stores: Record<Kind, string> = { serve: "", worker: "" };
  private readonly members: Record<Kind, Member[]> = { serve: [], worker: [] };

  private constructor(
    readonly sample: Sample,
    readonly store: string,
    private readonly privateKey: KeyObject,
    readonly balancer: Balancer,
    private readonly ports: readonly number[],
  ) {}

  static async start(store: string, writeProject: (sample: Sample) => void): Promise<ServeCluster> {
    const sample = createSample(null);
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    sample.write("knock.json", { knockDir: "./knock" });
    writeProject(sample);
    const ports = await Promise.all(Array.from({ length: INSTANCES }, findFreePort));
    const cluster = new ServeCluster(sample, store, privateKey, await Balancer.start(ports), ports);
    cluster.stores = await createRoles(store, (args) => cluster.run(args));
    cluster.keys.secret = await cluster.run(["keys", "create", "--quiet"]);
    cluster.keys.public = await cluster.run(["keys", "create", "--public", "--quiet"]);
    for (const port of ports) await cluster.add("serve", ["serve", "--port", String(port)], port);
    for (let worker = 0; worker < WORKERS; worker++) {
      const port = await findFreePort();
      await cluster.add("worker", ["worker", "--concurrency", "4", "--metrics-port", String(port)], port);
    }
    return cluster;
  }

  private async run(args: string[]): Promise<string> {
    const { stdout, stderr, exitCode } = await this.sample.knock([...args, "--store", this.store]);
    if (exitCode !== 0) throw new Error(`knock ${args.join(" ")} ended with ${exitCode}: ${stderr}`);
    return stdout.trim();
  }

  private async add(kind: Kind, given: string[], port: number): Promise<void> {
    const args = [...given, "--store", this.stores[kind]];
    const member = { args, port, process: this.spawn(args) };
    this.members[kind].push(member);
    await this.untilReady(member);
  }

  private spawn(args: string[]): StartedCommand {
    const SIGNING_KEY = String(this.privateKey.export({ type: "pkcs8", format: "pem" }));
    const started = this.sample.start(args, { env: { SIGNING_KEY } });
    const collect = (chunk: Buffer): void => {
      this.errors += String(chunk)
        .split("\n")
        .filter((line) => /"level":"error"|^error:|internal error/.test(line))
        .join("\n");
    };
    started.stdout.on("data", collect);
    started.stderr.on("data", collect);
    return started;
  }

  private async untilReady({ port, process, args }: Member): Promise<void> {
    await eventually(() => {
      if (process.exitCode !== null) throw new Error(`knock ${args[0]} ended with ${process.exitCode}: ${this.errors}`);
      return fetch(`http://127.0.0.1:${port}/`).then(
        () => true,
        () => false,
      );
    });
  }

  /** Kills a process of a kind, the others in turn, and returns once its successor is ready. */
  async kill(kind: Kind): Promise<void> {
    const members = this.members[kind];
    const member = members.shift() as Member;
    members.push(member);
    member.process.kill("SIGKILL");
    await member.process;
    this.kills++;
    member.process = this.spawn(member.args);
    await this.untilReady(member);
  }

  /** Returns a user token. */
  signUser(sub: string): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const text = `${part({ alg: "RS256", typ: "JWT" })}.${part({ sub, exp: Math.floor(Date.now() / 1_000) + 3_600 })}`;
    return `${text}.${sign("RSA-SHA256", Buffer.from(text), this.privateKey).toString("base64url")}`;
  }

  /** The URLs of the instances, without the balancer. */
  get urls(): string[] {
    return this.ports.map((port) => `http://127.0.0.1:${port}`);
  }

  async stop(): Promise<void> {
    const processes = Object.values(this.members).flatMap((members) => members.map(({ process }) => process));
    for (const process of processes) process.kill("SIGTERM");
    await Promise.all(processes);
    await this.balancer.close();
    this.sample.remove();
  }
}
