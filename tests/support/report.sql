-- What the weekly report adds to business.sql: uses and people of the window last_week, as plain SQL over
-- the demo's tables in SQLite.

-- = prepare
CREATE TEMP VIEW week AS SELECT * FROM windows WHERE label = 'last_week';
CREATE TEMP VIEW people AS
  SELECT id FROM users, week WHERE NOT is_internal AND (deleted_at IS NULL OR deleted_at >= stop);
CREATE TEMP VIEW active AS
  SELECT DISTINCT user FROM seen, week WHERE t >= first AND t < stop AND user IN people;
CREATE TEMP VIEW features AS SELECT 'export' AS feature UNION SELECT 'share';
CREATE TEMP VIEW week_users AS
  SELECT DISTINCT feature, user FROM uses, week WHERE t >= first AND t < stop AND user IN people;
CREATE TEMP VIEW pairs AS
  SELECT 'export_and_share' AS combination, user FROM week_users GROUP BY user HAVING count(*) = 2
  UNION ALL SELECT 'export_or_share', user FROM week_users GROUP BY user;

-- = active_users
SELECT count(*) FROM active
-- = time_saved_hours
SELECT coalesce(sum(worth), 0) / 3600.0 FROM stream_uses, week WHERE t >= first AND t < stop
-- = uses
SELECT feature, (SELECT count(*) FROM counted_uses u, week WHERE u.feature = f.feature AND t >= first AND t < stop)
FROM features f
-- = users
SELECT feature, (SELECT count(*) FROM week_users u WHERE u.feature = f.feature) FROM features f
-- = adoption
SELECT feature, 1.0 * (SELECT count(*) FROM week_users u WHERE u.feature = f.feature) / (SELECT count(*) FROM active)
FROM features f
-- = failure_ratio
SELECT 'export' AS feature, avg(status = 'failed') FROM export_logs, week
WHERE created_at >= first AND created_at < stop AND user_id NOT IN staff
-- = combination_users
SELECT c.combination, (SELECT count(*) FROM pairs p WHERE p.combination = c.combination)
FROM (SELECT 'export_and_share' AS combination UNION SELECT 'export_or_share') c
-- = combination_rating
SELECT c.combination, (SELECT avg(score) FROM rated WHERE back = 1)
FROM (SELECT 'export_and_share' AS combination UNION SELECT 'export_or_share') c
WHERE (SELECT count(*) FROM rated WHERE back = 1) >= 20
-- = formats
SELECT format, count(*) FROM export_logs, week
WHERE status = 'completed' AND created_at >= first AND created_at < stop AND user_id NOT IN staff GROUP BY format
-- = report_types
SELECT report_type, count(*) FROM export_logs, week
WHERE status = 'completed' AND created_at >= first AND created_at < stop AND user_id NOT IN staff GROUP BY report_type
