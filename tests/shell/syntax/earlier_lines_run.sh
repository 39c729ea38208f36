printf '%s\n' 'echo one' 'echo two' 'if true; then' '  echo three )' 'fi' 'echo four' > s.sh
bash s.sh 2>&1 | grep -v ': column '
printf '%s\n' 'echo one' 'eval "echo (" ; echo "goes on $?"' 'echo two' > s.sh
bash s.sh 2>&1 | grep -v ': column '
