CREATE TABLE measurements (station TEXT, day INTEGER, value REAL);
.mode csv
.import out/measurements.csv measurements
DELETE FROM measurements WHERE station = 'station';
