import { randomBytes } from "../../../util/random.js";
import type { Connection } from "./connection.js";

const SECRET_BYTES = 32;
const SELECT = "SELECT value FROM secrets WHERE name = $1";

/** Returns the secret of this name as hex. Creates it at the first read. */
export async function readSecret(db: Connection, name: string): Promise<string> {
  const known = await db.get<{ value: string }>(SELECT, name);
  if (known !== undefined) return known.value;
  return db.write(async (tx) => {
    const secret = Buffer.from(randomBytes(SECRET_BYTES)).toString("hex");
    await tx.run("INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", name, secret);
    return ((await tx.get<{ value: string }>(SELECT, name)) as { value: string }).value;
  });
}
