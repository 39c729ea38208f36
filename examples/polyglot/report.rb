# A table of the summary, as Markdown.

header, *rows = File.readlines(ARGV[0], chomp: true).map { |line| line.split(",") }
puts "# Measurements", ""
puts "| #{header.join(' | ')} |", "| #{(['---'] * header.size).join(' | ')} |"
rows.each { |row| puts "| #{row.join(' | ')} |" }
puts "", "#{rows.sum { |row| row[1].to_i }} measurements of #{rows.size} stations"
