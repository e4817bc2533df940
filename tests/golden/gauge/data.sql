CREATE TABLE export_logs(created_at TEXT, format TEXT, team TEXT, duration_ms INTEGER);
INSERT INTO export_logs VALUES
  ('2026-11-17 23:59:59', 'csv', 'a', 1),        -- before the window
  ('2026-11-18 00:00:00', 'csv', 'a', 100),
  ('2026-11-24 23:59:59', 'csv', 'a', 201),
  ('2026-11-25 00:00:00', 'csv', 'a', 1),        -- after the window
  ('2026-11-20 12:00:00', 'csv', 'back\slash "quoted"', 400),
  ('2026-11-20 12:00:00', 'png', 'two
lines', 500),
  ('2026-11-20 12:00:00', 'png', 'Grüße 😀', NULL),
  ('2026-11-20 12:00:00', NULL, '', 250);
