# Finds lines that are too long. The arguments are those of `command` in func.yml.
set -eu
output_file=$1 limit=$2 files=$3
found=0

# An array arrives as JSON.
while read -r file; do
  number=0
  while read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    if [ "${#line}" -gt "$limit" ]; then
      found=$((found + 1))
      # Annotations are shown with the file and the line, in the log and in the summary.
      jq -cn --arg file "$file" --argjson line "$number" \
        '{level: "warning", file: $file, line: $line, message: "this line is too long"}' \
        >> "$GREENROOM_ANNOTATIONS"
    fi
  done < "$file"
done << END
$(printf '%s' "$files" | jq -r '.[]')
END

echo "{\"name\":\"long_lines\",\"value\":$found}" >> "$output_file"
echo "$found lines are longer than $limit characters"
