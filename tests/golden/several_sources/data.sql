CREATE TABLE export_logs(format TEXT);
INSERT INTO export_logs VALUES ('csv'), ('png'), ('csv');
