printf '%.3d|%8.3d|%-8.3d|\n' 5 5 5
