import { randomBytes } from "../../../util/random.js";
import type { Connection } from "./connection.js";

const SECRET_BYTES = 32;

/** Returns the secret of this name as hex. Creates it at the first read. */
export function readSecret(db: Connection, name: string): string {
  const find = (): string | undefined =>
    db.get<{ value: string }>("SELECT value FROM secrets WHERE name = ?", name)?.value;
  const known = db.runSingle(find);
  if (known !== undefined) return known;
  return db.write(() => {
    db.run(
      "INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
      name,
      Buffer.from(randomBytes(SECRET_BYTES)).toString("hex"),
    );
    return find() as string;
  });
}
