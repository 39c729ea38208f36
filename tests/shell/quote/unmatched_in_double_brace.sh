eval 'echo "${u-it'\''s}"'
echo "$?"
set -o posix
eval 'echo "${u-it'\''s}"'
