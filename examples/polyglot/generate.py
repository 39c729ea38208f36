"""Measurements of three stations, the same in every run."""

import csv
import random
import sys

random.seed(7)
writer = csv.writer(sys.stdout, lineterminator="\n")
writer.writerow(["station", "day", "value"])
for number in range(int(sys.argv[1])):
    station = ("harbour", "summit", "valley")[number % 3]
    writer.writerow([station, number // 3 + 1, round(random.gauss(12, 4), 1)])
