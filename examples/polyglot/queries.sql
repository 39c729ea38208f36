.headers on
.output out/summary.csv
SELECT station, count(*) AS days, round(avg(value), 2) AS mean, min(value) AS lowest, max(value) AS highest
FROM measurements GROUP BY station ORDER BY station;
.output stdout
