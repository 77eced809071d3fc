/**
 * Stores the time of the last run and message, up to which links have no token. A new store has none of them. The name is
 * `UNSIGNED_LINKS_UNTIL`.
 */
export const KEEP_UNSIGNED_LINKS = `
  INSERT INTO secrets (name, value)
  SELECT 'unsigned-links-until', CAST(max(at) AS text) FROM (
    SELECT max(inserted_at) AS at FROM recipient_runs UNION ALL SELECT max(inserted_at) FROM messages
  ) AS times HAVING max(at) IS NOT NULL`;
