import csv

rows = list(csv.DictReader(open("out/measurements.csv")))
print(len(rows), round(sum(float(row["value"]) for row in rows), 1))
