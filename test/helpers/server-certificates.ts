import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findServerUser, type PostgresServer } from "./postgres-server.js";

/** Runs openssl in a folder. */
const runOpenssl = (cwd: string, ...args: string[]) => execFileSync("openssl", args, { cwd, stdio: "ignore" });

/** Creates an authority, and certificates for two hosts that it has signed. The server reads `server.crt` and `server.key`. */
function createCertificates(folder: string): void {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  runOpenssl(folder, "req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=test authority");
  for (const [name, host] of [
    ["server", "IP:127.0.0.1"],
    ["other", "DNS:db.example.com"],
  ] as const) {
    writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${host}\n`);
    runOpenssl(folder, "req", "-new", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", "/CN=server");
    runOpenssl(
      folder,
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-CA",
      "ca.crt",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-out",
      `${name}.crt`,
      "-extfile",
      `${name}.ext`,
    );
  }
}

/** The server accepts only a key that no other user can read. */
function copyForServer(from: string, to: string): void {
  copyFileSync(from, to);
  chmodSync(to, 0o600);
  const user = findServerUser();
  if (user) chownSync(to, user.uid, user.gid);
}

/** Certificates for a server, in its folder: for its address (`server`) and for another host (`other`), by one authority. */
export class ServerCertificates {
  readonly authority: string;

  constructor(private readonly server: PostgresServer) {
    mkdirSync(this.folder);
    createCertificates(this.folder);
    this.authority = join(this.folder, "ca.crt");
  }

  private get folder(): string {
    return join(this.server.folder, "certificates");
  }

  /** Restarts the server with a certificate; with null, without TLS. */
  async use(name: "server" | "other" | null): Promise<void> {
    await this.server.stop();
    const data = join(this.server.folder, "data");
    if (name !== null)
      for (const end of ["crt", "key"]) copyForServer(join(this.folder, `${name}.${end}`), join(data, `server.${end}`));
    writeFileSync(join(data, "postgresql.auto.conf"), name === null ? "" : "ssl = on\n");
    await this.server.resume();
  }
}
