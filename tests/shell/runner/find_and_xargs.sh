mkdir -p src/a src/b; echo 1 > src/a/x.py; echo 22 > src/b/y.py; touch src/b/z.txt
find src -name '*.py' | sort | while read -r f; do echo "$f $(cat "$f")"; done
find src -name '*.py' | sort | xargs cat
for d in src/*/; do (cd "$d" && ls | tr '\n' ' '); done; echo
