CREATE TABLE export_logs(format TEXT, duration_ms INTEGER);
INSERT INTO export_logs VALUES
  ('csv', 50), ('csv', 100), ('csv', 101), ('csv', 6000), ('png', 750), ('png', 1000);
