rows = File.readlines("out/measurements.csv", chomp: true).drop(1).map { |line| line.split(",") }
puts "#{rows.size} #{rows.sum { |row| row[2].to_f }.round(1)}"
