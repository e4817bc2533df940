-- Every measure as plain SQL over whole tables, the same text for SQLite and PostgreSQL. Instants are
-- microseconds since 1970; b is the start of the bucket that a row falls into. A statement gives a row
-- for each series: the labels, and the value, which is NULL where there is no series. They come under
-- the measure's name; what stands before them makes the tables that they share.

-- = schema
DROP VIEW IF EXISTS read_people; DROP VIEW IF EXISTS read_visits;
DROP VIEW IF EXISTS read_export; DROP VIEW IF EXISTS read_share; DROP VIEW IF EXISTS read_search;
DROP TABLE IF EXISTS asked; CREATE TABLE asked (as_of BIGINT, stop BIGINT, width BIGINT, zone TEXT, k BIGINT, users_table BIGINT);
DROP TABLE IF EXISTS numbers; CREATE TABLE numbers (n BIGINT);
DROP TABLE IF EXISTS people; CREATE TABLE people (id TEXT, internal BIGINT, eligible BIGINT, created BIGINT, deleted BIGINT, team TEXT);
DROP TABLE IF EXISTS visits; CREATE TABLE visits (user_id TEXT, at BIGINT);
DROP TABLE IF EXISTS raw_uses; CREATE TABLE raw_uses (id BIGINT, feature TEXT, at BIGINT, user_id TEXT, success BIGINT, reason TEXT, scope TEXT, duration DOUBLE PRECISION, size DOUBLE PRECISION);
DROP TABLE IF EXISTS use_values; CREATE TABLE use_values (use_id BIGINT, dimension TEXT, value TEXT);
DROP TABLE IF EXISTS features; CREATE TABLE features (name TEXT, has_users BIGINT, has_outcome BIGINT, has_scope BIGINT, launched BIGINT, min_periods BIGINT, of_periods BIGINT, period BIGINT, power BIGINT, core BIGINT, silent BIGINT, within BIGINT);
DROP TABLE IF EXISTS reasons; CREATE TABLE reasons (feature TEXT, reason TEXT);
DROP TABLE IF EXISTS bounds; CREATE TABLE bounds (feature TEXT, kind TEXT, le TEXT, bound DOUBLE PRECISION);
DROP TABLE IF EXISTS dims; CREATE TABLE dims (feature TEXT, dimension TEXT, top BIGINT);
DROP TABLE IF EXISTS allowed; CREATE TABLE allowed (feature TEXT, dimension TEXT, value TEXT, place BIGINT);
DROP TABLE IF EXISTS windows; CREATE TABLE windows (label TEXT, length BIGINT, unit TEXT, back BIGINT);
DROP TABLE IF EXISTS combos; CREATE TABLE combos (name TEXT, is_all BIGINT, feature TEXT);
DROP TABLE IF EXISTS calendar; CREATE TABLE calendar (unit TEXT, n BIGINT, first BIGINT, stop BIGINT);
DROP TABLE IF EXISTS uses; CREATE TABLE uses (id BIGINT, feature TEXT, at BIGINT, b BIGINT, user_id TEXT, success BIGINT, reason TEXT, scope TEXT, duration DOUBLE PRECISION, size DOUBLE PRECISION, excluded BIGINT);
DROP TABLE IF EXISTS acts; CREATE TABLE acts (user_id TEXT, b BIGINT);
DROP TABLE IF EXISTS who; CREATE TABLE who (user_id TEXT, deleted BIGINT);
DROP TABLE IF EXISTS spans; CREATE TABLE spans (kind TEXT, feature TEXT, name TEXT, first BIGINT, stop BIGINT);
DROP TABLE IF EXISTS used; CREATE TABLE used (kind TEXT, name TEXT, feature TEXT, user_id TEXT);
DROP TABLE IF EXISTS seen; CREATE TABLE seen (kind TEXT, feature TEXT, name TEXT, user_id TEXT);
DROP TABLE IF EXISTS labels; CREATE TABLE labels (feature TEXT, dimension TEXT, value TEXT, rest BIGINT, place BIGINT);
DROP TABLE IF EXISTS tagged; CREATE TABLE tagged (feature TEXT, dimension TEXT, value TEXT, b BIGINT, user_id TEXT, excluded BIGINT);
DROP TABLE IF EXISTS members; CREATE TABLE members (measure TEXT, feature TEXT, part TEXT, win TEXT, value TEXT, user_id TEXT);
DROP TABLE IF EXISTS cells; CREATE TABLE cells (measure TEXT, feature TEXT, part TEXT, win TEXT, value TEXT, place BIGINT, weight BIGINT, people BIGINT);
DROP TABLE IF EXISTS hidden; CREATE TABLE hidden (measure TEXT, feature TEXT, part TEXT, win TEXT, value TEXT, weight BIGINT);
INSERT INTO numbers WITH RECURSIVE up(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM up WHERE n < 40) SELECT n FROM up

-- = calendar of postgresql
-- Local days, weeks and months from the server's own time-zone database.
INSERT INTO calendar
SELECT unit, n, CAST(extract(epoch FROM (base + n * step) AT TIME ZONE zone) * 1000000 AS BIGINT),
       CAST(extract(epoch FROM (base + (n + 1) * step) AT TIME ZONE zone) * 1000000 AS BIGINT)
FROM (SELECT unit, date_trunc(unit, (timestamptz 'epoch' + as_of * interval '1 microsecond') AT TIME ZONE zone) AS base,
             CAST('1 ' || unit AS interval) AS step, zone
      FROM asked CROSS JOIN (VALUES ('day'), ('week'), ('month')) AS units(unit)) AS local
CROSS JOIN generate_series(-28, 0) AS offsets(n)
WHERE unit = 'day' OR n >= -4

-- = prepare
INSERT INTO uses
SELECT r.id, r.feature, r.at, r.at / a.width * a.width, r.user_id, r.success, r.reason, r.scope, r.duration, r.size,
       CASE WHEN EXISTS (SELECT 1 FROM people p WHERE p.id = r.user_id AND p.internal = 1) THEN 1 ELSE 0 END
FROM raw_uses r CROSS JOIN asked a;
INSERT INTO acts
SELECT v.user_id, v.at / a.width * a.width FROM visits v CROSS JOIN asked a
UNION SELECT user_id, b FROM uses WHERE success = 1 AND user_id IS NOT NULL;
-- Who counts, until they are deleted.
INSERT INTO who
SELECT x.user_id, p.deleted FROM (SELECT user_id FROM acts UNION SELECT id FROM people) x
CROSS JOIN asked a LEFT JOIN people p ON p.id = x.user_id
WHERE (p.id IS NULL AND a.users_table = 0) OR (p.internal = 0 AND p.eligible = 1);
INSERT INTO spans
SELECT kind, feature, name, first, CASE WHEN stop < first THEN first ELSE stop END
FROM (
  SELECT kind, feature, name, (s.first + width - 1) / width * width AS first,
         CASE WHEN rolling = 1 THEN (s.stop + width - 1) / width * width ELSE s.stop / width * width END AS stop
  FROM (
    SELECT 'window' AS kind, '' AS feature, label AS name, as_of - length AS first, as_of AS stop, 1 AS rolling
    FROM windows CROSS JOIN asked WHERE length IS NOT NULL
    UNION ALL
    SELECT 'window', '', w.label, c.first, CASE WHEN w.back = 0 AND a.stop < c.stop THEN a.stop ELSE c.stop END, 0
    FROM windows w JOIN calendar c ON c.unit = w.unit AND c.n = w.back CROSS JOIN asked a WHERE w.length IS NULL
    UNION ALL
    SELECT 'before', '', w.label, c.first, c.stop, 0
    FROM windows w JOIN calendar c ON c.unit = w.unit AND c.n = w.back - 1 WHERE w.length IS NULL AND w.back < 0
    UNION ALL
    SELECT 'prior', '', label, as_of - 2 * length, as_of - length, 1 FROM windows CROSS JOIN asked WHERE length IS NOT NULL
    UNION ALL
    SELECT 'prior', '', w.label, c.first, c.stop, 0
    FROM windows w JOIN calendar c ON c.unit = w.unit AND c.n = w.back - 1 WHERE w.length IS NULL AND w.back < 0
    UNION ALL
    SELECT unit, '', CAST(-n AS TEXT), first, stop, 0 FROM calendar WHERE unit IN ('day', 'week') AND n < 0
    UNION ALL SELECT 'month', '', '', as_of - 28 * 86400000000, as_of, 1 FROM asked
    UNION ALL SELECT 'ever', '', '', 0, first, 0 FROM calendar WHERE unit = 'day' AND n = 0
    UNION ALL SELECT 'regular', name, '', as_of - of_periods * period, as_of, 1 FROM features CROSS JOIN asked
    UNION ALL SELECT 'silent', name, '', as_of - silent, as_of, 1 FROM features CROSS JOIN asked
    UNION ALL
    SELECT 'period', name, CAST(n AS TEXT), as_of - (n + 1) * period, as_of - n * period, 1
    FROM features CROSS JOIN asked JOIN numbers ON n < of_periods
    UNION ALL
    SELECT 'risk', name, CAST(n AS TEXT), as_of - silent - (n + 1) * period, as_of - silent - n * period, 1
    FROM features CROSS JOIN asked JOIN numbers ON n < within / period
    UNION ALL
    SELECT 'since', f.name, '', COALESCE(f.launched, (SELECT MIN(b) FROM uses u WHERE u.feature = f.name)), a.stop, 1
    FROM features f CROSS JOIN asked a
    WHERE COALESCE(f.launched, (SELECT MIN(b) FROM uses u WHERE u.feature = f.name)) < a.stop
  ) s CROSS JOIN asked a
) edges;
-- Before the week before the last.
INSERT INTO spans SELECT 'earlier', '', '', 0, first FROM spans WHERE kind = 'week' AND name = '2';
INSERT INTO used
SELECT DISTINCT s.kind, s.name, u.feature, u.user_id
FROM spans s JOIN uses u ON u.b >= s.first AND u.b < s.stop AND u.success = 1 AND s.feature IN ('', u.feature)
JOIN who w ON w.user_id = u.user_id AND (w.deleted IS NULL OR w.deleted >= s.stop);
INSERT INTO seen
SELECT DISTINCT s.kind, s.feature, s.name, t.user_id
FROM spans s JOIN acts t ON t.b >= s.first AND t.b < s.stop
JOIN who w ON w.user_id = t.user_id AND (w.deleted IS NULL OR w.deleted >= s.stop);
INSERT INTO labels
SELECT d.feature, d.dimension, v.value, 0, MIN(v.place)
FROM dims d JOIN allowed v ON v.feature = d.feature AND v.dimension = d.dimension
WHERE d.top IS NULL AND v.value <> 'other' GROUP BY d.feature, d.dimension, v.value
UNION ALL SELECT feature, dimension, 'other', 1, 1000 FROM dims
UNION ALL
SELECT feature, dimension, value, 0, place
FROM (SELECT d.feature, d.dimension, d.top, v.value,
             ROW_NUMBER() OVER (PARTITION BY d.feature, d.dimension
                                ORDER BY COUNT(DISTINCT w.user_id) DESC, v.value) AS place
      FROM dims d JOIN uses u ON u.feature = d.feature AND u.success = 1
      JOIN use_values v ON v.use_id = u.id AND v.dimension = d.dimension AND v.value NOT IN ('', 'other')
      CROSS JOIN asked a
      JOIN calendar c ON c.unit = 'day' AND c.n = 0
       AND u.b >= c.first - 28 * 86400000000 AND u.b + a.width <= c.first
      LEFT JOIN who w ON w.user_id = u.user_id
       AND (w.deleted IS NULL OR w.deleted >= c.first / a.width * a.width)
      WHERE d.top IS NOT NULL GROUP BY d.feature, d.dimension, d.top, v.value) AS ranked
WHERE place <= top;
INSERT INTO tagged
SELECT u.feature, v.dimension, COALESCE(l.value, 'other'), u.b, u.user_id, u.excluded
FROM uses u JOIN use_values v ON v.use_id = u.id
LEFT JOIN labels l ON l.feature = u.feature AND l.dimension = v.dimension AND l.value = v.value AND l.rest = 0
WHERE u.success = 1;
-- The people behind every value of a breakdown.
INSERT INTO members
SELECT DISTINCT 'uses', t.feature, t.dimension, s.name, t.value, t.user_id
FROM tagged t JOIN spans s ON s.kind = 'window' AND t.b >= s.first AND t.b < s.stop
WHERE t.excluded = 0 AND t.user_id IS NOT NULL;
INSERT INTO members
SELECT DISTINCT 'users', m.feature, m.part, m.win, m.value, m.user_id
FROM members m JOIN features f ON f.name = m.feature AND f.has_users = 1
JOIN spans s ON s.kind = 'window' AND s.name = m.win
JOIN who w ON w.user_id = m.user_id AND (w.deleted IS NULL OR w.deleted >= s.stop) WHERE m.measure = 'uses';
INSERT INTO members
SELECT 'l28', d.feature, '', '', CAST(COUNT(*) AS TEXT), d.user_id
FROM used d JOIN features f ON f.name = d.feature AND f.has_users = 1
JOIN spans s ON s.kind = 'ever' JOIN who w ON w.user_id = d.user_id AND (w.deleted IS NULL OR w.deleted >= s.stop)
WHERE d.kind = 'day' GROUP BY d.feature, d.user_id;
INSERT INTO members
SELECT 'segment', m.feature, '', '',
       CASE WHEN CAST(m.value AS BIGINT) >= f.power THEN 'power'
            WHEN CAST(m.value AS BIGINT) >= f.core THEN 'core' ELSE 'casual' END, m.user_id
FROM members m JOIN features f ON f.name = m.feature WHERE m.measure = 'l28'
UNION ALL
SELECT DISTINCT 'segment', f.name, '', '', 'never', a.user_id
FROM features f JOIN seen a ON a.kind = 'day' JOIN spans s ON s.kind = 'ever'
JOIN who w ON w.user_id = a.user_id AND (w.deleted IS NULL OR w.deleted >= s.stop)
WHERE f.has_users = 1 AND NOT EXISTS (SELECT 1 FROM used u WHERE u.kind = 'ever' AND u.feature = f.name AND u.user_id = a.user_id);
INSERT INTO members
SELECT 'risk', f.name, '', '',
       CASE WHEN EXISTS (SELECT 1 FROM seen a WHERE a.kind = 'silent' AND a.feature = f.name AND a.user_id = r.user_id)
            THEN 'true' ELSE 'false' END, r.user_id
FROM features f
JOIN (SELECT feature, user_id, COUNT(*) AS periods FROM used WHERE kind = 'risk' GROUP BY feature, user_id) r
  ON r.feature = f.name AND r.periods >= f.min_periods
JOIN spans s ON s.kind = 'silent' AND s.feature = f.name
JOIN who w ON w.user_id = r.user_id AND (w.deleted IS NULL OR w.deleted >= s.stop)
WHERE f.has_users = 1
AND NOT EXISTS (SELECT 1 FROM used u WHERE u.kind = 'silent' AND u.feature = f.name AND u.user_id = r.user_id);
INSERT INTO members
SELECT 'band', f.name, CASE WHEN u.user_id IS NULL THEN 'non_user' ELSE 'user' END, a.name,
       CASE WHEN x.days >= 4 THEN '4+' WHEN x.days >= 2 THEN '2-3' ELSE '1' END, a.user_id
FROM features f JOIN seen a ON a.kind = 'before' JOIN windows w ON w.label = a.name AND w.unit = 'week'
LEFT JOIN used u ON u.kind = 'before' AND u.name = a.name AND u.feature = f.name AND u.user_id = a.user_id
LEFT JOIN (SELECT s.name, t.user_id, COUNT(DISTINCT d.name) AS days
           FROM spans s JOIN acts t ON t.b >= s.first AND t.b < s.stop
           JOIN spans d ON d.kind = 'day' AND t.b >= d.first AND t.b < d.stop
           WHERE s.kind = 'before' GROUP BY s.name, t.user_id) x ON x.name = a.name AND x.user_id = a.user_id
WHERE f.has_users = 1;
INSERT INTO cells
SELECT c.measure, c.feature, c.part, c.win, c.value, c.place, c.weight, COUNT(m.user_id)
FROM (
  SELECT 'uses' AS measure, l.feature, l.dimension AS part, s.name AS win, l.value, l.place, 1 + l.rest AS weight
  FROM labels l JOIN spans s ON s.kind = 'window'
  UNION ALL
  SELECT 'users', l.feature, l.dimension, s.name, l.value, l.place, 1
  FROM labels l JOIN features f ON f.name = l.feature AND f.has_users = 1 JOIN spans s ON s.kind = 'window'
  UNION ALL SELECT 'l28', name, '', '', CAST(n AS TEXT), n, 1 FROM features JOIN numbers ON n BETWEEN 1 AND 28 WHERE has_users = 1
  UNION ALL
  SELECT 'segment', name, '', '', CASE n WHEN 1 THEN 'power' WHEN 2 THEN 'core' WHEN 3 THEN 'casual' ELSE 'never' END, n, 1
  FROM features JOIN numbers ON n BETWEEN 1 AND 4 WHERE has_users = 1
  UNION ALL
  SELECT 'risk', name, '', '', CASE n WHEN 1 THEN 'true' ELSE 'false' END, n, 1
  FROM features JOIN numbers ON n BETWEEN 1 AND 2 WHERE has_users = 1
  UNION ALL
  SELECT 'band', f.name, CASE WHEN n <= 3 THEN 'user' ELSE 'non_user' END, w.label,
         CASE n % 3 WHEN 1 THEN '1' WHEN 2 THEN '2-3' ELSE '4+' END, n, 3
  FROM features f JOIN numbers ON n BETWEEN 1 AND 6 JOIN windows w ON w.unit = 'week'
  JOIN spans s ON s.kind = 'before' AND s.name = w.label
  WHERE f.has_users = 1 AND (f.launched IS NULL OR f.launched < s.stop)
) c LEFT JOIN members m ON m.measure = c.measure AND m.feature = c.feature AND m.part = c.part AND m.win = c.win AND m.value = c.value
GROUP BY c.measure, c.feature, c.part, c.win, c.value, c.place, c.weight;
-- Small values are hidden, then the next smallest until two are and k people are behind them; the
-- parts of a band are one breakdown.
INSERT INTO hidden
WITH grouped AS (
  SELECT c.measure, c.feature, CASE WHEN measure = 'band' THEN '' ELSE part END AS part, win,
         CASE WHEN measure = 'band' THEN part || ' ' || value ELSE value END AS value, place, people
  FROM cells c
), ranked AS (
  SELECT g.*, ROW_NUMBER() OVER (PARTITION BY measure, feature, part, win ORDER BY people, place) AS r,
         MIN(people) OVER (PARTITION BY measure, feature, part, win) AS smallest,
         COUNT(*) OVER (PARTITION BY measure, feature, part, win) AS count
  FROM grouped g WHERE people > 0
), firsts AS (
  SELECT r.measure, r.feature, r.part, r.win, m.user_id, MIN(r.r) AS r
  FROM ranked r JOIN members m ON m.measure = r.measure AND m.feature = r.feature AND m.win = r.win
   AND CASE WHEN m.measure = 'band' THEN '' ELSE m.part END = r.part
   AND CASE WHEN m.measure = 'band' THEN m.part || ' ' || m.value ELSE m.value END = r.value
  GROUP BY r.measure, r.feature, r.part, r.win, m.user_id
), found AS (
  SELECT r.measure, r.feature, r.part, r.win, r.value
  FROM ranked r CROSS JOIN asked a
  WHERE r.smallest < a.k AND (r.people < a.k OR r.r <= 2 OR a.k >
    (SELECT COUNT(*) FROM firsts f WHERE f.measure = r.measure AND f.feature = r.feature AND f.part = r.part
                                     AND f.win = r.win AND f.r < r.r))
  UNION ALL
  SELECT g.measure, g.feature, g.part, g.win, g.value
  FROM grouped g CROSS JOIN asked a
  JOIN ranked r ON r.measure = g.measure AND r.feature = g.feature AND r.part = g.part AND r.win = g.win
   AND r.count = 1 AND r.people < a.k
  WHERE g.people = 0 AND g.place = (SELECT MIN(o.place) FROM grouped o WHERE o.measure = g.measure AND o.feature = g.feature
                                    AND o.part = g.part AND o.win = g.win AND o.people = 0)
)
SELECT c.measure, c.feature, c.part, c.win, c.value, c.weight
FROM cells c JOIN found f ON f.measure = c.measure AND f.feature = c.feature AND f.win = c.win
 AND f.part = CASE WHEN c.measure = 'band' THEN '' ELSE c.part END
 AND f.value = CASE WHEN c.measure = 'band' THEN c.part || ' ' || c.value ELSE c.value END

-- = usage_window_start_timestamp_seconds
SELECT name, CAST(first AS DOUBLE PRECISION) / 1000000 FROM spans WHERE kind = 'window'

-- = usage_window_end_timestamp_seconds
SELECT name, CAST(stop AS DOUBLE PRECISION) / 1000000 FROM spans WHERE kind = 'window'

-- = usage_timezone_info
SELECT zone, 'monday', 1 FROM asked

-- = usage_excluded_users
SELECT COUNT(*) FROM people WHERE internal = 1

-- = usage_feature_info
SELECT name, name, 1 FROM features

-- = usage_launch_timestamp_seconds
SELECT name, CAST(launched AS DOUBLE PRECISION) / 1000000 FROM features

-- = usage_uses_total
SELECT name, (SELECT COUNT(*) FROM uses WHERE feature = name AND b < stop AND success = 1) FROM features CROSS JOIN asked

-- = usage_attempts_total
SELECT name, (SELECT COUNT(*) FROM uses WHERE feature = name AND b < stop) FROM features CROSS JOIN asked WHERE has_outcome = 1

-- = usage_failures_total
SELECT feature, reason, (SELECT COUNT(*) FROM uses u WHERE u.feature = r.feature AND b < stop AND success = 0 AND u.reason = r.reason)
FROM reasons r CROSS JOIN asked
UNION ALL
SELECT name, 'other', (SELECT COUNT(*) FROM uses WHERE feature = name AND b < stop AND success = 0 AND reason NOT IN
                       (SELECT r.reason FROM reasons r WHERE r.feature = name))
FROM features CROSS JOIN asked WHERE has_outcome = 1

-- = usage_unattributed_events_total
SELECT name, (SELECT COUNT(*) FROM uses WHERE feature = name AND b < stop AND user_id IS NULL)
FROM features CROSS JOIN asked WHERE has_users = 1

-- = usage_dimension_uses_total
SELECT l.feature, l.dimension, l.value,
       (SELECT COUNT(*) FROM tagged t WHERE t.feature = l.feature AND t.dimension = l.dimension AND t.value = l.value AND t.b < a.stop)
FROM labels l JOIN dims d ON d.feature = l.feature AND d.dimension = l.dimension CROSS JOIN asked a
WHERE l.rest = 0 OR d.top IS NULL

-- = usage_operation_duration_seconds
SELECT f.feature, x.le, (SELECT COUNT(*) FROM uses u WHERE u.feature = f.feature AND b < stop AND success = 1 AND duration <= x.bound)
FROM (SELECT DISTINCT feature FROM bounds WHERE kind = 'duration') f CROSS JOIN asked
CROSS JOIN (SELECT le, bound FROM bounds WHERE kind = 'duration' GROUP BY le, bound
            HAVING COUNT(*) = (SELECT COUNT(DISTINCT feature) FROM bounds WHERE kind = 'duration')) x
UNION ALL
SELECT f.feature, '+Inf', (SELECT COUNT(duration) FROM uses u WHERE u.feature = f.feature AND b < stop AND success = 1)
FROM (SELECT DISTINCT feature FROM bounds WHERE kind = 'duration') f CROSS JOIN asked
UNION ALL
SELECT f.feature, '', (SELECT COALESCE(SUM(duration), 0) FROM uses u WHERE u.feature = f.feature AND b < stop AND success = 1)
FROM (SELECT DISTINCT feature FROM bounds WHERE kind = 'duration') f CROSS JOIN asked

-- = usage_payload_bytes
SELECT f.feature, x.le, (SELECT COUNT(*) FROM uses u WHERE u.feature = f.feature AND b < stop AND success = 1 AND size <= x.bound)
FROM (SELECT DISTINCT feature FROM bounds WHERE kind = 'size') f CROSS JOIN asked
CROSS JOIN (SELECT le, bound FROM bounds WHERE kind = 'size' GROUP BY le, bound
            HAVING COUNT(*) = (SELECT COUNT(DISTINCT feature) FROM bounds WHERE kind = 'size')) x
UNION ALL
SELECT f.feature, '+Inf', (SELECT COUNT(size) FROM uses u WHERE u.feature = f.feature AND b < stop AND success = 1)
FROM (SELECT DISTINCT feature FROM bounds WHERE kind = 'size') f CROSS JOIN asked
UNION ALL
SELECT f.feature, '', (SELECT COALESCE(SUM(size), 0) FROM uses u WHERE u.feature = f.feature AND b < stop AND success = 1)
FROM (SELECT DISTINCT feature FROM bounds WHERE kind = 'size') f CROSS JOIN asked

-- = usage_uses
SELECT f.name, s.name, (SELECT COUNT(*) FROM uses u WHERE u.feature = f.name AND b >= s.first AND b < s.stop AND success = 1 AND excluded = 0)
FROM features f JOIN spans s ON s.kind = 'window'

-- = usage_attempts
SELECT f.name, s.name, (SELECT COUNT(*) FROM uses u WHERE u.feature = f.name AND b >= s.first AND b < s.stop AND excluded = 0)
FROM features f JOIN spans s ON s.kind = 'window' WHERE f.has_outcome = 1

-- = usage_failures
SELECT f.name, s.name, (SELECT COUNT(*) FROM uses u WHERE u.feature = f.name AND b >= s.first AND b < s.stop AND success = 0 AND excluded = 0)
FROM features f JOIN spans s ON s.kind = 'window' WHERE f.has_outcome = 1

-- = usage_failure_ratio
SELECT f.name, s.name, (SELECT AVG(CAST(1 - success AS DOUBLE PRECISION)) FROM uses u
                        WHERE u.feature = f.name AND b >= s.first AND b < s.stop AND excluded = 0)
FROM features f JOIN spans s ON s.kind = 'window' WHERE f.has_outcome = 1

-- = usage_uses_per_day
SELECT f.name, s.name, (SELECT COUNT(*) FROM uses u WHERE u.feature = f.name AND b >= s.first AND b < s.stop AND success = 1 AND excluded = 0)
                       / (CAST(w.length AS DOUBLE PRECISION) / 86400000000)
FROM features f JOIN spans s ON s.kind = 'window' JOIN windows w ON w.label = s.name AND w.length IS NOT NULL

-- = usage_growth_ratio
SELECT f.name, s.name,
       CAST((SELECT COUNT(*) FROM uses u WHERE u.feature = f.name AND b >= s.first AND b < s.stop AND success = 1 AND excluded = 0) AS DOUBLE PRECISION)
       / NULLIF((SELECT COUNT(*) FROM uses u WHERE u.feature = f.name AND b >= p.first AND b < p.stop AND success = 1 AND excluded = 0), 0) - 1
FROM features f JOIN spans s ON s.kind = 'window' JOIN spans p ON p.kind = 'prior' AND p.name = s.name

-- = usage_peak_hourly_uses
SELECT f.name, s.name, COALESCE((SELECT MAX(n) FROM (SELECT COUNT(*) AS n FROM uses u
                                 WHERE u.feature = f.name AND b >= s.first AND b < s.stop AND success = 1 AND excluded = 0
                                 GROUP BY at / 3600000000) AS hours), 0)
FROM features f JOIN spans s ON s.kind = 'window'

-- = usage_scopes
SELECT f.name, s.name, (SELECT COUNT(DISTINCT scope) FROM uses u WHERE u.feature = f.name AND b >= s.first AND b < s.stop AND success = 1)
FROM features f JOIN spans s ON s.kind = 'window' WHERE f.has_scope = 1

-- = usage_dimension_uses
SELECT l.feature, l.dimension, l.value, s.name,
       (SELECT COUNT(*) FROM tagged t WHERE t.feature = l.feature AND t.dimension = l.dimension AND t.value = l.value
                                        AND t.b >= s.first AND t.b < s.stop AND t.excluded = 0)
FROM labels l JOIN spans s ON s.kind = 'window'
WHERE NOT EXISTS (SELECT 1 FROM hidden h WHERE h.measure = 'uses' AND h.feature = l.feature AND h.part = l.dimension
                                           AND h.value = l.value AND h.win = s.name)

-- = usage_dimension_users
SELECT c.feature, c.part, c.value, c.win, c.people FROM cells c
WHERE measure = 'users' AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.measure = 'users' AND h.feature = c.feature AND h.part = c.part
                                                                 AND h.value = c.value AND h.win = c.win)

-- = usage_dimension_other_ratio
SELECT d.feature, d.dimension, s.name,
       (SELECT AVG(CASE WHEN t.value = 'other' THEN CAST(1 AS DOUBLE PRECISION) ELSE 0 END) FROM tagged t
        WHERE t.feature = d.feature AND t.dimension = d.dimension AND t.b >= s.first AND t.b < s.stop AND t.excluded = 0)
FROM dims d JOIN spans s ON s.kind = 'window'
WHERE NOT EXISTS (SELECT 1 FROM hidden h WHERE h.measure = 'uses' AND h.feature = d.feature AND h.part = d.dimension
                                           AND h.value = 'other' AND h.win = s.name)

-- = usage_active_users
SELECT s.name, (SELECT COUNT(*) FROM seen a WHERE a.kind = 'window' AND a.name = s.name) FROM spans s
WHERE s.kind = 'window' AND (EXISTS (SELECT 1 FROM visits) OR EXISTS (SELECT 1 FROM features WHERE has_users = 1))

-- = usage_feature_users
SELECT f.name, s.name, (SELECT COUNT(*) FROM used u WHERE u.kind = 'window' AND u.name = s.name AND u.feature = f.name)
FROM features f JOIN spans s ON s.kind = 'window' WHERE f.has_users = 1

-- = usage_adoption_ratio
SELECT f.name, s.name,
       CAST((SELECT COUNT(*) FROM used u WHERE u.kind = 'window' AND u.name = s.name AND u.feature = f.name) AS DOUBLE PRECISION)
       / NULLIF((SELECT COUNT(*) FROM seen a WHERE a.kind = 'window' AND a.name = s.name), 0)
FROM features f JOIN spans s ON s.kind = 'window' WHERE f.has_users = 1

-- = usage_adoption_tried_users
SELECT f.name, (SELECT COUNT(*) FROM used u JOIN seen a ON a.kind = 'month' AND a.user_id = u.user_id WHERE u.kind = 'since' AND u.feature = f.name)
FROM features f JOIN spans s ON s.kind = 'since' AND s.feature = f.name WHERE f.has_users = 1

-- = usage_adoption_tried_ratio
SELECT f.name, (SELECT AVG(CASE WHEN EXISTS (SELECT 1 FROM used u WHERE u.kind = 'since' AND u.feature = f.name AND u.user_id = a.user_id)
                           THEN CAST(1 AS DOUBLE PRECISION) ELSE 0 END) FROM seen a WHERE a.kind = 'month')
FROM features f JOIN spans s ON s.kind = 'since' AND s.feature = f.name WHERE f.has_users = 1

-- = usage_adoption_regular_users
SELECT f.name, (SELECT COUNT(*) FROM (SELECT user_id FROM used u WHERE u.kind = 'period' AND u.feature = f.name
                                      GROUP BY user_id HAVING COUNT(*) >= f.min_periods) AS regular
                JOIN seen a ON a.kind = 'regular' AND a.feature = f.name AND a.user_id = regular.user_id)
FROM features f CROSS JOIN asked a
WHERE f.has_users = 1 AND a.stop >= f.min_periods * f.period + COALESCE(f.launched, (SELECT MIN(b) FROM uses u WHERE u.feature = f.name))

-- = usage_adoption_regular_ratio
SELECT f.name, (SELECT AVG(CASE WHEN (SELECT COUNT(*) FROM used u WHERE u.kind = 'period' AND u.feature = f.name AND u.user_id = a.user_id)
                                     >= f.min_periods THEN CAST(1 AS DOUBLE PRECISION) ELSE 0 END)
                FROM seen a WHERE a.kind = 'regular' AND a.feature = f.name)
FROM features f CROSS JOIN asked a
WHERE f.has_users = 1 AND a.stop >= f.min_periods * f.period + COALESCE(f.launched, (SELECT MIN(b) FROM uses u WHERE u.feature = f.name))

-- = usage_combination_users
SELECT c.name, s.name, (SELECT COUNT(*) FROM (SELECT u.user_id FROM used u JOIN combos o ON o.feature = u.feature AND o.name = c.name
                                              WHERE u.kind = 'window' AND u.name = s.name GROUP BY u.user_id
                                              HAVING COUNT(*) = c.features OR c.is_all = 0) AS together)
FROM (SELECT name, is_all, COUNT(*) AS features FROM combos GROUP BY name, is_all) c JOIN spans s ON s.kind = 'window'

-- = usage_combination_adoption_ratio
SELECT c.name, s.name, CAST((SELECT COUNT(*) FROM (SELECT u.user_id FROM used u JOIN combos o ON o.feature = u.feature AND o.name = c.name
                                                   WHERE u.kind = 'window' AND u.name = s.name GROUP BY u.user_id
                                                   HAVING COUNT(*) = c.features OR c.is_all = 0) AS together) AS DOUBLE PRECISION)
                       / NULLIF((SELECT COUNT(*) FROM seen a WHERE a.kind = 'window' AND a.name = s.name), 0)
FROM (SELECT name, is_all, COUNT(*) AS features FROM combos GROUP BY name, is_all) c JOIN spans s ON s.kind = 'window'

-- = usage_activation_ratio
SELECT feature, AVG(CASE WHEN first_use < able + 7 * 86400000000 THEN CAST(1 AS DOUBLE PRECISION) ELSE 0 END)
FROM (SELECT f.name AS feature, CASE WHEN p.created > f.launched THEN p.created ELSE f.launched END AS able, a.stop,
             (SELECT MIN(b) FROM uses u WHERE u.feature = f.name AND u.user_id = p.id AND success = 1 AND b >= f.launched AND b < a.stop) AS first_use
      FROM features f CROSS JOIN asked a CROSS JOIN people p JOIN who w ON w.user_id = p.id AND (w.deleted IS NULL OR w.deleted >= a.stop)
      WHERE f.has_users = 1 AND f.launched < a.stop AND p.created IS NOT NULL) AS starts
WHERE able + 7 * 86400000000 <= stop GROUP BY feature

-- = usage_time_to_first_use_seconds_median
SELECT feature, AVG(CAST(wait AS DOUBLE PRECISION)) / 1000000
FROM (SELECT feature, wait, ROW_NUMBER() OVER (PARTITION BY feature ORDER BY wait) AS r, COUNT(*) OVER (PARTITION BY feature) AS n
      FROM (SELECT feature, CASE WHEN first_use < able THEN 0 ELSE first_use - able END AS wait
            FROM (SELECT f.name AS feature, CASE WHEN p.created > f.launched THEN p.created ELSE f.launched END AS able,
                         (SELECT MIN(b) FROM uses u WHERE u.feature = f.name AND u.user_id = p.id AND success = 1
                                                      AND b >= f.launched AND b < a.stop) AS first_use
                  FROM features f CROSS JOIN asked a CROSS JOIN people p
                  JOIN who w ON w.user_id = p.id AND (w.deleted IS NULL OR w.deleted >= a.stop)
                  WHERE f.has_users = 1 AND f.launched < a.stop AND p.created IS NOT NULL) AS starts
            WHERE first_use IS NOT NULL) AS waits) AS ranked
WHERE r IN ((n + 1) / 2, (n + 2) / 2) GROUP BY feature

-- = usage_stickiness_ratio
SELECT u.feature, x.ratio, CAST(COUNT(*) AS DOUBLE PRECISION) / x.days / COUNT(DISTINCT u.user_id)
FROM used u JOIN features f ON f.name = u.feature AND f.has_users = 1
JOIN (SELECT 7 AS days, 'dau_wau' AS ratio UNION ALL SELECT 28, 'dau_mau') x ON CAST(u.name AS BIGINT) <= x.days
WHERE u.kind = 'day' GROUP BY u.feature, x.ratio, x.days

-- = usage_product_stickiness_ratio
SELECT x.ratio, CAST(COUNT(*) AS DOUBLE PRECISION) / x.days / COUNT(DISTINCT a.user_id)
FROM seen a JOIN (SELECT 7 AS days, 'dau_wau' AS ratio UNION ALL SELECT 28, 'dau_mau') x ON CAST(a.name AS BIGINT) <= x.days
WHERE a.kind = 'day' GROUP BY x.ratio, x.days

-- = usage_l28_users
SELECT feature, value, people FROM cells c WHERE measure = 'l28'
AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.measure = 'l28' AND h.feature = c.feature AND h.value = c.value)

-- = usage_segment_users
SELECT feature, value, people FROM cells c WHERE measure = 'segment'
AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.measure = 'segment' AND h.feature = c.feature AND h.value = c.value)

-- = usage_at_risk_users
SELECT feature, value, people FROM cells c WHERE measure = 'risk'
AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.measure = 'risk' AND h.feature = c.feature AND h.value = c.value)

-- = usage_lifecycle_users
SELECT f.name, x.state,
  CASE x.state
    WHEN 'retained' THEN (SELECT COUNT(*) FROM used u JOIN used o ON o.kind = 'week' AND o.name = '2' AND o.feature = f.name AND o.user_id = u.user_id
                          WHERE u.kind = 'week' AND u.name = '1' AND u.feature = f.name)
    WHEN 'dormant' THEN (SELECT COUNT(*) FROM used o JOIN spans s ON s.kind = 'week' AND s.name = '1'
                         JOIN who w ON w.user_id = o.user_id AND (w.deleted IS NULL OR w.deleted >= s.stop)
                         WHERE o.kind = 'week' AND o.name = '2' AND o.feature = f.name AND o.user_id NOT IN
                               (SELECT u.user_id FROM used u WHERE u.kind = 'week' AND u.name = '1' AND u.feature = f.name))
    ELSE (SELECT COUNT(*) FROM used u WHERE u.kind = 'week' AND u.name = '1' AND u.feature = f.name
          AND u.user_id NOT IN (SELECT o.user_id FROM used o WHERE o.kind = 'week' AND o.name = '2' AND o.feature = f.name)
          AND (x.state = 'new') = (u.user_id NOT IN (SELECT e.user_id FROM used e WHERE e.kind = 'earlier' AND e.feature = f.name)))
  END
FROM features f CROSS JOIN (SELECT 'new' AS state UNION ALL SELECT 'retained' UNION ALL SELECT 'resurrected' UNION ALL SELECT 'dormant') x
WHERE f.has_users = 1

-- = usage_retention_cohort_users
SELECT f.name, x.segment, s.name,
       (SELECT COUNT(*) FROM seen a WHERE a.kind = 'before' AND a.name = s.name AND (x.segment = 'user') =
          (a.user_id IN (SELECT u.user_id FROM used u WHERE u.kind = 'before' AND u.name = s.name AND u.feature = f.name)))
FROM features f JOIN spans s ON s.kind = 'before' CROSS JOIN (SELECT 'user' AS segment UNION ALL SELECT 'non_user') x
WHERE f.has_users = 1 AND (f.launched IS NULL OR f.launched < s.stop)

-- = usage_retention_retained_users
SELECT f.name, x.segment, s.name,
       (SELECT COUNT(*) FROM seen a JOIN seen l ON l.kind = 'window' AND l.name = s.name AND l.user_id = a.user_id
        WHERE a.kind = 'before' AND a.name = s.name AND (x.segment = 'user') =
          (a.user_id IN (SELECT u.user_id FROM used u WHERE u.kind = 'before' AND u.name = s.name AND u.feature = f.name)))
FROM features f JOIN spans s ON s.kind = 'before' CROSS JOIN (SELECT 'user' AS segment UNION ALL SELECT 'non_user') x
WHERE f.has_users = 1 AND (f.launched IS NULL OR f.launched < s.stop)

-- = usage_retention_ratio
SELECT f.name, x.segment, s.name,
       (SELECT AVG(CASE WHEN l.user_id IS NULL THEN 0 ELSE CAST(1 AS DOUBLE PRECISION) END)
        FROM seen a LEFT JOIN seen l ON l.kind = 'window' AND l.name = s.name AND l.user_id = a.user_id
        WHERE a.kind = 'before' AND a.name = s.name AND (x.segment = 'user') =
          (a.user_id IN (SELECT u.user_id FROM used u WHERE u.kind = 'before' AND u.name = s.name AND u.feature = f.name)))
FROM features f JOIN spans s ON s.kind = 'before' CROSS JOIN (SELECT 'user' AS segment UNION ALL SELECT 'non_user') x
WHERE f.has_users = 1 AND (f.launched IS NULL OR f.launched < s.stop)

-- = usage_retention_activity_cohort_users
SELECT feature, part, value, win, people FROM cells c WHERE measure = 'band'
AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.measure = 'band' AND h.feature = c.feature AND h.part = c.part AND h.value = c.value AND h.win = c.win)

-- = usage_retention_activity_retained_users
SELECT feature, part, value, win,
       (SELECT COUNT(*) FROM members m JOIN seen l ON l.kind = 'window' AND l.name = m.win AND l.user_id = m.user_id
        WHERE m.measure = 'band' AND m.feature = c.feature AND m.part = c.part AND m.value = c.value AND m.win = c.win)
FROM cells c WHERE measure = 'band'
AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.measure = 'band' AND h.feature = c.feature AND h.part = c.part AND h.value = c.value AND h.win = c.win)

-- = usage_retention_activity_ratio
SELECT feature, part, value, win,
       CAST((SELECT COUNT(*) FROM members m JOIN seen l ON l.kind = 'window' AND l.name = m.win AND l.user_id = m.user_id
             WHERE m.measure = 'band' AND m.feature = c.feature AND m.part = c.part AND m.value = c.value AND m.win = c.win) AS DOUBLE PRECISION)
       / NULLIF(people, 0)
FROM cells c WHERE measure = 'band'
AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.measure = 'band' AND h.feature = c.feature AND h.part = c.part AND h.value = c.value AND h.win = c.win)

-- = usage_recurring_workflows
SELECT f.name, (SELECT COUNT(*) FROM (
    SELECT u.user_id, v.value FROM spans s JOIN uses u ON u.b >= s.first AND u.b < s.stop AND u.success = 1 AND u.feature = f.name
    JOIN use_values v ON v.use_id = u.id AND v.dimension = 'report_type' AND v.value <> ''
    JOIN spans e ON e.kind = 'week' AND e.name = '1' JOIN who w ON w.user_id = u.user_id AND (w.deleted IS NULL OR w.deleted >= e.stop)
    WHERE s.kind = 'week' AND s.name IN ('1', '2', '3', '4')
    GROUP BY u.user_id, v.value HAVING COUNT(DISTINCT s.name) >= 3) AS habits)
FROM features f JOIN dims d ON d.feature = f.name AND d.dimension = 'report_type' WHERE f.has_users = 1

-- = usage_habitual_groups
SELECT f.name, (SELECT COUNT(*) FROM (
    SELECT p.team FROM used u JOIN people p ON p.id = u.user_id AND p.team IS NOT NULL
    JOIN spans e ON e.kind = 'week' AND e.name = '1' AND (p.deleted IS NULL OR p.deleted >= e.stop)
    WHERE u.kind = 'week' AND u.feature = f.name AND u.name IN ('1', '2', '3', '4')
    GROUP BY p.team HAVING COUNT(DISTINCT u.name) >= 3) AS habits)
FROM features f WHERE f.has_users = 1 AND EXISTS (SELECT 1 FROM people WHERE team IS NOT NULL)

-- = usage_habitual_group_ratio
SELECT f.name, CAST((SELECT COUNT(*) FROM (
    SELECT p.team FROM used u JOIN people p ON p.id = u.user_id AND p.team IS NOT NULL
    JOIN spans e ON e.kind = 'week' AND e.name = '1' AND (p.deleted IS NULL OR p.deleted >= e.stop)
    WHERE u.kind = 'week' AND u.feature = f.name AND u.name IN ('1', '2', '3', '4')
    GROUP BY p.team HAVING COUNT(DISTINCT u.name) >= 3) AS habits) AS DOUBLE PRECISION)
  / NULLIF((SELECT COUNT(DISTINCT p.team) FROM seen a JOIN people p ON p.id = a.user_id
            JOIN spans e ON e.kind = 'week' AND e.name = '1' AND (p.deleted IS NULL OR p.deleted >= e.stop)
            WHERE a.kind = 'week' AND a.name IN ('1', '2', '3', '4')), 0)
FROM features f WHERE f.has_users = 1 AND EXISTS (SELECT 1 FROM people WHERE team IS NOT NULL)

-- = usage_suppressed_series
SELECT f.name, (SELECT COUNT(*) FROM numbers JOIN hidden h ON n BETWEEN 1 AND h.weight WHERE h.feature = f.name) FROM features f
