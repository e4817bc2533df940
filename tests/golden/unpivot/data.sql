CREATE TABLE daily(day TEXT, csv_exports INTEGER, png_exports INTEGER);
INSERT INTO daily VALUES ('2026-11-23', 5, 1), ('2026-11-24', 7, NULL);
